//! Weights to the bit, as they were recorded: whether another processor, or a change of the code,
//! rounds otherwise.

use std::collections::BTreeMap;
use std::path::Path;

use amst_files::sha256_hex;

use crate::cells::{systems, train_to_weights};

/// SHA-256 of the weights of each of [`systems`], by its settings.
const RECORDED: &str = include_str!("recorded_weights.json");

/// If it is set, the test writes what it finds instead of comparing.
const UPDATE: &str = "AMST_UPDATE_WEIGHTS";

/// A change of the recorded weights is a change of results: see `CODE_EPOCH` in
/// `crates/amst-recipe/src/cell.rs`.
#[test]
#[ignore = "depends on the C library's `exp`; `cargo xtask ci --full` runs it"]
fn every_system_ends_in_the_recorded_weights() {
    if !std::is_x86_feature_detected!("fma") {
        eprintln!("skipped: without FMA every multiplication is rounded");
        return;
    }
    let found: BTreeMap<String, String> = systems()
        .iter()
        .map(|system| (system.join(" "), hash_of_weights(system)))
        .collect();
    if std::env::var_os(UPDATE).is_some() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/reproducibility/recorded_weights.json");
        let text = serde_json::to_string_pretty(&found).unwrap() + "\n";
        std::fs::write(file, text).unwrap();
        return;
    }
    let recorded: BTreeMap<String, String> = serde_json::from_str(RECORDED).unwrap();
    for (system, hash) in &recorded {
        assert_eq!(found.get(system), Some(hash), "{system}");
    }
    assert_eq!(found.len(), recorded.len(), "{UPDATE}=1 adds new systems");
}

fn hash_of_weights(system: &[String]) -> String {
    let assignments: Vec<&str> = system.iter().map(String::as_str).collect();
    let runs = tempfile::tempdir().unwrap();
    let (_, weights) = train_to_weights(&assignments, runs.path());
    assert!(!weights.is_empty(), "{system:?}");
    let bytes: Vec<u8> = weights
        .into_iter()
        .flat_map(|(name, values)| [name.into_bytes(), values].concat())
        .collect();
    sha256_hex(&bytes)
}
