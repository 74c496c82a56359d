//! Batches a second of the embedded digits: 64×32 filterbanks and 28×28 grey pictures.

use std::hint::black_box;
use std::path::Path;

use amst_data::{Loader, LoaderConfig, Prepared, SplitName, prepare};
use amst_recipe::{DatasetSpec, Modality, Recipe, ResolvedDataset};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

fn world_digits(store: &Path) -> Prepared {
    let spec = DatasetSpec {
        name: "world-digits".into(),
        title: "World digits".into(),
        classes: (0..10).map(|digit| digit.to_string()).collect(),
        ..DatasetSpec::default()
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../datasets/world-digits");
    let mut recipe = Recipe::default();
    (recipe.audio.mels, recipe.audio.target_frames) = (32, 64);
    (
        recipe.visual.size,
        recipe.visual.channels,
        recipe.visual.frames,
    ) = ([28, 28], 1, 1);
    (recipe.visual.mean, recipe.visual.std, recipe.visual.flip) = (vec![0.5], vec![0.5], 0.0);
    prepare(
        &ResolvedDataset { spec, root },
        &recipe,
        None,
        store,
        &|_| {},
    )
    .expect("the embedded data can be prepared")
}

fn epochs(criterion: &mut Criterion) {
    let store = tempfile::tempdir().expect("a temporary folder");
    let data = world_digits(store.path());
    let both = [Modality::Audio, Modality::Visual];
    let mut group = criterion.benchmark_group("loader");
    for workers in [1, 2] {
        let config = LoaderConfig {
            workers,
            train: true,
            ..LoaderConfig::default()
        };
        let loader =
            Loader::new(data.split(SplitName::Train), config).expect("a valid configuration");
        group.throughput(Throughput::Elements(loader.steps() as u64));
        for (name, active) in [("both", &both[..]), ("visual", &both[1..])] {
            group.bench_function(format!("{workers} workers, {name}"), |bencher| {
                bencher.iter(|| {
                    loader
                        .epoch(0, active)
                        .for_each(|batch| drop(black_box(batch)))
                });
            });
        }
    }
    group.finish();
    criterion.bench_function("open", |bencher| {
        bencher.iter(|| world_digits(store.path()))
    });
}

criterion_group!(benches, epochs);
criterion_main!(benches);
