//! `amst fbank`: a recording in, its features in NumPy's format out.

use std::path::{Path, PathBuf};

use crate::program::{DATA, USAGE, amst, done, refused};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../amst-fbank/tests/fixtures/torchaudio")
        .join(name)
}

fn video(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../amst-frames/tests/fixtures/video")
        .join(name)
}

fn array(path: &Path) -> (Vec<u64>, String, Vec<f32>) {
    let bytes = std::fs::read(path).unwrap();
    let file = npyz::NpyFile::new(&bytes[..]).unwrap();
    (
        file.shape().to_vec(),
        file.dtype().descr(),
        file.into_vec().unwrap(),
    )
}

/// What torchaudio computed of the same recording.
fn recorded(name: &str) -> Vec<f32> {
    let bytes = std::fs::read(fixture(name)).unwrap();
    bytes
        .as_chunks::<4>()
        .0
        .iter()
        .map(|&b| f32::from_le_bytes(b))
        .collect()
}

#[test]
fn a_recording_becomes_the_papers_map() {
    let folder = tempfile::tempdir().unwrap();
    let told = done(&amst(
        folder.path(),
        &["fbank", fixture("mono-44k1.wav").to_str().unwrap(), "x.npy"],
    ));
    let (shape, dtype, values) = array(&folder.path().join("x.npy"));
    assert_eq!((shape, dtype.as_str()), (vec![1024, 128], "'<f4'"));
    let torchaudio = recorded("mono-44k1.f32");
    let (sound, padding) = values.split_at(torchaudio.len());
    // The tolerance of the library's own comparison: torchaudio itself is 9e-4 off a reference in
    // double precision.
    assert!(
        sound
            .iter()
            .zip(&torchaudio)
            .all(|(ours, theirs)| (ours - theirs).abs() <= 1e-3)
    );
    assert!(padding.iter().all(|&value| value == 0.0) && !padding.is_empty());
    let frames = torchaudio.len() / 128;
    assert!(
        told.contains(&format!("x.npy: 1024 × 128, {frames} frames of "))
            && told.contains("at 44100 Hz"),
        "{told}"
    );
}

#[test]
fn its_length_and_filters_can_be_chosen() {
    let folder = tempfile::tempdir().unwrap();
    let clip = fixture("mono-44k1.wav");
    let fbank = |more: &[&str]| {
        done(&amst(
            folder.path(),
            &[&["fbank", clip.to_str().unwrap(), "x.npy"], more].concat(),
        ));
        array(&folder.path().join("x.npy"))
    };
    let (shape, _, values) = fbank(&["--frames", "all"]);
    assert_eq!(
        (shape[0] as usize * 128, shape[1]),
        (recorded("mono-44k1.f32").len(), 128)
    );
    assert!(values.iter().any(|&value| value != 0.0));
    assert_eq!(fbank(&["--frames", "10", "--mels", "40"]).0, [10, 40]);
    let twice = fbank(&["--frames", "all", "--frame-shift-ms", "5"]).0;
    assert!(
        twice[0] >= 2 * shape[0] - 3 && twice[0] <= 2 * shape[0] + 3,
        "{twice:?} {shape:?}"
    );
}

#[test]
fn the_sound_of_a_video_is_read_by_ffmpeg() {
    let test = "the_sound_of_a_video_is_read_by_ffmpeg";
    if amst_frames::Ffmpeg::find()
        .and_then(|ffmpeg| ffmpeg.version())
        .is_err()
    {
        eprintln!("skipped: {test}: there is no ffmpeg here");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let told = done(&amst(
        folder.path(),
        &[
            "fbank",
            video("flv1-mp3-2997.flv").to_str().unwrap(),
            "x.npy",
        ],
    ));
    // 58,752 instants at 22,050 Hz, as the published extraction has them (golden.json).
    assert!(
        told.contains("1024 × 128, 265 frames of 2.66 s at 22050 Hz"),
        "{told}"
    );
    let (_, _, values) = array(&folder.path().join("x.npy"));
    assert!(
        values[..265 * 128].iter().any(|&value| value > -5.0)
            && values[265 * 128..].iter().all(|&v| v == 0.0)
    );
}

#[test]
fn what_is_no_recording_and_settings_out_of_range_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.wav"), "not a recording").unwrap();
    refused(
        &amst(folder.path(), &["fbank", "a.wav", "x.npy"]),
        DATA,
        &["a.wav", "not a WAV file", "ffmpeg"],
    );
    refused(
        &amst(folder.path(), &["fbank", "b.wav", "x.npy"]),
        DATA,
        &["b.wav", "cannot be read"],
    );
    let clip = fixture("mono-8k.wav");
    let fbank = |arguments: &[&str]| {
        amst(
            folder.path(),
            &[&["fbank", clip.to_str().unwrap()], arguments].concat(),
        )
    };
    refused(
        &fbank(&["x.npy", "--mels", "0"]),
        USAGE,
        &["`mels`", "1 to 4096"],
    );
    for frames in ["0", "99999999999999999"] {
        refused(
            &fbank(&["x.npy", "--frames", frames]),
            USAGE,
            &["`target_frames`", frames, "1 to 1000000"],
        );
    }
    refused(
        &fbank(&["x.npy", "--frame-length-ms", "0"]),
        USAGE,
        &["`frame_length_ms`"],
    );
    refused(&fbank(&[clip.to_str().unwrap()]), USAGE, &["two files"]);
    refused(
        &amst(folder.path(), &["fbank", "a.wav", "./a.wav"]),
        USAGE,
        &["two files"],
    );
    std::fs::hard_link(
        folder.path().join("a.wav"),
        folder.path().join("linked.npy"),
    )
    .unwrap();
    refused(
        &amst(folder.path(), &["fbank", "a.wav", "linked.npy"]),
        USAGE,
        &["two files"],
    );
    assert_eq!(
        std::fs::read(folder.path().join("a.wav")).unwrap(),
        b"not a recording"
    );
    refused(
        &fbank(&["no/such/x.npy"]),
        DATA,
        &["no/such/x.npy", "OUT.npy"],
    );
    assert_eq!(
        amst(
            folder.path(),
            &["fbank", "a.wav", "x.npy", "--frames", "many"]
        )
        .status
        .code(),
        Some(USAGE)
    );
    assert!(!folder.path().join("x.npy").exists());
}
