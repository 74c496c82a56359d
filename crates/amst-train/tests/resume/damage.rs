//! Every byte of a checkpoint counts: what is not as it was written is refused by name, and the run
//! goes on from the one before.

use std::fs;
use std::path::{Path, PathBuf};

use amst_train::{Checkpoint, CheckpointError, EventKind, SaveEvery, TrainError};

use crate::cut::{Made, checkpoints, short};

const PROBED: [&str; 3] = ["method=unimodal", "modalities=text", "probes=true"];

/// A run stopped after four steps, with checkpoints after steps 3 and 4.
fn stopped(runs: &Path, settings: &[String]) -> PathBuf {
    let made = Made::new(settings, runs)
        .every(SaveEvery::Steps(1))
        .stopped_after(4);
    made.train().unwrap_err();
    made.dir()
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
}

/// What opening and verifying says, which is what going on from it does first.
fn fault(checkpoint: &Path) -> CheckpointError {
    let opened = Checkpoint::open(checkpoint);
    match opened.and_then(|checkpoint| Ok(checkpoint.verify()?)) {
        Err(TrainError::Checkpoint(error)) => error,
        other => panic!("{}: {other:?}", checkpoint.display()),
    }
}

#[test]
fn any_flipped_bit_and_any_truncation_is_found_and_the_file_named() {
    let (runs, settings) = (tempfile::tempdir().unwrap(), short(&PROBED));
    let dir = stopped(runs.path(), &settings);
    let newest = dir
        .join("checkpoints")
        .join(checkpoints(&dir).pop().unwrap());
    Checkpoint::open(&newest).unwrap().verify().unwrap();
    let (mut flipped, mut truncated) = (0, 0);
    for path in files(&newest) {
        let whole = fs::read(&path).unwrap();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        // The best network may be the same file as the model, or as that of the checkpoint before.
        fs::remove_file(&path).unwrap();
        let named = |bytes: &[u8], what: &str| {
            fs::write(&path, bytes).unwrap();
            let error = fault(&newest);
            assert!(
                matches!(&error, CheckpointError::Damaged { .. }),
                "{name}, {what}: {error}"
            );
            assert!(error.to_string().contains(&name), "{name}, {what}: {error}");
        };
        let every = if whole.len() < 4000 { 1 } else { 37 };
        for at in (0..whole.len()).step_by(every) {
            let mut bytes = whole.clone();
            bytes[at] ^= 1 << (at % 8);
            named(&bytes, &format!("byte {at}"));
            flipped += 1;
        }
        for length in (0..whole.len()).step_by(every * 7) {
            named(&whole[..length], &format!("cut to {length}"));
            truncated += 1;
        }
        named(&[&whole[..], b"\n"].concat(), "longer");
        fs::remove_file(&path).unwrap();
        assert!(
            fault(&newest).to_string().contains(&name),
            "{name} is missing"
        );
        fs::write(&path, &whole).unwrap();
    }
    Checkpoint::open(&newest).unwrap().verify().unwrap();
    println!("{flipped} flipped bits and {truncated} truncations, all found");
    assert!(flipped > 3000 && truncated > 400, "{flipped} {truncated}");
}

#[test]
fn a_foreign_file_in_a_checkpoint_is_found_and_named() {
    let (runs, settings) = (tempfile::tempdir().unwrap(), short(&PROBED));
    let dir = stopped(runs.path(), &settings);
    let newest = dir
        .join("checkpoints")
        .join(checkpoints(&dir).pop().unwrap());
    fs::write(newest.join("virus.exe"), "hello").unwrap();
    assert!(fault(&newest).to_string().contains("virus.exe"));
}

/// One damage of each file, each time with the whole way to the result.
#[test]
fn the_run_resumes_from_the_checkpoint_before_and_says_so() {
    let settings = short(&PROBED);
    let reference = tempfile::tempdir().unwrap();
    let whole = Made::new(&settings, reference.path());
    whole.train().unwrap();
    let whole = whole.left();
    let names = ["best", "manifest", "model", "recipe", "state", "velocity"];
    for name in names {
        let runs = tempfile::tempdir().unwrap();
        let dir = stopped(runs.path(), &settings);
        let newest = checkpoints(&dir).pop().unwrap();
        let path = files(&dir.join("checkpoints").join(&newest));
        let path = path
            .iter()
            .find(|path| path.file_stem().unwrap() == name)
            .unwrap_or_else(|| panic!("no {name}"));
        let mut bytes = fs::read(path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 4;
        fs::remove_file(path).unwrap();
        fs::write(path, bytes).unwrap();
        let made = Made::new(&settings, runs.path()).every(SaveEvery::Steps(1));
        let mut resumed = None;
        made.observed(&mut |event| {
            if let EventKind::Resumed {
                checkpoint, notes, ..
            } = &event.kind
            {
                resumed = Some((checkpoint.clone(), notes.clone()));
            }
        })
        .unwrap();
        let (checkpoint, notes) = resumed.expect("it goes on");
        assert_eq!(
            (newest.as_str(), checkpoint.as_str()),
            ("00001-00001", "00000-00003"),
            "{name}"
        );
        let named = path.file_name().unwrap().to_string_lossy().into_owned();
        assert!(
            notes.len() == 1 && notes[0].contains(&named),
            "{name}: {notes:?}"
        );
        made.left().assert_is(&whole, name);
        // What was damaged is kept, under a name that nothing goes on from.
        assert!(dir.join("checkpoints/00001-00001.1").is_dir(), "{name}");
    }
}

#[test]
fn events_that_are_cut_short_cost_nothing_but_themselves() {
    let settings = short(&PROBED);
    let reference = tempfile::tempdir().unwrap();
    Made::new(&settings, reference.path()).train().unwrap();
    let runs = tempfile::tempdir().unwrap();
    let dir = stopped(runs.path(), &settings);
    fs::write(dir.join("events.jsonl"), "").unwrap();
    let made = Made::new(&settings, runs.path());
    let mut notes = Vec::new();
    let mut hear = |event: &amst_train::Event| {
        if let EventKind::Resumed { notes: said, .. } = &event.kind {
            notes = said.clone();
        }
    };
    made.observed(&mut hear).unwrap();
    assert!(
        notes.len() == 1 && notes[0].contains("events.jsonl"),
        "{notes:?}"
    );
    let result = |dir: PathBuf| fs::read(dir.join("result.json")).unwrap();
    assert!(result(dir) == result(Made::new(&settings, reference.path()).dir()));
}
