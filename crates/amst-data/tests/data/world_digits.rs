//! The embedded recordings.

use std::path::Path;

use amst_data::{Features, Loader, LoaderConfig, SplitName, prepare};
use amst_recipe::{Modality, Recipe, ResolvedDataset};

use crate::small::spec;

fn world_digits() -> (ResolvedDataset, Recipe) {
    let spec = spec(&["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../datasets/world-digits");
    let mut recipe = Recipe {
        modalities: Modality::ALL.to_vec(),
        ..Recipe::default()
    };
    (recipe.audio.mels, recipe.audio.target_frames) = (32, 64);
    (
        recipe.visual.size,
        recipe.visual.channels,
        recipe.visual.frames,
    ) = ([28, 28], 1, 1);
    (recipe.visual.mean, recipe.visual.std, recipe.visual.flip) = (vec![0.5], vec![0.5], 0.0);
    (ResolvedDataset { spec, root }, recipe)
}

#[test]
fn the_embedded_digits_are_1280_samples_in_three_splits_of_ten_classes() {
    let (dataset, recipe) = world_digits();
    let dir = tempfile::tempdir().unwrap();
    let data = prepare(&dataset, &recipe, None, dir.path(), &|_| {}).unwrap();
    let sizes = SplitName::ALL.map(|name| data.split(name).len());
    assert_eq!(sizes, [835, 150, 295]);
    assert_eq!(data.classes().len(), 10);
    assert!(
        data.split(SplitName::Train)
            .class_counts()
            .iter()
            .all(|&count| count > 0)
    );
    let config = LoaderConfig {
        train: true,
        workers: 2,
        ..LoaderConfig::default()
    };
    let loader = Loader::new(data.split(SplitName::Train), config).unwrap();
    let batches: Vec<_> = loader
        .epoch(0, &Modality::ALL)
        .map(Result::unwrap)
        .collect();
    assert_eq!(batches.len(), 14);
    assert!(matches!(
        batches[13].inputs[&Modality::Audio],
        Features::Map {
            shape: [3, 1, 64, 32],
            ..
        }
    ));
    assert!(matches!(
        batches[0].inputs[&Modality::Visual],
        Features::Frames {
            shape: [64, 1, 1, 28, 28],
            ..
        }
    ));
}
