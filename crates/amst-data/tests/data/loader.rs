//! The loader: order, augmentation, threads.

use amst::methods::built_in;
use amst_data::{
    DataError, Features, HostBatch, HostInput, Loader, LoaderConfig, PAD, Prepared, SplitName,
    Stream,
};
use amst_recipe::{DatasetSpec, Modality, Recipe};

use crate::small::Small;

const ALL: &[Modality] = &Modality::ALL;

/// A synthetic data set that crops and mirrors three-frame pictures.
fn recipe() -> Recipe {
    let own = serde_json::json!({
        "modalities": ["audio", "text", "visual"],
        "visual": { "crop_scale": [0.3, 1.0], "flip": 0.5, "frames": 3 },
        "text": { "embed": 32 },
    });
    built_in()
        .resolve(&[DatasetSpec::synthetic().recipe, own], &[])
        .unwrap()
}

fn train(data: &Prepared, workers: usize) -> Loader {
    let config = LoaderConfig {
        batch_size: 10,
        seed: 5,
        workers,
        prefetch: 3,
        train: true,
    };
    Loader::new(data.split(SplitName::Train), config).unwrap()
}

fn read(loader: &Loader, epoch: u64, active: &[Modality]) -> Vec<HostBatch> {
    loader
        .epoch(epoch, active)
        .collect::<Result<_, _>>()
        .unwrap()
}

fn bits(batches: &[HostBatch]) -> Vec<u32> {
    let values = |features: &Features| match features {
        Features::Map { data, .. } | Features::Frames { data, .. } => {
            data.iter().map(|x| x.to_bits()).collect()
        }
        Features::Pixels { .. } => panic!("not asked for"),
        Features::Tokens { ids, .. } => ids.iter().map(|&i| i as u32).collect::<Vec<_>>(),
    };
    batches
        .iter()
        .flat_map(|b| b.inputs.values().flat_map(values))
        .collect()
}

#[test]
fn any_number_of_workers_gives_byte_equal_batches_in_order() {
    let data = Prepared::synthetic(&recipe()).unwrap();
    let expected = read(&train(&data, 0), 2, ALL);
    assert_eq!(
        expected.iter().map(HostBatch::len).collect::<Vec<_>>(),
        [10, 10, 10, 10, 10, 10, 10, 10, 10, 6]
    );
    for workers in [1, 2, 4, 7] {
        let batches = read(&train(&data, workers), 2, ALL);
        assert_eq!(batches, expected, "{workers} workers");
        assert_eq!(bits(&batches), bits(&expected));
    }
}

#[test]
fn an_epoch_does_not_depend_on_what_was_read_before() {
    let data = Prepared::synthetic(&recipe()).unwrap();
    let loader = train(&data, 2);
    let fresh = read(&loader, 3, ALL);
    read(&loader, 0, ALL);
    loader.epoch(1, ALL).take(2).for_each(drop);
    assert_eq!(read(&loader, 3, ALL), fresh);
    assert_ne!(read(&loader, 4, ALL), fresh);
}

#[test]
fn each_training_epoch_reads_every_sample_once_in_an_order_of_its_own() {
    let data = Prepared::synthetic(&recipe()).unwrap();
    let loader = train(&data, 1);
    let orders: Vec<Vec<usize>> = (0..2)
        .map(|e| {
            read(&loader, e, &[])
                .into_iter()
                .flat_map(|b| b.indices)
                .collect()
        })
        .collect();
    assert_ne!(orders[0], orders[1]);
    assert_eq!(orders[0], loader.order(0));
    for mut order in orders {
        order.sort();
        assert_eq!(order, (0..96).collect::<Vec<_>>());
    }
}

#[test]
fn evaluation_reads_in_order_and_is_the_same_in_every_epoch() {
    let data = Prepared::synthetic(&recipe()).unwrap();
    let split = data.split(SplitName::Val);
    let config = LoaderConfig {
        batch_size: 10,
        ..LoaderConfig::default()
    };
    let loader = Loader::new(split.clone(), config).unwrap();
    let batches = read(&loader, 0, ALL);
    assert_eq!(batches, read(&loader, 9, ALL));
    assert_eq!(loader.steps(), 4);
    let labels: Vec<usize> = batches
        .iter()
        .flat_map(|b| b.labels.iter().map(|&l| l as usize))
        .collect();
    assert_eq!(labels, split.labels());
    assert_eq!(
        batches
            .iter()
            .flat_map(|b| b.indices.clone())
            .collect::<Vec<_>>(),
        (0..32).collect::<Vec<_>>()
    );
}

#[test]
fn dropping_a_modality_does_not_move_the_draws_of_another() {
    let data = Prepared::synthetic(&recipe()).unwrap();
    let loader = train(&data, 2);
    let all = read(&loader, 1, ALL);
    for modality in Modality::ALL {
        for (alone, all) in read(&loader, 1, &[modality]).iter().zip(&all) {
            assert_eq!(alone.inputs.keys().collect::<Vec<_>>(), [&modality]);
            assert_eq!(alone.inputs[&modality], all.inputs[&modality]);
            assert_eq!((&alone.indices, &alone.labels), (&all.indices, &all.labels));
        }
    }
}

#[test]
fn the_last_batches_of_an_epoch_can_be_read_again() {
    let data = Prepared::synthetic(&recipe()).unwrap();
    let loader = train(&data, 2);
    let all = read(&loader, 1, ALL);
    let last: Vec<HostBatch> = loader.batches(1, 7..10, ALL).map(Result::unwrap).collect();
    assert_eq!(last, all[7..]);
    assert_eq!(loader.batches(1, 8..99, ALL).count(), 2);
    assert_eq!(loader.batches(1, 50..99, ALL).count(), 0);
}

#[test]
fn frames_are_augmented_independently() {
    let mut recipe = recipe();
    recipe.modalities = vec![Modality::Visual];
    let mut small = Small::new();
    small.recipe = recipe;
    let data = small.prepare().unwrap();
    let config = LoaderConfig {
        batch_size: 3,
        train: true,
        ..LoaderConfig::default()
    };
    let loader = Loader::new(data.split(SplitName::Train), config).unwrap();
    let batch = loader
        .epoch(0, &[Modality::Visual])
        .next()
        .unwrap()
        .unwrap();
    let Features::Frames { data, shape } = &batch.inputs[&Modality::Visual] else {
        panic!()
    };
    assert_eq!(*shape, [3, 1, 3, 16, 16]);
    // Every sample is one picture three times, yet no two frames are equal.
    for sample in data.chunks(3 * 256) {
        assert!(sample[..256] != sample[256..512] && sample[256..512] != sample[512..]);
    }
}

#[test]
fn frames_are_laid_out_channel_by_channel() {
    let mut small = Small::new();
    small.recipe.modalities = vec![Modality::Visual];
    let data = small.prepare().unwrap();
    let split = data.split(SplitName::Train);
    let sample = split.sample(0, &[Modality::Visual]).unwrap();
    let loader = Loader::new(split, LoaderConfig::default()).unwrap();
    let batch = loader
        .epoch(0, &[Modality::Visual])
        .next()
        .unwrap()
        .unwrap();
    let Features::Frames { data, shape } = &batch.inputs[&Modality::Visual] else {
        panic!()
    };
    assert_eq!(*shape, [3, 3, 2, 8, 8]);
    let HostInput::Pictures(pictures) = &sample.inputs[&Modality::Visual] else {
        panic!()
    };
    let config = amst_frames::FrameConfig {
        size: [8, 8],
        ..Default::default()
    };
    let eval = amst_frames::EvalTransform::new(&config).unwrap();
    for (frame, picture) in pictures.iter().enumerate() {
        let mut planar = vec![0.0; 3 * 64];
        eval.apply(picture, &mut planar).unwrap();
        for channel in 0..3 {
            let at = (channel * 2 + frame) * 64;
            assert_eq!(
                data[at..at + 64],
                planar[channel * 64..][..64],
                "channel {channel}, frame {frame}"
            );
        }
    }
}

#[test]
fn only_real_frames_of_sound_are_normalised_and_the_rest_is_zero() {
    let mut small = Small::new();
    (small.recipe.audio.mean, small.recipe.audio.std) = (-4.0, 2.0);
    let data = small.prepare().unwrap();
    let split = data.split(SplitName::Train);
    let sample = split.sample(0, &[Modality::Audio]).unwrap();
    let HostInput::Map {
        data: stored,
        frames,
        mels,
    } = &sample.inputs[&Modality::Audio]
    else {
        panic!()
    };
    let loader = Loader::new(split, LoaderConfig::default()).unwrap();
    let batch = loader.epoch(0, &[Modality::Audio]).next().unwrap().unwrap();
    let Features::Map { data, shape } = &batch.inputs[&Modality::Audio] else {
        panic!()
    };
    assert_eq!((*shape, *frames, *mels), ([3, 1, 12, 8], 7, 8));
    for (place, value) in data[..96].iter().enumerate() {
        let expected = stored.get(place).map_or(0.0, |x| (x + 4.0) / 2.0);
        assert_eq!(*value, expected, "at {place}");
    }
}

#[test]
fn short_text_is_padded_and_masked() {
    let mut small = Small::new();
    small.recipe.text.max_length = 12;
    let data = small.prepare().unwrap();
    let loader = Loader::new(data.split(SplitName::Train), LoaderConfig::default()).unwrap();
    let batch = loader.epoch(0, &[Modality::Text]).next().unwrap().unwrap();
    let Features::Tokens { ids, mask, shape } = &batch.inputs[&Modality::Text] else {
        panic!()
    };
    assert_eq!(*shape, [3, 12]);
    // "no. 0, é" has nine bytes.
    assert_eq!((ids[8], ids[9], ids[11]), (0xa9 + 2, PAD, PAD));
    assert_eq!(mask[..12], [1., 1., 1., 1., 1., 1., 1., 1., 1., 0., 0., 0.]);
}

#[test]
fn a_skipped_modality_is_not_touched() {
    let small = Small::new();
    let data = small.prepare().unwrap();
    let loader = Loader::new(data.split(SplitName::Train), LoaderConfig::default()).unwrap();
    // The file is mapped: what is written over it is what a reader would see.
    let path = small.store_of(Modality::Audio);
    let length = std::fs::metadata(&path).unwrap().len() as usize;
    use std::io::Write;
    std::fs::File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .write_all(&vec![0xff; length])
        .unwrap();
    let rest = [Modality::Visual, Modality::Text];
    assert!(loader.epoch(0, &rest).all(|b| b.is_ok()));
    let error = loader
        .epoch(0, &[Modality::Audio])
        .next()
        .unwrap()
        .unwrap_err();
    assert!(matches!(error, DataError::StoreDamaged { .. }), "{error}");
}

#[test]
fn an_error_comes_in_its_place_and_ends_the_epoch() {
    let mut small = Small::new();
    small.recipe.modalities = vec![Modality::Audio];
    let data = small.prepare().unwrap();
    for workers in [0, 2] {
        let config = LoaderConfig {
            batch_size: 1,
            workers,
            ..LoaderConfig::default()
        };
        let loader = Loader::new(data.split(SplitName::Train), config).unwrap();
        let mut batches = loader.epoch(0, &[Modality::Visual]);
        let error = batches.next().unwrap().unwrap_err();
        assert!(
            matches!(error, DataError::NotPrepared { .. })
                && error.to_string().contains("now: audio"),
            "{error}"
        );
        assert!(batches.next().is_none());
    }
}

#[cfg(target_os = "linux")]
#[test]
fn dropping_an_epoch_early_ends_its_threads() {
    let data = Prepared::synthetic(&recipe()).unwrap();
    // Other tests run beside this one, so only threads with a name of its own are counted.
    let threads = || {
        let tasks = std::fs::read_dir("/proc/self/task").unwrap().flatten();
        let names = tasks.filter_map(|t| std::fs::read_to_string(t.path().join("comm")).ok());
        names.filter(|n| n.trim() == "loader-8").count()
    };
    let config = LoaderConfig {
        batch_size: 2,
        workers: 9,
        prefetch: 2,
        ..LoaderConfig::default()
    };
    let loader = Loader::new(data.split(SplitName::Train), config).unwrap();
    let mut batches = loader.epoch(0, ALL);
    batches.next().unwrap().unwrap();
    // A thread names itself once it runs, and its entry may outlive it for a moment.
    assert!(
        becomes_true(|| threads() == 1),
        "the ninth worker starts and waits for its turn"
    );
    drop(batches);
    assert!(
        becomes_true(|| threads() == 0),
        "no worker outlives the epoch"
    );
}

#[cfg(target_os = "linux")]
fn becomes_true(condition: impl Fn() -> bool) -> bool {
    let pause = std::time::Duration::from_millis(10);
    (0..1000).any(|_| {
        condition() || {
            std::thread::sleep(pause);
            false
        }
    })
}

#[test]
fn a_batch_size_of_zero_is_refused() {
    let data = Prepared::synthetic(&recipe()).unwrap();
    let config = LoaderConfig {
        batch_size: 0,
        ..LoaderConfig::default()
    };
    let error = Loader::new(data.split(SplitName::Train), config)
        .err()
        .unwrap();
    assert!(error.to_string().contains("`batch_size`"));
}

#[test]
fn augmentation_is_a_pure_function_of_its_address() {
    let draw = |epoch, index| {
        Stream::new(5, amst_data::Purpose::Augment, epoch, index)
            .part(1)
            .next_u64()
    };
    assert_eq!(draw(1, 2), draw(1, 2));
    assert!(draw(1, 2) != draw(2, 2) && draw(1, 2) != draw(1, 3));
}
