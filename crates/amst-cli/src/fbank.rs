//! `amst fbank`.

use std::ffi::OsStr;
use std::path::Path;

use amst_fbank::{FbankConfig, Wave};
use anyhow::Result;

use crate::args::{Fbank, FrameCount};
use crate::failure::Usage;
use crate::npy;

/// Writes the features of one recording.
pub fn run(args: &Fbank) -> Result<()> {
    if npy::is_same(&args.input, &args.out) {
        return Err(Usage(
            "the recording and OUT.npy are two files; give each its own name".into(),
        )
        .into());
    }
    let target_frames = match args.frames {
        FrameCount::Fixed(frames) => Some(frames),
        FrameCount::All => None,
    };
    let config = FbankConfig {
        mels: args.mels,
        target_frames,
        frame_length_ms: args.frame_length_ms,
        frame_shift_ms: args.frame_shift_ms,
        ..FbankConfig::default()
    };
    config.validate()?;
    let wave = sound(&args.input)?;
    let features = amst_fbank::fbank(&wave, &config)?;
    let rows = target_frames.unwrap_or(features.frames);
    npy::write(
        &args.out,
        "OUT.npy",
        [rows as u64, args.mels as u64],
        features.padded(rows).into_iter(),
    )?;
    let (seconds, rate) = (wave.seconds(), wave.sample_rate);
    let used = features.frames;
    println!(
        "{}: {rows} × {}, {used} frames of {seconds:.2} s at {rate} Hz",
        args.out.display(),
        args.mels
    );
    Ok(())
}

/// A WAV file is read here, as training does; the rest by ffmpeg.
fn sound(path: &Path) -> Result<Wave> {
    if path
        .extension()
        .is_some_and(|ending| ending.eq_ignore_ascii_case(OsStr::new("wav")))
    {
        return Ok(Wave::read(path)?);
    }
    let sound = amst_frames::audio(path, None)?;
    if !sound.losses.is_empty() {
        eprintln!(
            "warning: not all of {} could be decoded: {}",
            path.display(),
            sound.losses
        );
    }
    Ok(Wave {
        samples: sound.samples,
        channels: sound.channels,
        sample_rate: sound.sample_rate,
    })
}
