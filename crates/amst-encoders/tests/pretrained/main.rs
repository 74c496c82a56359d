//! A real pretrained model against transformers. Opt-in: `fetch.py` beside this file gets the
//! model and says how; without it every test here says that it was skipped.

use std::path::{Path, PathBuf};

use amst_encoders::{Encoder, Input, Renames, Roberta, RobertaConfig, write_weights};
use burn::tensor::{Device, Tensor, TensorData};
use safetensors::SafeTensors;

const VARIABLE: &str = "AMST_PRETRAINED";

/// The folder that `fetch.py` filled, if the variable names one.
fn folder(test: &str) -> Option<PathBuf> {
    let folder = std::env::var_os(VARIABLE).map(PathBuf::from);
    if folder.is_none() {
        eprintln!(
            "SKIPPED {test}: {VARIABLE} does not name a folder; see crates/amst-encoders/tests/pretrained/fetch.py"
        );
    }
    folder
}

/// Shape and values of one tensor of `expect.safetensors`.
fn expected(folder: &Path, name: &str) -> (Vec<usize>, Vec<f32>) {
    let path = folder.join("expect.safetensors");
    let bytes =
        std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}: run fetch.py", path.display()));
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let tensor = file.tensor(name).unwrap();
    let values = tensor
        .data()
        .chunks_exact(4)
        .map(|b| f32::from_le_bytes(b.try_into().unwrap()))
        .collect();
    (tensor.shape().to_vec(), values)
}

fn input(folder: &Path, device: &Device) -> Input {
    let ((shape, ids), (_, mask)) = (expected(folder, "ids"), expected(folder, "mask"));
    let ids: Vec<i64> = ids.into_iter().map(|id| id as i64).collect();
    Input::Tokens {
        ids: Tensor::from_data(TensorData::new(ids, shape.clone()), device),
        mask: Tensor::from_data(TensorData::new(mask, shape), device),
    }
}

fn load(folder: &Path, unfrozen_layers: Option<usize>, device: &Device) -> Roberta {
    let read = RobertaConfig::read(&folder.join("config.json")).unwrap();
    RobertaConfig {
        unfrozen_layers,
        ..read
    }
    .load(folder, device)
    .unwrap()
}

fn floats<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_to_vec().unwrap()
}

/// Largest difference, relative to the largest reference value: the model's hidden states reach
/// 6.4, and transformers in float32 is itself 2e-5 of that away from its float64.
fn apart(got: &[f32], want: &[f32]) -> f32 {
    assert_eq!(got.len(), want.len());
    let largest = want.iter().fold(0f32, |m, v| m.max(v.abs()));
    got.iter().zip(want).fold(
        0f32,
        |m, (a, b)| if (a - b).abs() <= m { m } else { (a - b).abs() },
    ) / largest
}

#[test]
fn hidden_states_of_a_pretrained_model_are_those_of_transformers() {
    let Some(folder) = folder("hidden_states_of_a_pretrained_model_are_those_of_transformers")
    else {
        return;
    };
    let (shape, want) = expected(&folder, "hidden");
    for (device, name) in [
        (Device::flex(), "evaluation"),
        (Device::flex().autodiff(), "training"),
    ] {
        for unfrozen in [None, Some(5)] {
            let encoder = load(&folder, unfrozen, &device);
            let Input::Tokens { ids, mask } = input(&folder, &device) else {
                unreachable!()
            };
            let hidden = encoder.hidden_states(ids, mask);
            assert_eq!(hidden.dims().to_vec(), shape);
            let off = apart(&floats(hidden), &want);
            println!("{name}, unfrozen {unfrozen:?}: hidden states within {off:.1e}");
            assert!(off < 1e-4, "{name}, {unfrozen:?}: {off}");
        }
    }
    let single = apart(&expected(&folder, "hidden.single").1, &want);
    println!("transformers in float32 to float64: {single:.1e}");
}

#[test]
fn embeddings_of_a_pretrained_model_are_those_of_transformers() {
    let Some(folder) = folder("embeddings_of_a_pretrained_model_are_those_of_transformers") else {
        return;
    };
    let (shape, hidden) = expected(&folder, "hidden");
    let want: Vec<f32> = hidden
        .chunks(shape[1] * shape[2])
        .flat_map(|text| text[..shape[2]].to_vec())
        .collect();
    let got = load(&folder, None, &Device::flex()).embed(&input(&folder, &Device::flex()));
    assert_eq!(got.dims(), [shape[0], shape[2]]);
    let off = apart(&floats(got), &want);
    assert!(off < 1e-4, "{off}");
}

#[test]
fn torch_save_and_safetensors_give_the_same_pretrained_model() {
    let Some(folder) = folder("torch_save_and_safetensors_give_the_same_pretrained_model") else {
        return;
    };
    let config = RobertaConfig::read(&folder.join("config.json")).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let [one, other] = ["model.safetensors", "pytorch_model.bin"].map(|name| {
        let mut encoder = config.init(&mut || 0.0, &Device::flex()).unwrap();
        encoder.read_pretrained(&folder.join(name)).unwrap();
        let out = dir.path().join(name);
        write_weights(&encoder, &out, &Renames::hugging_face()).unwrap();
        std::fs::read(out).unwrap()
    });
    let [one, other] = [&one, &other].map(|bytes| SafeTensors::deserialize(bytes).unwrap());
    // Tables of words, positions and types and their norm are 5; a layer has 16.
    assert_eq!(one.len(), 5 + 16 * config.num_hidden_layers);
    for (name, tensor) in one.tensors() {
        assert!(tensor == other.tensor(&name).unwrap(), "{name}");
    }
}
