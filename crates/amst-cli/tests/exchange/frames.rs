//! `amst frames`: a video in, its kept frames out.

use std::path::{Path, PathBuf};

use amst_frames::Picture;

use crate::program::{DATA, USAGE, amst, done, refused};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../amst-frames/tests/fixtures/video")
        .join(name)
}

/// What OpenCV keeps of a clip.
fn kept(clip: &str, per_second: u32) -> Vec<String> {
    let golden: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(fixture("golden.json")).unwrap()).unwrap();
    let indices = golden["made"][clip]["kept"][per_second.to_string()]
        .as_array()
        .unwrap()
        .clone();
    indices
        .iter()
        .map(|index| format!("{:05}.jpg", index.as_u64().unwrap()))
        .collect()
}

fn files(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn has_ffmpeg(test: &str) -> bool {
    let found = amst_frames::Ffmpeg::find()
        .and_then(|ffmpeg| ffmpeg.version())
        .is_ok();
    if !found {
        eprintln!("skipped: {test}: there is no ffmpeg here");
    }
    found
}

#[test]
fn the_frames_that_opencv_keeps_are_written_under_its_names() {
    if !has_ffmpeg("the_frames_that_opencv_keeps_are_written_under_its_names") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for (clip, per_second) in [
        ("flv1-mp3-2997.flv", 1),
        ("flv1-mp3-2997.flv", 2),
        ("h264-aac-25.mp4", 1),
    ] {
        let out = format!("{clip}-{per_second}");
        let (video, number) = (fixture(clip), per_second.to_string());
        let arguments = [
            "frames",
            video.to_str().unwrap(),
            &out,
            "--per-second",
            &number,
        ];
        let told = done(&amst(folder.path(), &arguments));
        let expected = kept(clip, per_second);
        assert_eq!(files(&folder.path().join(&out)), expected, "{clip}");
        assert!(
            told.contains(&format!("{} frames of ", expected.len())),
            "{told}"
        );
    }
    let picture = Picture::read(folder.path().join("flv1-mp3-2997.flv-1/00029.jpg")).unwrap();
    assert_eq!((picture.width, picture.height), (64, 48), "at source size");
}

#[test]
fn a_span_is_counted_from_its_own_start() {
    if !has_ffmpeg("a_span_is_counted_from_its_own_start") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let clip = fixture("h264-aac-25.mp4");
    let arguments = [
        "frames",
        clip.to_str().unwrap(),
        "out",
        "--from",
        "0.5",
        "--to",
        "1.7",
    ];
    done(&amst(folder.path(), &arguments));
    assert_eq!(
        files(&folder.path().join("out")),
        ["00000.jpg", "00025.jpg"]
    );
}

#[test]
fn frames_of_two_videos_are_never_mixed() {
    if !has_ffmpeg("frames_of_two_videos_are_never_mixed") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("out")).unwrap();
    std::fs::write(folder.path().join("out/00099.jpg"), "older").unwrap();
    let clip = fixture("h264-aac-25.mp4");
    refused(
        &amst(folder.path(), &["frames", clip.to_str().unwrap(), "out"]),
        USAGE,
        &["out", "is not empty"],
    );
    assert_eq!(
        std::fs::read(folder.path().join("out/00099.jpg")).unwrap(),
        b"older"
    );
}

#[test]
fn what_is_no_video_and_settings_out_of_range_are_refused() {
    if !has_ffmpeg("what_is_no_video_and_settings_out_of_range_are_refused") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.flv"), "no video").unwrap();
    refused(
        &amst(folder.path(), &["frames", "a.flv", "out"]),
        DATA,
        &["a.flv", "not a video"],
    );
    refused(
        &amst(folder.path(), &["frames", "b.flv", "out"]),
        DATA,
        &["b.flv", "cannot read"],
    );
    let clip = fixture("h264-aac-25.mp4");
    let frames = |more: &[&str]| {
        amst(
            folder.path(),
            &[&["frames", clip.to_str().unwrap(), "out"], more].concat(),
        )
    };
    refused(
        &frames(&["--per-second", "0"]),
        USAGE,
        &["kept_per_second", "at least 1"],
    );
    refused(
        &frames(&["--quality", "101"]),
        USAGE,
        &["--quality", "1 to 100"],
    );
    refused(
        &frames(&["--from", "2", "--to", "1"]),
        USAGE,
        &["from 2 s to 1 s"],
    );
    refused(
        &frames(&["--from", "1", "--to", "99"]),
        DATA,
        &["span", "99 s"],
    );
    refused(&frames(&["--per-second", "26"]), DATA, &["cannot be kept"]);
    assert!(
        !folder.path().join("out").exists(),
        "nothing is made before the video is known to be one"
    );
}
