//! `amst audit` of raw files: what their lengths say.

use crate::program::{Program, done, refused};
use crate::replica::{ave, crema_d, has_ffmpeg, wav};

/// Every third clip of the replica has two kept frames; one recording is made longer than its
/// features have space for.
#[test]
fn short_clips_and_long_sound_are_found_in_the_files() {
    if !has_ffmpeg("short_clips_and_long_sound_are_found_in_the_files") {
        return;
    }
    let replica = crema_d::replica();
    let [train, val, test] = crema_d::planned();
    replica.put(
        &format!("CREMA-D/AudioWAV/{}.wav", train[3].id),
        wav(10.3, 440),
    );
    replica.put(
        &format!("CREMA-D/AudioWAV/{}.wav", train[4].id),
        wav(10.24, 440),
    );
    let program = Program::new(&[]);
    let raw = replica.raw();
    let arguments = ["audit", raw.to_str().unwrap()];
    let told = done(&program.bare(&arguments));
    for (split, planned) in [("train", &train), ("val", &val), ("test", &test)] {
        let short: Vec<&str> = planned
            .iter()
            .filter(|clip| clip.frames == 36)
            .map(|clip| clip.id.as_str())
            .collect();
        assert!(!short.is_empty());
        let line = format!(
            "{} of {} in {split} too short for 3 frames",
            short.len(),
            planned.len()
        );
        assert!(told.contains(&line), "`{line}` is not in: {told}");
        assert!(told.contains(short[0]), "{told}");
    }
    assert!(
        told.contains(&format!(
            "1 of {} in train with sound beyond 10.24 s",
            train.len()
        )),
        "{told}"
    );
    assert!(!told.contains("length of"), "everything was read: {told}");

    let lists = done(&program.bare(&[&arguments[..], &["--lists-only"]].concat()));
    assert!(
        !lists.contains("too short") && lists.contains("length of video and sound of 24 samples"),
        "{lists}"
    );
    refused(
        &program.bare(&["audit", arguments[1], "--raw", "/no/such/folder"]),
        3,
        &["/no/such/folder"],
    );
}

/// What cannot be read is counted as not checked.
#[test]
fn a_video_that_is_not_there_is_named_as_not_checked() {
    if !has_ffmpeg("a_video_that_is_not_there_is_named_as_not_checked") {
        return;
    }
    let replica = ave::replica();
    let raw = replica.raw();
    let videos: Vec<_> = walk(&raw)
        .into_iter()
        .filter(|path| path.extension().is_some_and(|e| e == "mp4"))
        .collect();
    // The first two stand on one line each.
    std::fs::write(&videos[0], b"no video").unwrap();
    std::fs::remove_file(&videos[1]).unwrap();
    let told = done(&Program::new(&[]).bare(&["audit", raw.to_str().unwrap()]));
    let unchecked = "length of video and sound of 2 samples: their files were not read";
    assert!(
        told.contains(unchecked) && !told.contains("too short"),
        "{told}"
    );
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut found: Vec<_> = entries
        .flat_map(|path| {
            if path.is_dir() {
                walk(&path)
            } else {
                vec![path]
            }
        })
        .collect();
    found.sort();
    found
}
