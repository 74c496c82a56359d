//! The descriptor of a data set of one's own.
#![no_main]

use amst_recipe::{DatasetSpec, check_folder_name};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("dataset.toml");
    std::fs::write(&file, bytes).expect("it can be written");
    match DatasetSpec::read(&file) {
        Ok(spec) => assert!(check_folder_name("`name`", &spec.name).is_ok()),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
