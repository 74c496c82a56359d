//! The clips, what OpenCV reads out of them, and what is skipped where.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use amst_frames::{Ffmpeg, FrameError, Picture};
use serde::Deserialize;

/// Side of the crops in the strips.
const SIDE: usize = 40;

#[derive(Deserialize)]
pub struct Golden {
    pub made: BTreeMap<String, Read>,
    pub real: BTreeMap<String, Read>,
    pub sound: BTreeMap<String, Heard>,
    pub spans: Vec<Cut>,
}

/// What OpenCV reads out of a clip.
#[derive(Deserialize)]
pub struct Read {
    pub rate: f64,
    pub declared: usize,
    pub size: [usize; 2],
    /// Indices by frames kept a second.
    pub kept: BTreeMap<u32, Vec<usize>>,
}

/// What the published extraction to WAV holds.
#[derive(Deserialize)]
pub struct Heard {
    pub channels: usize,
    pub sample_rate: u32,
    pub instants: usize,
    pub rms: f64,
    pub at: usize,
    pub some: Vec<i16>,
}

/// What OpenCV reads out of a span cut out by the published command.
#[derive(Deserialize)]
pub struct Cut {
    pub start: f64,
    pub end: f64,
    pub kept: BTreeMap<u32, Vec<usize>>,
    pub strip: String,
}

pub fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/video")
        .join(name)
}

pub fn golden() -> Golden {
    let text = std::fs::read_to_string(fixture("golden.json")).expect("the goldens can be read");
    serde_json::from_str(&text).expect("the goldens are understood")
}

/// The ffmpeg to test with; without one the test is skipped, by name.
pub fn ffmpeg(test: &str) -> Option<Ffmpeg> {
    let found = Ffmpeg::find().and_then(|ffmpeg| ffmpeg.version().map(|_| ffmpeg));
    match found {
        Ok(ffmpeg) => Some(ffmpeg),
        Err(FrameError::NoFfmpeg { .. }) => skip(test, "there is no ffmpeg here"),
        Err(error) => panic!("{error}"),
    }
}

/// Past the capture of tests that pass: it must be seen by the person who runs them.
fn skip<T>(test: &str, reason: &str) -> Option<T> {
    let line = format!("skipped: {test}: {reason}\n");
    std::io::stderr()
        .write_all(line.as_bytes())
        .expect("standard error can be written to");
    None
}

/// The real clips, unpacked; they are not part of the repository.
pub struct Real(tempfile::TempDir);

impl Real {
    pub fn unpack(test: &str) -> Option<Self> {
        let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
        let shared = std::env::var_os("AMST_SHARED").map_or(beside, PathBuf::from);
        let archive = shared.join("data/video-clips.tar.gz");
        if !archive.is_file() {
            return skip(
                test,
                "shared/data/video-clips.tar.gz is not here (AMST_SHARED names the folder `shared`)",
            );
        }
        let folder = tempfile::tempdir().expect("a temporary folder");
        let tar = Command::new("tar")
            .arg("xzf")
            .arg(&archive)
            .arg("-C")
            .arg(folder.path())
            .status();
        assert!(
            tar.expect("tar can be started").success(),
            "{} cannot be unpacked",
            archive.display()
        );
        Some(Self(folder))
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join("video-clips").join(name)
    }
}

/// The middle of each picture, one above the other, as `make.py` cuts them out.
fn strip(pictures: &[&Picture]) -> Vec<u8> {
    let mut rgb = Vec::new();
    for picture in pictures {
        let top = picture.height.saturating_sub(SIDE) / 2;
        let left = picture.width.saturating_sub(SIDE) / 2;
        for row in picture
            .rgb
            .chunks_exact(picture.width * 3)
            .skip(top)
            .take(SIDE)
        {
            rgb.extend(row.iter().skip(left * 3).take(SIDE * 3));
        }
    }
    rgb
}

/// Holds pictures to a strip of OpenCV's: 99 % of the values within 2 of 255.
/// The same conversion of the same decoded frame gives the same bytes, and does
/// with the ffmpeg of Debian 12; the tolerance is for decoders and converters
/// that round in another way on another processor.
pub fn assert_as_opencv_reads(name: &str, pictures: &[&Picture], golden: &str) {
    let golden = Picture::read(fixture(golden)).expect("a strip can be read");
    let ours = strip(pictures);
    assert_eq!(
        ours.len(),
        golden.rgb.len(),
        "{name}: as many crops of the same size"
    );
    let differences: Vec<u8> = ours
        .iter()
        .zip(&golden.rgb)
        .map(|(&a, &b)| a.abs_diff(b))
        .collect();
    let share =
        |limit: u8| differences.iter().filter(|&&d| d <= limit).count() as f64 / ours.len() as f64;
    println!(
        "{name}: equal {:.3} %, within 2 {:.3} %",
        share(0) * 100.0,
        share(2) * 100.0
    );
    assert!(
        share(2) >= 0.99,
        "{name}: only {:.2} % within 2",
        share(2) * 100.0
    );
}
