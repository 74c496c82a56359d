//! Three modalities of real recordings, handwriting and words.

use std::path::{Path, PathBuf};

use amst_recipe::{Cell, DataLock, Modality, find_dataset, resolve};
use amst_train::{Run, Trainer};
use burn::tensor::Device;

#[test]
fn the_embedded_data_set_trains_with_text_beside_sound_and_pictures() {
    let datasets = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../datasets");
    let dataset = find_dataset("world-digits", Path::new(&datasets)).unwrap();
    let assignments =
        ["modalities=audio,text,visual", "epochs=1", "method=amst-alt", "audio.width=4", "visual.width=4"];
    let recipe = resolve(std::slice::from_ref(&dataset.spec.recipe), &assignments.map(String::from)).unwrap();
    let lock = DataLock::of(&dataset).unwrap();
    let runs = tempfile::tempdir().unwrap();
    let store = runs.path().join("store");
    let data = amst_data::prepare(&dataset, &recipe, None, &store, &|_| {}).unwrap();
    assert_eq!(std::fs::read_dir(&store).unwrap().filter(|f| is_store(f.as_ref().unwrap())).count(), 3);
    let run = Run::create(runs.path(), &Cell::new(recipe, &lock), &lock).unwrap();
    let result = Trainer::new(run, data, Device::flex()).unwrap().train(&mut |_| {}).unwrap();
    let outputs: Vec<_> = result.test.outputs.keys().map(String::as_str).collect();
    assert_eq!(outputs, ["audio", "fused", "text", "visual"]);
    assert_eq!(result.recipe.modalities, Modality::ALL);
    assert_eq!(result.test.samples, 295);
}

/// One a modality, named after it.
fn is_store(entry: &std::fs::DirEntry) -> bool {
    let name = entry.file_name();
    Modality::ALL.iter().any(|m| name.to_string_lossy().starts_with(m.name()))
}
