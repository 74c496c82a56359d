//! A run that also tests after every epoch is the run that does not.

use std::collections::BTreeMap;
use std::path::Path;

use amst_recipe::{CellResult, OutputMetrics};
use amst_train::EventKind;
use safetensors::SafeTensors;

use crate::cells::{events, train, train_to_weights};

const EPOCHS: usize = 4;

/// Test metrics by output of each epoch.
fn tested(dir: &Path) -> Vec<BTreeMap<String, OutputMetrics>> {
    let mut tested = Vec::new();
    for event in events(dir) {
        if let EventKind::Epoch { test, .. } = event.kind {
            tested.push(test);
        }
    }
    tested
}

/// The full system has two branches, and with a skipped modality embeddings that are kept.
#[test]
fn testing_every_epoch_changes_neither_weights_nor_selection() {
    for method in ["amst-full", "ogm-ge", "early-stopping"] {
        let method = format!("method={method}");
        let epochs = format!("epochs={EPOCHS}");
        let (without, with) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let settings = [method.as_str(), epochs.as_str()];
        let (plain, weights) = train_to_weights(&settings, without.path());
        let settings = [method.as_str(), epochs.as_str(), "test_every_epoch=true"];
        let (also, same) = train_to_weights(&settings, with.path());
        assert!(weights == same, "{method}: weights differ");
        for name in ["predictions.csv", "logits.safetensors"] {
            assert!(
                plain.file(name) == also.file(name),
                "{method}: {name} differs"
            );
        }
        assert_eq!(plain.result.selected, also.result.selected, "{method}");
        assert_eq!(plain.result.test, also.result.test, "{method}");
        assert_ne!(
            plain.result.cell, also.result.cell,
            "a table that wants these numbers must not find a run without them"
        );
        assert!(
            tested(&plain.dir).iter().all(BTreeMap::is_empty),
            "{method}"
        );
        let epochs = tested(&also.dir);
        assert_eq!(epochs.len(), also.result.epochs, "{method}");
        let selected = also.result.selected.epoch;
        // Both as they are on disk, where numbers have as many digits as they need.
        let kept: CellResult = serde_json::from_slice(&also.file("result.json")).unwrap();
        assert_eq!(epochs[selected], kept.test.outputs, "{method}");
    }
}

#[test]
fn logits_are_those_of_the_predictions() {
    let runs = tempfile::tempdir().unwrap();
    let finished = train(&["method=amst-alt"], runs.path()).unwrap();
    let bytes = finished.file("logits.safetensors");
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let mut names = file.names();
    names.sort();
    assert_eq!(names, ["audio", "fused", "labels", "visual"]);
    let classes = 4;
    let values = file.tensor("fused").unwrap();
    assert_eq!(values.shape(), [finished.result.test.samples, classes]);
    let numbers: Vec<f32> = values
        .data()
        .chunks_exact(4)
        .map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap()))
        .collect();
    let labels = file.tensor("labels").unwrap();
    let labels: Vec<i64> = labels
        .data()
        .chunks_exact(8)
        .map(|bytes| i64::from_le_bytes(bytes.try_into().unwrap()))
        .collect();
    let mut right = 0;
    for (logits, label) in numbers.chunks_exact(classes).zip(&labels) {
        let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let predicted = logits.iter().position(|logit| *logit == largest);
        right += usize::from(predicted == Some(*label as usize));
    }
    let accuracy = finished.result.test.outputs["fused"].accuracy;
    assert_eq!(right as f64 / labels.len() as f64, accuracy);
}
