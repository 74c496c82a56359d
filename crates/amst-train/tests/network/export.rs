//! Exported parts hold what was trained, under the names that PyTorch users know.

use std::collections::BTreeMap;
use std::path::Path;

use amst_recipe::Modality;
use amst_train::{ExportPart, Exported, TrainError};
use safetensors::SafeTensors;

use crate::trained::{ALL, Trained};

/// Shape and bytes by name.
fn read(path: &Path) -> BTreeMap<String, (Vec<usize>, Vec<u8>)> {
    let bytes = std::fs::read(path).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    file.tensors()
        .into_iter()
        .map(|(name, t)| (name, (t.shape().to_vec(), t.data().to_vec())))
        .collect()
}

fn written(trained: &Trained, exported: &Exported) -> BTreeMap<String, (Vec<usize>, Vec<u8>)> {
    let file = trained.folder().join("part.safetensors");
    exported.write(&file).unwrap();
    read(&file)
}

#[test]
fn parts_add_up_to_the_runs_weights_bit_for_bit() {
    for system in [&["method=amst-full", ALL][..], &["method=naive"]] {
        let trained = Trained::new(system);
        let network = trained.network();
        let whole = read(&trained.weights());
        assert!(
            written(&trained, &network.export("", ExportPart::All).unwrap()) == whole,
            "{system:?}"
        );
        let mut all = BTreeMap::new();
        for (branch, part) in network.parts() {
            let under = if branch.is_empty() {
                String::new()
            } else {
                format!("{branch}.")
            };
            let prefix = match part {
                // A transformer has Hugging Face's own names, below the run's `m.`.
                ExportPart::Encoder(Modality::Text) => format!("{under}encoder.t.m."),
                ExportPart::Encoder(m) => format!("{under}encoder.{}.", m.letter()),
                _ => format!("{under}head."),
            };
            let tensors = written(&trained, &network.export(branch, part).unwrap());
            all.extend(
                tensors
                    .into_iter()
                    .map(|(name, tensor)| (format!("{prefix}{name}"), tensor)),
            );
        }
        assert!(all == whole, "{system:?}");
    }
}

#[test]
fn the_same_part_gives_the_same_bytes() {
    let trained = Trained::new(&["method=naive"]);
    let file = trained.folder().join("part.safetensors");
    let bytes = || {
        trained
            .network()
            .export("", ExportPart::Head)
            .unwrap()
            .write(&file)
            .unwrap();
        std::fs::read(&file).unwrap()
    };
    let first = bytes();
    // Five texts in the header: in chance order two files in 120 would be the same.
    assert!((0..3).all(|_| bytes() == first));
}

#[test]
fn a_file_says_in_its_header_how_to_build_what_is_in_it() {
    let trained = Trained::new(&["method=naive", ALL]);
    let network = trained.network();
    let header = |part| {
        network
            .export("", part)
            .unwrap()
            .write(&trained.folder().join("part.safetensors"))
            .unwrap();
        let bytes = std::fs::read(trained.folder().join("part.safetensors")).unwrap();
        let (_, metadata) = SafeTensors::read_metadata(&bytes).unwrap();
        metadata.metadata().clone().unwrap()
    };
    let audio = header(ExportPart::Encoder(Modality::Audio));
    assert_eq!(audio["format"], "pt");
    assert_eq!(audio["part"], "audio");
    let architecture: serde_json::Value = serde_json::from_str(&audio["architecture"]).unwrap();
    let wanted = serde_json::json!({
        "kind": "resnet18", "channels": 1, "width": 4, "stem": "imagenet", "projection": 96
    });
    assert_eq!(architecture, wanted);
    let classes: Vec<String> = serde_json::from_str(&audio["classes"]).unwrap();
    assert_eq!(classes, network.classes());
}

#[test]
fn parts_that_are_not_there_and_places_that_cannot_be_written_are_refused() {
    let trained = Trained::new(&["method=naive"]);
    let network = trained.network();
    for (branch, part) in [
        ("", ExportPart::Encoder(Modality::Text)),
        ("joint", ExportPart::Head),
    ] {
        let error = network.export(branch, part).unwrap_err();
        assert!(
            matches!(error, TrainError::Unfit(_))
                && error.to_string().contains("audio, visual, head"),
            "{error}"
        );
    }
    let head = network.export("", ExportPart::Head).unwrap();
    for place in [
        trained.folder().join("no/such/head.safetensors"),
        trained.folder().to_path_buf(),
    ] {
        let error = head.write(&place).unwrap_err();
        assert!(
            matches!(
                error,
                TrainError::Io {
                    option: "--out",
                    ..
                }
            ),
            "{error}"
        );
    }
}
