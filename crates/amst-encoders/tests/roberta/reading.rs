//! Reads fixtures, and reads out of an encoder what they hold.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use amst_encoders::{Input, Renames, Roberta, RobertaConfig, write_weights};
use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Device, Gradients, Tensor, TensorData};
use safetensors::SafeTensors;

/// Shape and values by name.
pub type Named = BTreeMap<String, (Vec<usize>, Vec<f32>)>;

pub const CASES: [&str; 3] = ["roberta", "bert", "distil"];

pub fn folder(case: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/roberta/fixtures")
        .join(case)
}

pub fn read(path: &Path) -> Named {
    let bytes = std::fs::read(path).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let single = |b: &[u8]| {
        b.chunks_exact(4)
            .map(|b| f32::from_le_bytes(b.try_into().unwrap()))
            .collect()
    };
    file.tensors()
        .into_iter()
        .map(|(name, t)| (name, (t.shape().to_vec(), single(t.data()))))
        .collect()
}

pub fn expected(case: &str) -> Named {
    read(&folder(case).join("expect.safetensors"))
}

/// The part of a fixture under a prefix, without it.
pub fn under(named: &Named, prefix: &str) -> Named {
    named
        .iter()
        .filter_map(|(name, value)| Some((name.strip_prefix(prefix)?.to_string(), value.clone())))
        .collect()
}

/// The settings of a case, without dropout.
pub fn config(case: &str, unfrozen_layers: Option<usize>) -> RobertaConfig {
    let read = RobertaConfig::read(&folder(case).join("config.json")).unwrap();
    RobertaConfig {
        hidden_dropout_prob: 0.0,
        attention_probs_dropout_prob: 0.0,
        unfrozen_layers,
        ..read
    }
}

/// The same with dropout, of RoBERTa's case.
pub fn dropping(unfrozen_layers: Option<usize>, hidden: f64, attention: f64) -> RobertaConfig {
    let plain = config("roberta", unfrozen_layers);
    RobertaConfig {
        hidden_dropout_prob: hidden,
        attention_probs_dropout_prob: attention,
        ..plain
    }
}

/// The pretrained encoder of a case.
pub fn pretrained(case: &str, config: &RobertaConfig, device: &Device) -> Roberta {
    let mut encoder = config.init(&mut || 0.0, device).unwrap();
    encoder
        .read_pretrained(&folder(case).join("model.safetensors"))
        .unwrap();
    encoder
}

pub fn input(expected: &Named, device: &Device) -> Input {
    let (shape, ids) = &expected["ids"];
    let ids: Vec<i64> = ids.iter().map(|id| *id as i64).collect();
    Input::Tokens {
        ids: Tensor::from_data(TensorData::new(ids, shape.clone()), device),
        mask: Tensor::from_data(
            TensorData::new(expected["mask"].1.clone(), shape.clone()),
            device,
        ),
    }
}

/// Every parameter under the name it has in files, which begins with `m.`.
pub fn written<M: Module>(module: &M) -> Named {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("out.safetensors");
    write_weights(module, &path, &Renames::hugging_face()).unwrap();
    read(&path)
}

/// Every gradient under Hugging Face's name, in PyTorch's layout.
pub fn gradients(encoder: &Roberta, gradients: &Gradients) -> Named {
    let in_place = encoder.clone().map(&mut InPlace(gradients));
    let mut named = under(&written(&in_place), "m.");
    named.retain(|_, (_, values)| !values[0].is_nan());
    named
}

/// Puts each gradient in its parameter's place, and no number where there is none.
struct InPlace<'a>(&'a Gradients);

impl ModuleMapper for InPlace<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let value = param.val();
        let gradient = value
            .grad(self.0)
            .unwrap_or_else(|| value.inner().mul_scalar(f32::NAN));
        Param::initialized(param.id, gradient)
    }
}

pub fn floats<const D: usize>(t: Tensor<D>) -> Vec<f32> {
    t.into_data().try_to_vec().unwrap()
}

pub fn largest(values: &[f32]) -> f32 {
    values.iter().fold(0f32, |m, v| m.max(v.abs()))
}

/// Largest difference, relative to the largest reference value or to `floor`.
pub fn apart(got: &[f32], want: &[f32], floor: f32) -> f32 {
    assert_eq!(got.len(), want.len());
    got.iter().zip(want).fold(
        0f32,
        |m, (a, b)| if (a - b).abs() <= m { m } else { (a - b).abs() },
    ) / largest(want).max(floor)
}
