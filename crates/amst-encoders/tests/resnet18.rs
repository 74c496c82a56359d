//! ResNet-18 against torchvision: the fixtures and the script that made them lie in `fixtures/resnet18`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use amst_encoders::{Encoder, Input, Renames, ResNet18, ResNet18Config, Stem, read_weights, write_weights};
use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Gradients, Tensor, TensorData};
use safetensors::SafeTensors;
use safetensors::tensor::TensorView;

type Named = BTreeMap<String, (Vec<usize>, Vec<f32>)>;

fn fixture(case: &str) -> Named {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/resnet18/{case}.safetensors"));
    let bytes = std::fs::read(path).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    file.tensors()
        .into_iter()
        .filter(|(_, t)| t.dtype() == safetensors::Dtype::F32)
        .map(|(n, t)| (n, values(&t)))
        .collect()
}

fn values(tensor: &TensorView<'_>) -> (Vec<usize>, Vec<f32>) {
    let floats = tensor.data().chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect();
    (tensor.shape().to_vec(), floats)
}

fn tensor<const D: usize>(named: &Named, key: &str, device: &Device) -> Tensor<D> {
    let (shape, data) = &named[key];
    Tensor::from_data(TensorData::new(data.clone(), shape.clone()), device)
}

/// The part of a fixture under a prefix, as a weights file of its own.
fn weights_file(named: &Named, prefix: &str, dir: &std::path::Path) -> PathBuf {
    let bytes: Vec<(String, Vec<usize>, Vec<u8>)> = named
        .iter()
        .filter_map(|(name, (shape, data))| {
            let name = name.strip_prefix(prefix)?.to_string();
            Some((name, shape.clone(), data.iter().flat_map(|v| v.to_le_bytes()).collect()))
        })
        .collect();
    let views = bytes.iter().map(|(n, s, b)| (n, TensorView::new(safetensors::Dtype::F32, s.clone(), b).unwrap()));
    let path = dir.join("weights.safetensors");
    std::fs::write(&path, safetensors::serialize(views, None).unwrap()).unwrap();
    path
}

fn config(case: &str) -> ResNet18Config {
    let stem = if case == "small_stem" { Stem::Small } else { Stem::Imagenet };
    let channels = if case == "visual" { 3 } else { 1 };
    ResNet18Config { channels, width: 4, stem, embed: (case == "audio_proj").then_some(24) }
}

fn load(case: &str, named: &Named, device: &Device) -> ResNet18 {
    let dir = tempfile::tempdir().unwrap();
    let file = weights_file(named, "weights.", dir.path());
    let mut encoder = config(case).init(&mut || 0.5, device);
    read_weights(&mut encoder, &file, &Renames::torchvision()).unwrap();
    encoder
}

fn input(case: &str, named: &Named, device: &Device) -> Input {
    match case {
        "visual" => Input::Frames(tensor(named, "input", device)),
        _ => Input::Map(tensor(named, "input", device)),
    }
}

/// Largest difference relative to the largest reference value.
fn apart(got: &[f32], want: &[f32]) -> f32 {
    assert_eq!(got.len(), want.len());
    let largest = want.iter().fold(0f32, |m, v| m.max(v.abs()));
    got.iter().zip(want).fold(0f32, |m, (a, b)| m.max((a - b).abs())) / largest.max(1e-12)
}

fn floats<const D: usize>(t: Tensor<D>) -> Vec<f32> {
    t.into_data().try_to_vec().unwrap()
}

const CASES: [&str; 4] = ["audio", "audio_proj", "visual", "small_stem"];

#[test]
fn embeddings_agree_with_torchvision_in_evaluation() {
    for case in CASES {
        let device = Device::flex();
        let named = fixture(case);
        let got = floats(load(case, &named, &device).embed(&input(case, &named, &device)));
        let apart = apart(&got, &named["eval.embedding"].1);
        assert!(apart < 1e-4, "{case}: {apart}");
    }
}

/// Collects every gradient under the parameter's path.
struct Collect<'a> {
    grads: &'a Gradients,
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
        if let Some(grad) = param.val().grad(self.grads) {
            let name =
                self.path.join(".").replace("downsample.conv", "downsample.0").replace("downsample.bn", "downsample.1");
            let name = name.replace(".gamma", ".weight").replace(".beta", ".bias");
            self.found.insert(name, floats(grad));
        }
    }
}

#[test]
fn training_step_gives_torchvisions_gradients_and_running_statistics() {
    for case in CASES {
        let device = Device::flex().autodiff();
        let named = fixture(case);
        let encoder = load(case, &named, &device);
        let embedding = encoder.embed(&input(case, &named, &device));
        let got = floats(embedding.clone().inner());
        assert!(
            apart(&got, &named["train.embedding"].1) < 1e-4,
            "{case}: {}",
            apart(&got, &named["train.embedding"].1)
        );

        let loss = embedding.sub_scalar(1.0).powi_scalar(2).mean();
        let mut collect = Collect { grads: &loss.backward(), path: vec![], found: BTreeMap::new() };
        encoder.visit(&mut collect);
        let wanted: Vec<_> = named.keys().filter_map(|k| k.strip_prefix("grad.")).collect();
        assert_eq!(collect.found.keys().collect::<Vec<_>>(), wanted, "{case}");
        for name in wanted {
            let apart = apart(&collect.found[name], &named[&format!("grad.{name}")].1);
            assert!(apart < 1e-4, "{case}: gradient of {name} differs by {apart}");
        }
        compare_statistics(case, &encoder, &named);
    }
}

fn compare_statistics(case: &str, encoder: &ResNet18, named: &Named) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("after.safetensors");
    write_weights(&encoder.valid(), &path, &Renames::torchvision()).unwrap();
    let bytes = std::fs::read(path).unwrap();
    let after = SafeTensors::deserialize(&bytes).unwrap();
    let mut seen = 0;
    for (name, (_, want)) in named.iter().filter_map(|(k, v)| Some((k.strip_prefix("stats.")?, v))) {
        let apart = apart(&values(&after.tensor(name).unwrap()).1, want);
        assert!(apart < 1e-4, "{case}: {name} differs by {apart}");
        seen += 1;
    }
    assert_eq!(seen, 40, "{case}: every running mean and variance is compared");
}

#[test]
fn weights_written_are_weights_read_under_torchvisions_names() {
    let device = Device::flex();
    let named = fixture("audio_proj");
    let encoder = load("audio_proj", &named, &device);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("out.safetensors");
    write_weights(&encoder, &path, &Renames::torchvision()).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let mut names: Vec<_> = file.names().into_iter().map(String::from).collect();
    names.sort();
    let wanted: Vec<_> = named.keys().filter_map(|k| k.strip_prefix("weights.")).collect();
    assert_eq!(names, wanted);
    for name in wanted {
        assert_eq!(values(&file.tensor(name).unwrap()), named[&format!("weights.{name}")]);
    }
}

#[test]
fn weights_of_another_width_are_refused_with_their_names() {
    let named = fixture("audio");
    let dir = tempfile::tempdir().unwrap();
    let file = weights_file(&named, "weights.", dir.path());
    let device = Device::flex();
    let mut wider = ResNet18Config { width: 8, ..config("audio") }.init(&mut || 0.0, &device);
    let message = read_weights(&mut wider, &file, &Renames::torchvision()).unwrap_err().to_string();
    assert!(message.contains("conv1.weight"), "{message}");
    let mut projected = config("audio_proj").init(&mut || 0.0, &device);
    let message = read_weights(&mut projected, &file, &Renames::torchvision()).unwrap_err().to_string();
    assert!(message.contains("missing: proj.weight"), "{message}");
}
