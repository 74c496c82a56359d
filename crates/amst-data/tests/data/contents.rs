//! `contents-<key>.json`: what programs that read stores need to know beside them.

use std::fs;
use std::path::{Path, PathBuf};

use amst_recipe::Modality;
use serde_json::{Value, json};

use crate::small::Small;

/// The files beside the stores, by name.
fn files(small: &Small) -> Vec<PathBuf> {
    let entries = fs::read_dir(small.store_dir()).unwrap();
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            let name = path.file_name().unwrap().to_string_lossy();
            name.starts_with("contents-")
        })
        .collect();
    files.sort();
    files
}

fn read(file: &Path) -> Value {
    serde_json::from_slice(&fs::read(file).unwrap()).unwrap()
}

#[test]
fn stores_that_belong_together_are_listed_with_their_samples() {
    let small = Small::new();
    let data = small.prepare().unwrap();
    let files = files(&small);
    assert_eq!(files.len(), 1);
    let contents = read(&files[0]);
    assert_eq!(contents["schema"], 1);
    assert_eq!(contents["dataset"], "small");
    assert_eq!(contents["classes"], json!(["ant", "bee", "cat"]));
    for (modality, key) in data.keys() {
        let name = format!("{modality}-{}.store", key.short());
        assert_eq!(contents["stores"][modality.name()], name.as_str());
        assert!(small.store_dir().join(name).is_file());
    }
    let shape = json!({ "target_frames": 12, "mels": 8, "mean": 0.0, "std": 1.0 });
    assert_eq!(contents["shapes"]["audio"], shape);
    assert_eq!(contents["shapes"]["visual"]["size"], json!([8, 8]));
    assert_eq!(contents["shapes"]["visual"]["frames"], 2);
    assert_eq!(
        contents["shapes"]["text"],
        json!({ "max_length": 6, "pad": 1 })
    );
    let samples = contents["samples"].as_array().unwrap();
    assert_eq!(samples.len(), 9);
    assert_eq!(
        samples[4],
        json!({ "id": "s4", "split": "val", "label": 1 })
    );
}

#[test]
fn a_recipe_with_other_shapes_has_a_file_of_its_own_and_the_same_one_has_not() {
    let mut small = Small::new();
    small.prepare().unwrap();
    small.prepare().unwrap();
    assert_eq!(files(&small).len(), 1);
    small.recipe.audio.mean = -7.0;
    small.prepare().unwrap();
    assert_eq!(files(&small).len(), 2, "the stores are the same");
    small.recipe.modalities = vec![Modality::Text];
    small.prepare().unwrap();
    let files = files(&small);
    assert_eq!(files.len(), 3);
    let text_alone = files.iter().map(|file| read(file)).find(|contents| {
        let stores = contents["stores"].as_object().unwrap();
        stores.len() == 1
    });
    let shapes = text_alone.unwrap()["shapes"].clone();
    assert_eq!(shapes, json!({ "text": { "max_length": 6, "pad": 1 } }));
}
