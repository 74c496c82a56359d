//! ResNet-18 against torchvision: the fixtures and the script that made them lie in
//! `fixtures/resnet18`.

mod full_width;
mod reading;

use amst_encoders::{Encoder, Input, Renames, ResNet18, ResNet18Config, Stem, read_weights};
use burn::tensor::Device;
use reading::{
    Named, apart, fixture, floats, gradients, loaded, statistics_agree, tensor, under,
    weights_file, written,
};

const CASES: [&str; 4] = ["audio", "audio_proj", "visual", "small_stem"];

fn config(case: &str) -> ResNet18Config {
    let stem = if case == "small_stem" {
        Stem::Small
    } else {
        Stem::Imagenet
    };
    let channels = if case == "visual" { 3 } else { 1 };
    ResNet18Config {
        channels,
        width: 4,
        stem,
        embed: (case == "audio_proj").then_some(24),
    }
}

fn load(case: &str, named: &Named, device: &Device) -> ResNet18 {
    loaded(&config(case), &under(named, "weights."), device)
}

fn input(case: &str, named: &Named, device: &Device) -> Input {
    match case {
        "visual" => Input::Frames(tensor(named, "input", device)),
        _ => Input::Map(tensor(named, "input", device)),
    }
}

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

#[test]
fn training_step_gives_torchvisions_gradients_and_running_statistics() {
    for case in CASES {
        let device = Device::flex().autodiff();
        let named = fixture(case);
        let encoder = load(case, &named, &device);
        let embedding = encoder.embed(&input(case, &named, &device));
        let off = apart(
            &floats(embedding.clone().inner()),
            &named["train.embedding"].1,
        );
        assert!(off < 1e-4, "{case}: {off}");

        let loss = embedding.sub_scalar(1.0).powi_scalar(2).mean();
        let (got, wanted) = (
            gradients(&encoder, &loss.backward()),
            under(&named, "grad."),
        );
        assert_eq!(
            got.keys().collect::<Vec<_>>(),
            wanted.keys().collect::<Vec<_>>(),
            "{case}"
        );
        for (name, (_, want)) in wanted {
            let apart = apart(&got[&name], &want);
            assert!(
                apart < 1e-4,
                "{case}: gradient of {name} differs by {apart}"
            );
        }
        statistics_agree(case, &encoder, &named);
    }
}

#[test]
fn weights_written_are_weights_read_under_torchvisions_names() {
    let device = Device::flex();
    let named = fixture("audio_proj");
    assert_eq!(
        written(&load("audio_proj", &named, &device)),
        under(&named, "weights.")
    );
}

#[test]
fn weights_of_another_width_are_refused_with_their_names() {
    let named = fixture("audio");
    let dir = tempfile::tempdir().unwrap();
    let file = weights_file(&under(&named, "weights."), dir.path());
    let device = Device::flex();
    let mut wider = ResNet18Config {
        width: 8,
        ..config("audio")
    }
    .init(&mut || 0.0, &device);
    let message = read_weights(&mut wider, &file, &Renames::torchvision())
        .unwrap_err()
        .to_string();
    assert!(message.contains("conv1.weight"), "{message}");
    let mut projected = config("audio_proj").init(&mut || 0.0, &device);
    let message = read_weights(&mut projected, &file, &Renames::torchvision())
        .unwrap_err()
        .to_string();
    assert!(message.contains("missing: proj.weight"), "{message}");
}

#[test]
fn a_weights_file_that_is_not_there_or_not_one_is_refused_with_its_path() {
    let dir = tempfile::tempdir().unwrap();
    let mut encoder = config("audio").init(&mut || 0.0, &Device::flex());
    let path = dir.path().join("none.safetensors");
    for content in [None, Some("not safetensors")] {
        if let Some(text) = content {
            std::fs::write(&path, text).unwrap();
        }
        let message = read_weights(&mut encoder, &path, &Renames::torchvision())
            .unwrap_err()
            .to_string();
        assert!(message.contains("none.safetensors"), "{message}");
    }
}
