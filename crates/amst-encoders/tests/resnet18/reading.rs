//! Reads fixtures, and reads out of an encoder what they hold.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use amst_encoders::{Renames, ResNet18, ResNet18Config, read_weights, write_weights};
use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Gradients, Tensor, TensorData};
use safetensors::SafeTensors;
use safetensors::tensor::TensorView;

/// Shape and values by name.
pub type Named = BTreeMap<String, (Vec<usize>, Vec<f32>)>;

pub fn fixture(case: &str) -> Named {
    read(
        &PathBuf::from(env!("CARGO_MANIFEST_DIR"))
            .join(format!("tests/fixtures/resnet18/{case}.safetensors")),
    )
}

pub fn read(path: &Path) -> Named {
    let bytes = std::fs::read(path).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    file.tensors()
        .into_iter()
        .filter(|(_, t)| t.dtype() == safetensors::Dtype::F32)
        .map(|(n, t)| (n, values(&t)))
        .collect()
}

fn values(tensor: &TensorView<'_>) -> (Vec<usize>, Vec<f32>) {
    let floats = tensor
        .data()
        .chunks_exact(4)
        .map(|b| f32::from_le_bytes(b.try_into().unwrap()))
        .collect();
    (tensor.shape().to_vec(), floats)
}

pub fn tensor<const D: usize>(named: &Named, key: &str, device: &Device) -> Tensor<D> {
    let (shape, data) = &named[key];
    Tensor::from_data(TensorData::new(data.clone(), shape.clone()), device)
}

/// The part of a fixture under a prefix, without it.
pub fn under(named: &Named, prefix: &str) -> Named {
    named
        .iter()
        .filter_map(|(name, value)| Some((name.strip_prefix(prefix)?.to_string(), value.clone())))
        .collect()
}

/// A weights file of its own.
pub fn weights_file(weights: &Named, dir: &Path) -> PathBuf {
    let little = |data: &[f32]| {
        data.iter()
            .flat_map(|v| v.to_le_bytes())
            .collect::<Vec<u8>>()
    };
    let bytes: Vec<_> = weights
        .iter()
        .map(|(name, (shape, data))| (name, shape.clone(), little(data)))
        .collect();
    let views = bytes.iter().map(|(n, s, b)| {
        (
            n,
            TensorView::new(safetensors::Dtype::F32, s.clone(), b).unwrap(),
        )
    });
    let path = dir.join("weights.safetensors");
    std::fs::write(&path, safetensors::serialize(views, None).unwrap()).unwrap();
    path
}

/// An encoder with these weights.
pub fn loaded(config: &ResNet18Config, weights: &Named, device: &Device) -> ResNet18 {
    let dir = tempfile::tempdir().unwrap();
    let file = weights_file(weights, dir.path());
    let mut encoder = config.init(&mut || 0.0, device);
    read_weights(&mut encoder, &file, &Renames::torchvision()).unwrap();
    encoder
}

/// Every parameter and statistic, under torchvision's names.
pub fn written<M: Module>(encoder: &M) -> Named {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("out.safetensors");
    write_weights(encoder, &path, &Renames::torchvision()).unwrap();
    read(&path)
}

/// Every gradient, under torchvision's names.
pub fn gradients(encoder: &ResNet18, gradients: &Gradients) -> BTreeMap<String, Vec<f32>> {
    let mut collect = Collect {
        gradients,
        path: vec![],
        found: BTreeMap::new(),
    };
    encoder.visit(&mut collect);
    collect.found
}

struct Collect<'a> {
    gradients: &'a Gradients,
    path: Vec<String>,
    found: BTreeMap<String, Vec<f32>>,
}

impl ModuleVisitor for Collect<'_> {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.into());
    }
    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = param.val().grad(self.gradients) {
            let name = self
                .path
                .join(".")
                .replace("downsample.conv", "downsample.0")
                .replace("downsample.bn", "downsample.1");
            let name = name.replace(".gamma", ".weight").replace(".beta", ".bias");
            self.found.insert(name, floats(gradient));
        }
    }
}

/// Largest difference relative to the largest reference value.
pub fn apart(got: &[f32], want: &[f32]) -> f32 {
    assert_eq!(got.len(), want.len());
    let largest = want.iter().fold(0f32, |m, v| m.max(v.abs()));
    got.iter()
        .zip(want)
        .fold(0f32, |m, (a, b)| m.max((a - b).abs()))
        / largest.max(1e-12)
}

pub fn floats<const D: usize>(t: Tensor<D>) -> Vec<f32> {
    t.into_data().try_to_vec().unwrap()
}

/// The running statistics after a step, all forty of them.
pub fn statistics_agree(case: &str, encoder: &ResNet18, fixture: &Named) {
    let (after, wanted) = (written(&encoder.valid()), under(fixture, "stats."));
    assert_eq!(
        wanted.len(),
        40,
        "{case}: every running mean and variance is compared"
    );
    for (name, (_, want)) in wanted {
        let apart = apart(&after[&name].1, &want);
        assert!(apart < 1e-4, "{case}: {name} differs by {apart}");
    }
}
