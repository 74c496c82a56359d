//! `audio.resample`: recordings of any rate as if they all had one.

use std::path::PathBuf;
use std::sync::Mutex;

use amst_data::{DataError, HostInput, Preparation, Preprocessor, Progress, Source, SplitName};
use amst_fbank::{FbankConfig, Part, Recording, fbank};
use amst_recipe::Modality;

use crate::small::{Small, riff};

/// Sound alone, of which one recording has another rate.
fn small_with_two_rates(resample: Option<u32>) -> Small {
    let mut small = Small::new();
    small.recipe.modalities = vec![Modality::Audio];
    small.recipe.audio.resample = resample;
    let tone = (0..2400).map(|t| (9000.0 * (t as f32 * 0.11).sin()) as i16);
    let mut file = riff(1, 16, &tone.flat_map(i16::to_le_bytes).collect::<Vec<u8>>());
    file[24..28].copy_from_slice(&24_000_u32.to_le_bytes());
    file[28..32].copy_from_slice(&48_000_u32.to_le_bytes());
    small.put("a0.wav", &file);
    small
}

/// What preparing says, and the name of the store.
fn prepared(small: &Small) -> (Vec<String>, PathBuf) {
    let notes = Mutex::new(Vec::new());
    let progress = |event| {
        if let Progress::Note(note) = event {
            notes.lock().unwrap().push(note);
        }
    };
    Preparation {
        dataset: &small.dataset(),
        recipe: &small.recipe,
        text_model: None,
        store_dir: &small.store_dir(),
        max_bad: None,
        progress: &progress,
    }
    .run()
    .unwrap();
    (notes.into_inner().unwrap(), small.store_of(Modality::Audio))
}

#[test]
fn mixed_rates_are_told_with_the_setting_that_ends_them() {
    let (notes, _) = prepared(&small_with_two_rates(None));
    assert_eq!(notes.len(), 1, "{notes:?}");
    assert!(
        notes[0].contains("8000 Hz (8), 24000 Hz (1)")
            && notes[0].contains("`--set audio.resample=8000`"),
        "{}",
        notes[0]
    );
    let (notes, _) = prepared(&small_with_two_rates(Some(8000)));
    assert!(notes.is_empty(), "{notes:?}");
}

#[test]
fn the_rate_is_part_of_the_stores_key_where_it_is_set() {
    let name = |resample| {
        let (_, store) = prepared(&small_with_two_rates(resample));
        store.file_name().unwrap().to_string_lossy().into_owned()
    };
    let names = [None, Some(8000), Some(16_000)].map(name);
    assert!(names[1] != names[0] && names[2] != names[0] && names[1] != names[2]);
}

#[test]
fn features_are_those_of_the_resampled_recording() {
    let small = small_with_two_rates(Some(16_000));
    let config = FbankConfig {
        mels: 8,
        target_frames: Some(12),
        ..FbankConfig::default()
    };
    let data = small.prepare().unwrap();
    let preprocessor = Preprocessor::new(&small.recipe, None).unwrap();
    for (number, rate) in [(0, 24_000), (1, 8_000)] {
        let path = small.root().join(format!("a{number}.wav"));
        let wave = Recording::read(&path, Part::Whole).unwrap().wave;
        assert_eq!(wave.sample_rate, rate);
        let expected = fbank(&wave.resampled(16_000).unwrap(), &config).unwrap();
        let sample = data
            .split(SplitName::Train)
            .sample(number, &[Modality::Audio]);
        let input = &sample.unwrap().inputs[&Modality::Audio];
        let HostInput::Map {
            data: values,
            frames,
            ..
        } = input
        else {
            panic!("sound is a map");
        };
        assert_eq!(*frames, expected.frames);
        let off = values
            .iter()
            .zip(&expected.data)
            .map(|(a, b)| (a - b).abs());
        let off = off.fold(0.0, f32::max);
        assert!(off <= 0.0005, "as far as 16 bits move a value: {off}");
        let alone = preprocessor
            .read(Modality::Audio, &Source::Files(vec![path]))
            .unwrap();
        assert_eq!(alone, *input, "prediction does as preparation does");
    }
}

#[test]
fn a_rate_with_which_the_filterbank_cannot_be_had_is_refused_before_any_recording_is_read() {
    let mut small = small_with_two_rates(Some(16_000));
    small.recipe.audio.frame_length_ms = 1e6;
    let error = small.error();
    assert!(matches!(error, DataError::Setting { .. }), "{error}");
}
