//! Store files: made once, found again, never trusted blindly.

use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use amst_data::{DataError, Dataset, HostInput, Preparation, Progress, SplitName, prepare};
use amst_recipe::Modality;

use crate::small::{Small, flip, riff};

/// How many sources were turned into features.
fn work(small: &Small) -> usize {
    let count = AtomicUsize::new(0);
    prepare(
        &small.dataset(),
        &small.recipe,
        None,
        &small.store_dir(),
        &|event| {
            if matches!(event, Progress::Making { .. }) {
                count.fetch_add(1, Ordering::Relaxed);
            }
        },
    )
    .unwrap();
    count.into_inner()
}

fn bad(small: &Small, modality: Modality, words: &[&str]) {
    let error = small.error();
    let text = error.to_string();
    assert!(
        matches!(&error, DataError::BadSamples { lost, .. } if lost.len() == 1 && lost[0].modality == modality),
        "{text}"
    );
    words
        .iter()
        .for_each(|word| assert!(text.contains(word), "`{word}` is not in: {text}"));
    assert!(
        small.stores().is_empty(),
        "one modality without its features, no stores"
    );
}

#[test]
fn features_are_prepared_once() {
    let small = Small::new();
    assert_eq!(work(&small), 27, "nine sources of each modality");
    assert_eq!(small.stores().len(), 3);
    assert_eq!(work(&small), 0);
}

#[test]
fn a_source_shared_by_samples_is_prepared_once() {
    let mut small = Small::new();
    small.recipe.modalities = vec![Modality::Audio];
    small.replace("a4.wav", "a0.wav");
    assert_eq!(work(&small), 8);
    let data = small.prepare().unwrap();
    let first = data.split(SplitName::Train).get(0).unwrap();
    let other = data.split(SplitName::Val).get(1).unwrap();
    assert_eq!(first.inputs, other.inputs);
}

#[test]
fn samples_come_back_as_their_sources_have_them() {
    let small = Small::new();
    let data = small.prepare().unwrap();
    let sample = data.split(SplitName::Train).get(0).unwrap();
    assert_eq!(
        (sample.id.as_str(), sample.label, sample.index),
        ("s0", 0, 0)
    );
    // 700 samples at 8 kHz: one frame of 200 and then one every 80.
    assert!(
        matches!(&sample.inputs[&Modality::Audio], HostInput::Map { frames: 7, mels: 8, data } if data.len() == 56)
    );
    let HostInput::Pictures(pictures) = &sample.inputs[&Modality::Visual] else {
        panic!()
    };
    assert_eq!(
        pictures
            .iter()
            .map(|p| (p.width, p.height))
            .collect::<Vec<_>>(),
        [(20, 70), (21, 70)]
    );
    let tokens = "no. 0,".bytes().map(|b| u32::from(b) + 2).collect();
    assert_eq!(sample.inputs[&Modality::Text], HostInput::Tokens(tokens));
}

#[test]
fn small_pictures_are_kept_as_pixels_and_come_back_equal() {
    let small = Small::new();
    let png = crate::small::png(5, 4, 3);
    (0..9).for_each(|n| small.put(&format!("p{n}.png"), &png));
    let data = small.prepare().unwrap();
    let store = fs::read(small.store_of(Modality::Visual)).unwrap();
    assert!(
        !store.windows(4).any(|w| w == b"IHDR"),
        "no PNG is in the store"
    );
    let HostInput::Pictures(pictures) =
        &data.split(SplitName::Val).get(0).unwrap().inputs[&Modality::Visual]
    else {
        panic!()
    };
    let expected = amst_frames::Picture::decode(&png, "p").unwrap();
    assert_eq!(
        *pictures,
        [expected.clone(), expected],
        "one picture is repeated for two frames"
    );
}

#[test]
fn another_configuration_has_a_store_of_its_own() {
    let mut small = Small::new();
    let first = small.prepare().unwrap().keys();
    small.recipe.audio.mels = 9;
    let second = small.prepare().unwrap().keys();
    assert_ne!(first[&Modality::Audio], second[&Modality::Audio]);
    assert_eq!(first[&Modality::Visual], second[&Modality::Visual]);
    assert_eq!(small.stores().len(), 4, "both are kept");
    small.recipe.audio.mels = 8;
    assert_eq!(work(&small), 0);
}

#[test]
fn settings_of_the_encoder_need_no_new_store() {
    let mut small = Small::new();
    small.prepare().unwrap();
    (
        small.recipe.audio.width,
        small.recipe.visual.size,
        small.recipe.visual.flip,
    ) = (2, [9, 7], 0.0);
    (
        small.recipe.audio.mean,
        small.recipe.seed,
        small.recipe.epochs,
    ) = (-4.0, 7, 3);
    assert_eq!(work(&small), 0);
}

#[test]
fn one_changed_byte_of_a_source_is_noticed() {
    let small = Small::new();
    let before = small.prepare().unwrap().keys();
    flip(&small.root().join("a3.wav"), 5);
    let after = small.prepare().unwrap().keys();
    assert_ne!(before[&Modality::Audio], after[&Modality::Audio]);
    assert_eq!(before[&Modality::Text], after[&Modality::Text]);
}

#[test]
fn a_touched_source_with_the_same_content_keeps_its_store() {
    let small = Small::new();
    small.prepare().unwrap();
    let path = small.root().join("a3.wav");
    fs::write(&path, fs::read(&path).unwrap()).unwrap();
    assert_eq!(work(&small), 0);
}

#[cfg(unix)]
#[test]
fn a_change_whose_time_stamp_was_set_back_is_noticed() {
    let small = Small::new();
    let path = small.root().join("a3.wav");
    let long_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(3600);
    let set_back = || {
        fs::File::options()
            .write(true)
            .open(&path)
            .unwrap()
            .set_modified(long_ago)
            .unwrap()
    };
    set_back();
    let before = small.prepare().unwrap().keys();
    flip(&path, 5);
    set_back();
    assert_ne!(small.prepare().unwrap().keys(), before);
}

#[test]
fn a_flipped_byte_of_a_store_is_refused_with_the_remedy() {
    for back in [1, 40, 400] {
        let small = Small::new();
        small.prepare().unwrap();
        let path = small.store_of(Modality::Audio);
        flip(&path, back);
        let error = small.error();
        assert!(
            matches!(&error, DataError::StoreDamaged { path: p, .. } if *p == path),
            "{error}"
        );
        assert!(error.to_string().contains("delete it"));
        fs::remove_file(path).unwrap();
        assert_eq!(work(&small), 9);
    }
}

#[test]
fn a_store_cut_short_is_refused() {
    let small = Small::new();
    small.prepare().unwrap();
    let path = small.store_of(Modality::Text);
    let bytes = fs::read(&path).unwrap();
    for length in [0, 50, bytes.len() - 1] {
        fs::write(&path, &bytes[..length]).unwrap();
        assert!(
            matches!(small.error(), DataError::StoreDamaged { .. }),
            "{length}"
        );
    }
}

#[test]
fn a_store_made_with_another_configuration_is_refused_under_this_ones_name() {
    let mut small = Small::new();
    small.prepare().unwrap();
    let old = small.store_of(Modality::Audio);
    small.recipe.audio.mels = 9;
    small.prepare().unwrap();
    let new = small
        .stores()
        .into_iter()
        .find(|p| p.to_string_lossy().contains("audio-") && *p != old)
        .unwrap();
    fs::copy(&old, &new).unwrap();
    let error = small.error();
    assert!(matches!(error, DataError::StoreOther { .. }), "{error}");
    assert!(
        error.to_string().contains("another configuration")
            && error.to_string().contains("delete it")
    );
}

#[test]
fn broken_recordings_are_all_listed_with_their_reasons() {
    let small = Small::new();
    small.put("a2.wav", b"");
    small.put("a3.wav", b"this is no recording");
    let nan: Vec<u8> = [0.1, f32::NAN, 0.2]
        .iter()
        .flat_map(|x: &f32| x.to_le_bytes())
        .collect();
    small.put("a4.wav", &riff(3, 32, &nan));
    bad(
        &small,
        Modality::Audio,
        &[
            "3 of 9 audio",
            "a2.wav",
            "a3.wav: not a WAV",
            "NaN",
            "manifest",
        ],
    );
}

#[test]
fn compressed_recordings_are_prepared_whatever_their_names_end_in() {
    let small = Small::new();
    let fixtures =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../amst-fbank/tests/fixtures/compressed");
    for (name, fixture) in [
        ("a0.wav", "mono-16k.ogg"),
        ("a1.wav", "mono-48k-vbr.mp3"),
        ("a2.wav", "stereo-44k1.m4a"),
    ] {
        small.put(name, &fs::read(fixtures.join(fixture)).unwrap());
    }
    let data = small.prepare().unwrap();
    assert_eq!(data.split(SplitName::Train).len(), 3);
}

#[test]
fn what_is_odd_about_usable_recordings_is_told_once_of_all_of_them() {
    let small = Small::new();
    for name in ["a1.wav", "a2.wav"] {
        let whole = fs::read(small.root().join(name)).unwrap();
        small.put(name, &whole[..whole.len() - 100]);
    }
    let mut other = fs::read(small.root().join("a3.wav")).unwrap();
    other[24..28].copy_from_slice(&16_000_u32.to_le_bytes());
    small.put("a3.wav", &other);
    let notes = Mutex::new(Vec::new());
    let progress = |event| {
        if let Progress::Note(note) = event {
            notes.lock().unwrap().push(note);
        }
    };
    for _ in 0..2 {
        let data = prepare(
            &small.dataset(),
            &small.recipe,
            None,
            &small.store_dir(),
            &progress,
        );
        assert_eq!(data.unwrap().split(SplitName::Train).len(), 3);
    }
    let notes = notes.into_inner().unwrap();
    let [lengths, rates] = &notes[..] else {
        panic!("{notes:?}")
    };
    for words in [
        "2 recordings are not as long as their headers",
        "a1.wav: its header states",
        "a2.wav: ",
    ] {
        assert!(lengths.contains(words), "{lengths}");
    }
    assert!(
        rates.contains("2 sample rates: 8000 Hz (8), 16000 Hz (1)"),
        "{rates}"
    );
}

#[test]
fn half_a_png_is_refused() {
    let small = Small::new();
    let whole = fs::read(small.root().join("p5.png")).unwrap();
    small.put("p5.png", &whole[..whole.len() / 2]);
    bad(
        &small,
        Modality::Visual,
        &["1 of 9 visual", "p5.png is a truncated PNG"],
    );
}

#[test]
fn a_token_beyond_the_vocabulary_is_refused() {
    let mut small = Small::new();
    small.recipe.text.vocabulary = 100;
    bad(
        &small,
        Modality::Text,
        &["the text of `s0`", "text.vocabulary=258"],
    );
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let small = Small::new();
    fs::write(small.store_dir(), b"a file stands here").unwrap();
    let error = small.error();
    assert!(matches!(error, DataError::Write { .. }), "{error}");
}

#[test]
fn nothing_half_done_is_left_behind() {
    let small = Small::new();
    small.put("a3.wav", b"broken");
    small.error();
    let names = || -> Vec<String> {
        fs::read_dir(small.store_dir())
            .unwrap()
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect()
    };
    assert!(
        names()
            .iter()
            .all(|n| !n.starts_with(".making-") && !n.ends_with(".store")),
        "{:?}",
        names()
    );
}

#[test]
fn several_that_prepare_at_once_do_the_work_once() {
    let small = Small::new();
    let done = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..4).map(|_| scope.spawn(|| work(&small))).collect();
        workers
            .into_iter()
            .map(|w| w.join().unwrap())
            .sum::<usize>()
    });
    assert_eq!(done, 27);
    assert_eq!(small.stores().len(), 3);
}

#[test]
fn the_same_sources_give_the_same_bytes_on_any_number_of_threads() {
    let [one, two] = [1, 3].map(|threads| {
        let small = Small::new();
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| small.prepare().map(|_| ())).unwrap();
        small
            .stores()
            .iter()
            .map(|p| fs::read(p).unwrap())
            .collect::<Vec<_>>()
    });
    assert_eq!(one, two);
}

/// Preparing with so many samples that may be lost.
fn allowing(small: &Small, max_bad: usize) -> Result<amst_data::Prepared, DataError> {
    let (dataset, store_dir) = (small.dataset(), small.store_dir());
    let recipe = &small.recipe;
    let progress = &|_| {};
    Preparation {
        dataset: &dataset,
        recipe,
        text_model: None,
        store_dir: &store_dir,
        max_bad: Some(max_bad),
        progress,
    }
    .run()
}

#[test]
fn only_what_changed_is_made_again() {
    let small = Small::new();
    assert_eq!(work(&small), 27);
    let before = fs::read(small.store_of(Modality::Audio)).unwrap();
    small.put("a3.wav", &crate::small::wav(900, 5));
    assert_eq!(work(&small), 1);
    small.replace("s0,ant,train", "s00,ant,train");
    assert_eq!(
        work(&small),
        0,
        "a sample's name is no part of its features"
    );
    fs::rename(small.root().join("p4.png"), small.root().join("new.png")).unwrap();
    small.replace("p4.png", "new.png");
    assert_eq!(work(&small), 0, "nor is where its files lie");
    let changed = small
        .prepare()
        .unwrap()
        .split(SplitName::Val)
        .get(0)
        .unwrap();
    assert!(
        matches!(
            &changed.inputs[&Modality::Audio],
            HostInput::Map { frames: 9, .. }
        ),
        "{changed:?}"
    );
    // Everything made anew has the same bytes as what was copied.
    let incremental = newest(&small);
    fs::remove_dir_all(small.store_dir()).unwrap();
    assert_eq!(work(&small), 27);
    assert_eq!(newest(&small), incremental);
    assert_ne!(fs::read(small.store_of(Modality::Audio)).unwrap(), before);
}

/// The content of the store of sound that is in use.
fn newest(small: &Small) -> Vec<u8> {
    let key = small.prepare().unwrap().keys()[&Modality::Audio];
    fs::read(
        small
            .store_dir()
            .join(format!("audio-{}.store", key.short())),
    )
    .unwrap()
}

#[test]
fn a_preparation_that_was_interrupted_goes_on() {
    let small = Small::new();
    small.put("a3.wav", b"broken");
    assert!(matches!(small.error(), DataError::BadSamples { .. }));
    let journal = small.store_dir().join("audio.journal");
    let whole = fs::read(&journal).unwrap();
    // The program was stopped while it wrote the sixth record.
    fs::write(&journal, &whole[..whole.len() * 11 / 16]).unwrap();
    small.put("a3.wav", &crate::small::wav(900, 5));
    assert_eq!(
        work(&small),
        9 - 5,
        "five recordings were done, pictures and texts too"
    );
    assert!(!journal.exists() && !small.store_dir().join("text.journal").exists());
    let [before, after] = [newest(&small), {
        fs::remove_dir_all(small.store_dir()).unwrap();
        newest(&small)
    }];
    assert_eq!(before, after);
}

#[test]
fn a_damaged_store_is_no_source_for_another_one() {
    let small = Small::new();
    small.prepare().unwrap();
    flip(&small.store_of(Modality::Audio), 1);
    small.put("a0.wav", &crate::small::wav(900, 5));
    assert_eq!(
        work(&small),
        2,
        "the one that changed, and the one whose record is damaged"
    );
}

#[test]
fn samples_that_may_be_lost_are_left_out_and_listed() {
    let small = Small::new();
    small.put("a4.wav", b"broken");
    small.put("p8.png", b"broken too");
    small.put("p4.png", b"broken as well");
    let error = allowing(&small, 1).err().unwrap();
    let text = error.to_string();
    for part in [
        "1 of 9 audio",
        "s4: ",
        "2 of 9 visual",
        "s8: ",
        "--max-bad 2",
    ] {
        assert!(text.contains(part), "`{part}` is not in: {text}");
    }
    assert_eq!(error.in_full().len(), 3);
    let data = allowing(&small, 2).unwrap();
    let out: Vec<_> = data
        .left_out()
        .iter()
        .map(|out| (out.id.as_str(), out.split, out.modality))
        .collect();
    assert_eq!(
        out,
        [
            ("s4", SplitName::Val, Modality::Audio),
            ("s8", SplitName::Test, Modality::Visual)
        ]
    );
    assert_eq!(
        SplitName::ALL.map(|split| data.split(split).len()),
        [3, 2, 2]
    );
    // Training knows of it; a preparation that allows less does not.
    assert_eq!(small.prepare().unwrap().left_out().len(), 2);
    let error = allowing(&small, 0).err().unwrap();
    assert!(matches!(error, DataError::BadSamples { samples: 2, .. }));
    let text = error.to_string();
    assert!(
        text.contains("1 of 9 audio") && text.contains("1 of 9 visual"),
        "{text}"
    );
    // Repaired, it is there again.
    small.put("a4.wav", &crate::small::wav(900, 5));
    small.put("p4.png", &crate::small::png(5, 5, 5));
    assert_eq!(allowing(&small, 1).unwrap().split(SplitName::Val).len(), 3);
}

#[test]
fn what_is_left_must_still_be_a_data_set() {
    let small = Small::new();
    ["a6.wav", "a7.wav", "a8.wav"]
        .iter()
        .for_each(|name| small.put(name, b"broken"));
    let error = allowing(&small, 3).err().unwrap();
    assert!(
        matches!(&error, DataError::Manifest { .. }) && error.to_string().contains("`test`"),
        "{error}"
    );
}

#[test]
fn a_pointer_of_git_lfs_is_no_recording() {
    let small = Small::new();
    small.put(
        "a4.wav",
        b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n",
    );
    bad(
        &small,
        Modality::Audio,
        &["a4.wav is a Git LFS pointer", "lfs pull` brings it"],
    );
}
