//! Generated data: balanced, repeatable, and as hard to learn as its dials say.

use amst::methods::built_in;
use amst_data::{Dataset, Features, Loader, LoaderConfig, Prepared, Split, SplitName, prepare};
use amst_recipe::{DatasetSpec, Modality, Recipe, ResolvedDataset};

fn recipe(assignments: &[&str]) -> Recipe {
    let more = [
        "modalities=audio,text,visual",
        "text.embed=32",
        "synthetic.train=400",
        "synthetic.test=400",
    ];
    let all: Vec<String> = more
        .iter()
        .chain(assignments)
        .map(|a| a.to_string())
        .collect();
    built_in()
        .resolve(&[DatasetSpec::synthetic().recipe], &all)
        .unwrap()
}

/// The samples of a split as plain vectors; text as counts of its words.
fn vectors(split: Split, modality: Modality) -> Vec<Vec<f32>> {
    let loader = Loader::new(
        split,
        LoaderConfig {
            batch_size: 1,
            ..LoaderConfig::default()
        },
    )
    .unwrap();
    let vector = |features: &Features| match features {
        Features::Map { data, .. } | Features::Frames { data, .. } => data.clone(),
        Features::Pixels { .. } => panic!("not asked for"),
        Features::Tokens { ids, mask, .. } => {
            let mut counts = vec![0.0; 64];
            ids.iter()
                .zip(mask)
                .for_each(|(&id, real)| counts[id as usize] += real);
            counts
        }
    };
    loader
        .epoch(0, &[modality])
        .map(|b| vector(&b.unwrap().inputs[&modality]))
        .collect()
}

/// Accuracy on test of the nearest mean of the training classes.
fn nearest_mean(assignments: &[&str], modality: Modality) -> f64 {
    let data = Prepared::synthetic(&recipe(assignments)).unwrap();
    let (train, test) = (data.split(SplitName::Train), data.split(SplitName::Test));
    let (labels, truth) = (train.labels(), test.labels());
    let vectors_of = vectors(train, modality);
    let mean = |class: usize| -> Vec<f32> {
        let own: Vec<_> = vectors_of
            .iter()
            .zip(&labels)
            .filter(|(_, l)| **l == class)
            .map(|(v, _)| v)
            .collect();
        (0..own[0].len())
            .map(|i| own.iter().map(|v| v[i]).sum::<f32>() / own.len() as f32)
            .collect()
    };
    let means: Vec<_> = (0..4).map(mean).collect();
    let far = |v: &[f32], m: &[f32]| v.iter().zip(m).map(|(a, b)| (a - b).powi(2)).sum::<f32>();
    let nearest = |v: &[f32]| {
        (0..4)
            .min_by(|&a, &b| far(v, &means[a]).total_cmp(&far(v, &means[b])))
            .unwrap()
    };
    let right = vectors(test, modality)
        .iter()
        .zip(&truth)
        .filter(|(v, t)| nearest(v) == **t)
        .count();
    right as f64 / truth.len() as f64
}

#[test]
fn a_higher_dial_separates_the_classes_better_and_none_leaves_chance() {
    for modality in Modality::ALL {
        let accuracy =
            |dial: &str| nearest_mean(&[&format!("synthetic.{modality}={dial}")], modality);
        let [none, low, high] = ["0.0", "0.4", "0.9"].map(accuracy);
        println!("{modality}: {none:.3} {low:.3} {high:.3}");
        assert!(
            (0.17..0.33).contains(&none),
            "{modality} without signal: {none}, chance is 0.25"
        );
        assert!(low > none + 0.08, "{modality}: {low} at 0.4, {none} at 0");
        assert!(
            high > low + 0.15 && high > 0.6,
            "{modality}: {high} at 0.9, {low} at 0.4"
        );
    }
}

#[test]
fn classes_are_balanced_in_every_split() {
    let data = Prepared::synthetic(
        &built_in()
            .resolve(&[DatasetSpec::synthetic().recipe], &[])
            .unwrap(),
    )
    .unwrap();
    assert_eq!(data.split(SplitName::Train).class_counts(), [24; 4]);
    assert_eq!(data.split(SplitName::Val).class_counts(), [8; 4]);
    assert_eq!(data.split(SplitName::Test).majority_rate(), 0.25);
    assert_eq!(data.split(SplitName::Test).id(3), "test-3");
    assert_eq!(data.classes(), ["0", "1", "2", "3"]);
    assert!(data.keys().is_empty());
}

#[test]
fn samples_depend_on_their_own_seed_only() {
    let sample = |assignments: &[&str]| {
        Prepared::synthetic(&recipe(assignments))
            .unwrap()
            .split(SplitName::Val)
            .get(5)
            .unwrap()
    };
    let plain = sample(&[]);
    assert_eq!(sample(&[]), plain);
    assert_eq!(sample(&["seed=3"]), plain);
    let other = sample(&["synthetic.seed=1"]);
    for modality in Modality::ALL {
        assert_ne!(
            other.inputs[&modality], plain.inputs[&modality],
            "{modality}"
        );
    }
}

#[test]
fn the_dial_of_one_modality_leaves_the_others_alone() {
    let sample = |assignments: &[&str]| {
        Prepared::synthetic(&recipe(assignments))
            .unwrap()
            .split(SplitName::Val)
            .get(5)
            .unwrap()
            .inputs
    };
    let (plain, dialled) = (sample(&[]), sample(&["synthetic.audio=0.2"]));
    assert_ne!(plain[&Modality::Audio], dialled[&Modality::Audio]);
    assert_eq!(plain[&Modality::Visual], dialled[&Modality::Visual]);
    assert_eq!(plain[&Modality::Text], dialled[&Modality::Text]);
}

#[test]
fn shapes_follow_the_recipe() {
    let recipe = recipe(&[
        "visual.channels=3",
        "visual.mean=[0,0,0]",
        "visual.std=[1,1,1]",
        "visual.frames=2",
        "text.max_length=7",
    ]);
    let data = Prepared::synthetic(&recipe).unwrap();
    let loader = Loader::new(data.split(SplitName::Train), LoaderConfig::default()).unwrap();
    let batch = loader.epoch(0, &Modality::ALL).next().unwrap().unwrap();
    assert!(matches!(
        batch.inputs[&Modality::Audio],
        Features::Map {
            shape: [64, 1, 24, 16],
            ..
        }
    ));
    assert!(matches!(
        batch.inputs[&Modality::Visual],
        Features::Frames {
            shape: [64, 3, 2, 16, 16],
            ..
        }
    ));
    let Features::Tokens {
        ids,
        shape: [64, 7],
        ..
    } = &batch.inputs[&Modality::Text]
    else {
        panic!()
    };
    assert!(ids.iter().all(|&id| (1..32).contains(&id)));
}

#[test]
fn settings_that_no_sample_can_meet_are_refused() {
    for (assignment, key) in [
        ("synthetic.train=3", "`synthetic.train`"),
        ("synthetic.val=0", "`synthetic.val`"),
        ("synthetic.visual=1.5", "`synthetic.visual`"),
        ("text.vocabulary=5", "`text.vocabulary`"),
        ("audio.std=0.0", "`audio.std`"),
    ] {
        let error = Prepared::synthetic(&recipe(&[assignment]))
            .err()
            .expect(assignment);
        assert!(error.to_string().contains(key), "{error}");
    }
}

/// It has one split, and another number would be another identity of the same run.
#[test]
fn generated_data_has_no_other_fold() {
    let dataset = ResolvedDataset {
        spec: DatasetSpec::synthetic(),
        root: Default::default(),
    };
    let stores = tempfile::tempdir().unwrap();
    let error = prepare(&dataset, &recipe(&["fold=1"]), None, stores.path(), &|_| {});
    let text = error.err().unwrap().to_string();
    assert!(text.contains("`synthetic` has one split"), "{text}");
}
