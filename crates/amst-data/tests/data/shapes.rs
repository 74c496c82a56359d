//! Shapes of the paper's data sets with drawn contents.

use amst::methods::built_in;
use amst_data::{Features, Loader, LoaderConfig, Prepared, SplitName};
use amst_recipe::{DatasetSpec, Modality, Recipe};

fn recipe(name: &str, settings: &[&str]) -> Recipe {
    let settings: Vec<String> = settings.iter().map(|s| s.to_string()).collect();
    built_in()
        .resolve(&[DatasetSpec::shapes(name).unwrap().recipe], &settings)
        .unwrap()
}

#[test]
fn a_batch_has_the_published_shapes() {
    let recipe = recipe("iemocap", &["batch_size=2"]);
    let data = Prepared::shapes(&recipe).unwrap();
    let sizes = SplitName::ALL.map(|name| data.split(name).len());
    assert_eq!((sizes, data.classes().len()), ([5426, 683, 676], 5));
    let config = LoaderConfig {
        batch_size: 2,
        train: true,
        ..LoaderConfig::default()
    };
    let loader = Loader::new(data.split(SplitName::Train), config).unwrap();
    let batch = loader
        .batches(0, 0..1, &Modality::ALL)
        .next()
        .unwrap()
        .unwrap();
    for (modality, features) in &batch.inputs {
        match features {
            Features::Map { shape, .. } => assert_eq!(*shape, [2, 1, 1024, 128]),
            Features::Frames { shape, data } => {
                assert_eq!(*shape, [2, 3, 3, 224, 224]);
                assert!(
                    data.iter().any(|v| *v > 0.5) && data.iter().any(|v| *v < -0.5),
                    "nothing to see"
                );
            }
            Features::Pixels { .. } => panic!("not asked for"),
            Features::Tokens { shape, ids, mask } => {
                assert_eq!(*shape, [2, 128]);
                assert!(ids.iter().all(|id| (0..50265).contains(id)));
                let tokens = mask.chunks(128).map(|row| row.iter().sum::<f32>());
                assert!(
                    tokens.into_iter().all(|n| (64.0..=128.0).contains(&n)),
                    "{modality}"
                );
            }
        }
    }
}

#[test]
fn contents_are_drawn_once_and_for_all() {
    let recipe = recipe(
        "crema-d",
        &["synthetic.train=40", "synthetic.val=8", "synthetic.test=8"],
    );
    let read = || {
        let config = LoaderConfig {
            batch_size: 40,
            ..LoaderConfig::default()
        };
        let loader = Loader::new(
            Prepared::shapes(&recipe).unwrap().split(SplitName::Train),
            config,
        )
        .unwrap();
        loader
            .batches(0, 0..1, &[Modality::Audio])
            .next()
            .unwrap()
            .unwrap()
    };
    let batch = read();
    assert_eq!(batch, read());
    let Features::Map { data, .. } = &batch.inputs[&Modality::Audio] else {
        unreachable!()
    };
    let sample = |n: usize| &data[n * 1024 * 128..][..1024 * 128];
    assert!(sample(0) != sample(1));
    assert_eq!(batch.labels[..7], [0, 1, 2, 3, 4, 5, 0]);
}

#[test]
fn a_misspelt_data_set_is_named() {
    let message = DatasetSpec::shapes("crema").unwrap_err().to_string();
    assert!(message.contains("did you mean `crema-d`?"), "{message}");
    assert_eq!(DatasetSpec::shapes("mvsa").unwrap().name, "mvsa-single");
}
