//! Raw data sets in small, made on the spot: real containers whose pictures say which frame they
//! are.
//!
//! A picture is 64×48: eight columns, black or white, are the bits of a number. The upper half
//! tells the frame's number in its video, the lower half the sample's. Codecs that lose detail keep
//! that. Sound is a tone.

#![allow(dead_code)] // Each test binary needs a part of it.

pub mod ave;
pub mod crema_d;
pub mod iemocap;
pub mod mvsa;
pub mod published_features;
pub mod ur_funny;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use amst_frames::Picture;
use tempfile::TempDir;

/// Pixels of a picture.
pub const SIZE: [usize; 2] = [64, 48];

/// Whether there is an ffmpeg; else the test says by its name that it is skipped.
pub fn has_ffmpeg(test: &str) -> bool {
    let there = Command::new("ffmpeg")
        .arg("-version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok();
    if !there {
        // Past the harness, which keeps what passing tests print to itself.
        let line = format!("skipped: {test}: there is no ffmpeg on PATH\n");
        std::io::stderr().write_all(line.as_bytes()).unwrap();
    }
    there
}

/// A folder of raw files.
pub struct Replica {
    dir: TempDir,
}

/// A video to be made.
#[derive(Clone, Copy)]
pub struct Footage<'a> {
    /// The number in the lower half of every picture.
    pub sample: usize,
    /// How many pictures.
    pub frames: usize,
    /// Pictures a second, as ffmpeg takes it.
    pub rate: &'a str,
    /// Tones of the sound, each so many seconds long; none: no sound.
    pub tones: &'a [(f64, u32)],
    /// What comes behind: codecs and container.
    pub codecs: &'a [&'a str],
}

impl Replica {
    pub fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
        }
    }

    pub fn raw(&self) -> PathBuf {
        self.dir.path().join("raw")
    }

    pub fn store(&self) -> PathBuf {
        self.dir.path().join("store")
    }

    pub fn path(&self, name: &str) -> PathBuf {
        let path = self.raw().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        path
    }

    pub fn put(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.path(name), bytes).unwrap();
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    /// Cuts a file after this share of it.
    pub fn truncate(&self, name: &str, share: f64) {
        let bytes = self.read(name);
        self.put(name, &bytes[..(bytes.len() as f64 * share) as usize]);
    }

    /// Makes a video.
    pub fn film(&self, name: &str, footage: Footage) {
        let rate = footage.rate;
        let mut command = Command::new("ffmpeg");
        command.args([
            "-v", "error", "-nostdin", "-y", "-f", "rawvideo", "-pix_fmt", "gray", "-s", "64x48",
            "-r", rate,
        ]);
        command.args(["-i", "pipe:0"]);
        if !footage.tones.is_empty() {
            let parts = footage.tones.len();
            for (seconds, hertz) in footage.tones {
                command.args([
                    "-f",
                    "lavfi",
                    "-i",
                    &format!("sine=frequency={hertz}:sample_rate=22050:duration={seconds}"),
                ]);
            }
            let inputs: String = (1..=parts).map(|number| format!("[{number}:a]")).collect();
            command.args([
                "-filter_complex",
                &format!("{inputs}concat=n={parts}:v=0:a=1[sound]"),
            ]);
            command.args(["-map", "0:v", "-map", "[sound]"]);
        }
        command.args(footage.codecs).arg(self.path(name));
        let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
        let pictures: Vec<u8> = (0..footage.frames)
            .flat_map(|frame| picture(frame, footage.sample))
            .collect();
        child.stdin.take().unwrap().write_all(&pictures).unwrap();
        assert!(child.wait().unwrap().success(), "ffmpeg cannot make {name}");
    }
}

/// The grey pixels of a picture.
pub fn picture(frame: usize, sample: usize) -> Vec<u8> {
    let [width, height] = SIZE;
    let pixel = |at: usize| {
        let (x, y) = (at % width, at / width);
        let number = if y < height / 2 { frame } else { sample };
        if number >> (x / 8) & 1 == 1 { 220 } else { 30 }
    };
    (0..width * height).map(pixel).collect()
}

/// The same as a JPEG file.
pub fn jpeg(frame: usize, sample: usize) -> Vec<u8> {
    let rgb = picture(frame, sample)
        .into_iter()
        .flat_map(|grey| [grey; 3])
        .collect();
    Picture {
        width: SIZE[0],
        height: SIZE[1],
        rgb,
    }
    .to_jpeg(95)
    .unwrap()
}

/// Which frame of which sample a picture is.
pub fn numbers(picture: &Picture) -> (usize, usize) {
    assert_eq!(
        [picture.width, picture.height],
        SIZE,
        "pictures are kept at their size"
    );
    let number = |top: usize| {
        (0..8)
            .map(|bit| usize::from(brightness(picture, bit * 8, top) > 125.0) << bit)
            .sum()
    };
    (number(0), number(SIZE[1] / 2))
}

/// Mean of the middle of an 8×24 block.
fn brightness(picture: &Picture, left: usize, top: usize) -> f64 {
    let rows = top + 6..top + 18;
    let pixels = rows.flat_map(|y| (left + 2..left + 6).map(move |x| (y * SIZE[0] + x) * 3));
    let values: Vec<f64> = pixels.map(|at| f64::from(picture.rgb[at])).collect();
    values.iter().sum::<f64>() / values.len() as f64
}

/// A mono 16-bit recording of a tone at 16 kHz.
pub fn wav(seconds: f64, hertz: u32) -> Vec<u8> {
    let samples = (seconds * 16_000.0) as usize;
    let tone = |t: usize| {
        (9000.0 * (t as f64 * f64::from(hertz) * std::f64::consts::TAU / 16_000.0).sin()) as i16
    };
    let data: Vec<u8> = (0..samples).map(tone).flat_map(i16::to_le_bytes).collect();
    let mut file = b"RIFF".to_vec();
    file.extend((36 + data.len() as u32).to_le_bytes());
    file.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    [16_000_u32, 32_000]
        .iter()
        .for_each(|n| file.extend(n.to_le_bytes()));
    [2_u16, 16]
        .iter()
        .for_each(|n| file.extend(n.to_le_bytes()));
    file.extend(b"data");
    file.extend((data.len() as u32).to_le_bytes());
    file.extend(data);
    file
}

/// The descriptors of this repository.
pub fn datasets() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../datasets")
}
