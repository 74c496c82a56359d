//! Data sets with faults: a small copy of the embedded one, broken in one place each.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use crate::program::{DATA, USAGE, amst, amst_with, assert_done, assert_refused, datasets};

const DESCRIPTOR: &str = r#"
name = "few"
title = "A few digits"
layout = "csv"
classes = ["0", "1"]

[recipe]
modalities = ["audio", "visual"]
method = "amst-alt"
epochs = 1
batch_size = 4
audio = { mels = 20, target_frames = 50, width = 2, stem = "small" }
visual = { size = [16, 16], channels = 1, frames = 1, mean = [0.1], std = [0.3], flip = 0.0, width = 2, stem = "small" }
"#;

/// Twelve samples: two classes, four samples of each in training, one in the other splits.
struct Few {
    folder: tempfile::TempDir,
    rows: Vec<[String; 5]>,
}

impl Few {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let rows = picked();
        for path in rows.iter().flat_map(|row| &row[3..]) {
            let to = folder.path().join(path);
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::copy(datasets().join("world-digits").join(path), to).unwrap();
        }
        fs::write(folder.path().join("dataset.toml"), DESCRIPTOR).unwrap();
        let few = Self { folder, rows };
        few.write(&few.manifest());
        few
    }

    fn manifest(&self) -> String {
        let lines = self
            .rows
            .iter()
            .map(|row| row.join(",") + "\n")
            .collect::<String>();
        format!("id,label,split,audio,image\n{lines}")
    }

    fn write(&self, manifest: &str) {
        fs::write(self.folder.path().join("manifest.csv"), manifest).unwrap();
    }

    /// The file of a row: column 3 is its recording, 4 its picture.
    fn file(&self, row: usize, column: usize) -> PathBuf {
        self.folder.path().join(&self.rows[row][column])
    }

    fn train(&self) -> Output {
        self.train_with(&[])
    }

    fn train_with(&self, variables: &[(&str, &str)]) -> Output {
        let out = self.folder.path().join(".runs");
        let dataset = self.folder.path().to_str().unwrap();
        let arguments = ["train", "--dataset", dataset, "--progress", "none"];
        amst_with(&arguments, &out, variables)
    }

    fn refused(&self, parts: &[&str]) {
        assert_refused(&self.train(), DATA, parts);
        let results = self.folder.path().join(".runs").join("few");
        assert!(!results.exists(), "no run begins on data with faults");
    }
}

/// Id, label, split, recording and picture of the first samples that are needed.
fn picked() -> Vec<[String; 5]> {
    let text = fs::read_to_string(datasets().join("world-digits/manifest.csv")).unwrap();
    let mut rows = Vec::new();
    for (split, count) in [("train", 4), ("val", 1), ("test", 1)] {
        for label in ["0", "1"] {
            let cells = text
                .lines()
                .skip(1)
                .map(|line| line.split(',').collect::<Vec<_>>());
            let of_both =
                cells.filter(|cells| cells[1] == label && *cells.last().unwrap() == split);
            rows.extend(
                of_both
                    .take(count)
                    .map(|c| [c[0], c[1], split, c[3], c[4]].map(String::from)),
            );
        }
    }
    assert_eq!(rows.len(), 12);
    rows
}

fn cut_in_half(path: &Path) {
    let bytes = fs::read(path).unwrap();
    fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
}

#[test]
fn the_copy_itself_trains() {
    let few = Few::new();
    assert_done(&few.train());
}

#[test]
fn a_manifest_with_carriage_returns_and_a_byte_order_mark_trains() {
    let few = Few::new();
    few.write(&format!("\u{feff}{}", few.manifest().replace('\n', "\r\n")));
    assert_done(&few.train());
}

#[test]
fn a_missing_file_is_refused_with_its_path() {
    let few = Few::new();
    fs::remove_file(few.file(0, 4)).unwrap();
    few.refused(&["missing files (1)", &few.rows[0][4], "restore them"]);
}

/// The default data set half checked out: what is missing is named, and the command that brings it.
#[test]
fn an_embedded_data_set_that_is_half_there_says_how_to_restore_it() {
    let folder = tempfile::tempdir().unwrap();
    let digits = folder.path().join("spoken-digits");
    fs::create_dir_all(digits.join("audio")).unwrap();
    fs::create_dir(digits.join("image")).unwrap();
    let shipped = datasets().join("spoken-digits");
    fs::copy(shipped.join("dataset.toml"), digits.join("dataset.toml")).unwrap();
    let train = || {
        let arguments = ["train", "--dataset", digits.to_str().unwrap()];
        amst(&arguments, folder.path())
    };
    let restore = "git checkout -- datasets/spoken-digits";
    assert_refused(&train(), DATA, &["manifest.csv"]);
    fs::copy(shipped.join("manifest.csv"), digits.join("manifest.csv")).unwrap();
    for speaker in ["george", "jackson", "lucas", "nicolas", "theo", "yweweler"] {
        for file in [
            format!("audio/{speaker}.flac"),
            format!("image/{speaker}.png"),
        ] {
            if file != "audio/theo.flac" {
                fs::copy(shipped.join(&file), digits.join(&file)).unwrap();
            }
        }
    }
    assert_refused(
        &train(),
        DATA,
        &["missing files (1)", "audio/theo.flac", restore],
    );
}

#[test]
fn a_duplicate_id_is_refused() {
    let mut few = Few::new();
    few.rows[1][0] = few.rows[0][0].clone();
    few.write(&few.manifest());
    few.refused(&["duplicate ids (1)", &few.rows[0][0]]);
}

#[test]
fn a_label_that_the_descriptor_does_not_list_is_refused() {
    let mut few = Few::new();
    few.rows[0][1] = "seven".into();
    few.write(&few.manifest());
    few.refused(&["unknown labels (1)", "seven", "`classes` in dataset.toml"]);
}

#[test]
fn an_unknown_split_is_refused() {
    let mut few = Few::new();
    few.rows[0][2] = "dev".into();
    few.write(&few.manifest());
    few.refused(&["unknown splits (1)", "dev", "`val`"]);
}

#[test]
fn a_split_that_names_nothing_is_refused() {
    let mut few = Few::new();
    few.rows.retain(|row| row[2] != "val");
    few.write(&few.manifest());
    few.refused(&["splits that name nothing", "val"]);
}

#[test]
fn a_class_without_a_training_sample_is_refused() {
    let mut few = Few::new();
    few.rows.retain(|row| row[2] != "train" || row[1] != "1");
    few.write(&few.manifest());
    few.refused(&["classes without a training sample", "1"]);
}

#[test]
fn every_fault_of_a_manifest_is_told_at_once() {
    let mut few = Few::new();
    few.rows[0][1] = "seven".into();
    few.rows[2][2] = "dev".into();
    few.write(&few.manifest());
    few.refused(&["unknown labels (1)", "unknown splits (1)"]);
}

#[test]
fn a_missing_manifest_is_refused_with_its_path() {
    let few = Few::new();
    fs::remove_file(few.folder.path().join("manifest.csv")).unwrap();
    few.refused(&["manifest.csv"]);
}

#[test]
fn a_descriptor_with_an_unknown_key_is_refused() {
    let few = Few::new();
    let misspelt = DESCRIPTOR.replace("epochs = 1", "epocks = 1");
    fs::write(few.folder.path().join("dataset.toml"), misspelt).unwrap();
    assert_refused(
        &few.train(),
        USAGE,
        &["unknown key `epocks`", "did you mean `epochs`"],
    );
    fs::write(few.folder.path().join("dataset.toml"), "name = ").unwrap();
    assert_refused(&few.train(), USAGE, &["dataset.toml"]);
}

#[test]
fn a_truncated_recording_is_used_as_far_as_it_goes_and_counted() {
    let few = Few::new();
    cut_in_half(&few.file(0, 3));
    // `--progress none` hides progress, and no warning.
    let output = few.train();
    assert_done(&output);
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(
        message.contains("warning: 1 recording is not as long"),
        "{message}"
    );
    assert!(message.contains(&few.rows[0][3]), "{message}");
}

#[test]
fn a_recording_that_is_none_is_refused() {
    let few = Few::new();
    fs::write(few.file(0, 3), b"no recording at all").unwrap();
    few.refused(&[
        "audio sources cannot be used",
        &few.rows[0][3],
        "repair or replace",
    ]);
}

#[test]
fn an_empty_recording_and_one_that_is_no_recording_are_refused() {
    for content in [
        &b""[..],
        b"this is no recording at all, whatever its name says",
    ] {
        let few = Few::new();
        fs::write(few.file(0, 3), content).unwrap();
        few.refused(&["audio sources cannot be used", &few.rows[0][3]]);
    }
}

/// A tenth of a second of 32-bit floats at 8 kHz, one of which is not a number.
fn recording_with_a_nan() -> Vec<u8> {
    let mut samples = vec![0.25f32; 800];
    samples[400] = f32::NAN;
    let data: Vec<u8> = samples.iter().flat_map(|s| s.to_le_bytes()).collect();
    let [riff, rate, bytes, size] =
        [36 + data.len() as u32, 8000, 32000, data.len() as u32].map(u32::to_le_bytes);
    let format = [
        &b"fmt "[..],
        &16u32.to_le_bytes(),
        &[3, 0, 1, 0],
        &rate,
        &bytes,
        &[4, 0, 32, 0],
    ]
    .concat();
    [&b"RIFF"[..], &riff, b"WAVE", &format, b"data", &size, &data].concat()
}

#[test]
fn a_recording_that_holds_no_numbers_is_refused() {
    let few = Few::new();
    fs::write(few.file(0, 3), recording_with_a_nan()).unwrap();
    few.refused(&["audio sources cannot be used", &few.rows[0][3]]);
}

/// The first page of an Ogg file with the first packet of Opus.
fn start_of_opus() -> Vec<u8> {
    let page = [b"OggS\0\x02".as_slice(), &[0; 20], &[1, 19]].concat();
    [page.as_slice(), b"OpusHead\x01\x01", &[0; 9]].concat()
}

#[test]
fn a_recording_that_ffmpeg_would_read_names_what_is_missing() {
    let few = Few::new();
    fs::write(few.file(0, 3), start_of_opus()).unwrap();
    let output = few.train_with(&[("AMST_FFMPEG", "/no/such/folder")]);
    let parts = [
        &few.rows[0][3],
        "Opus sound, which ffmpeg reads",
        "apt-get install ffmpeg",
        "AMST_FFMPEG",
    ];
    assert_refused(&output, DATA, &parts);
}

#[test]
fn half_a_picture_is_refused() {
    let few = Few::new();
    cut_in_half(&few.file(0, 4));
    few.refused(&["visual sources cannot be used", &few.rows[0][4]]);
}

#[test]
fn data_that_was_repaired_trains() {
    let few = Few::new();
    let whole = fs::read(few.file(0, 3)).unwrap();
    fs::write(few.file(0, 3), b"no recording at all").unwrap();
    few.refused(&["cannot be used"]);
    fs::write(few.file(0, 3), whole).unwrap();
    assert_done(&few.train());
}
