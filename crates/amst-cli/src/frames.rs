//! `amst frames`.

use std::path::Path;

use amst_frames::{Span, Video, VideoConfig};
use amst_train::TrainError;
use anyhow::Result;

use crate::args::Frames;
use crate::failure::Usage;

/// Writes the kept frames of one video.
pub fn run(args: &Frames) -> Result<()> {
    if !(1..=100).contains(&args.quality) {
        return Err(Usage(format!(
            "`--quality` is {}; give a JPEG quality from 1 to 100",
            args.quality
        ))
        .into());
    }
    let config = VideoConfig {
        kept_per_second: args.per_second,
    };
    config.validate()?;
    let span = args
        .from
        .zip(args.to)
        .map(|(from, to)| Span::new(from, to))
        .transpose()?;
    let mut frames = Video::open(&args.input)?.frames(&config, span)?;
    make_empty(&args.out)?;
    let mut written = 0;
    for frame in frames.by_ref() {
        let frame = frame?;
        let path = args.out.join(frame.file_name());
        std::fs::write(&path, frame.picture.to_jpeg(args.quality)?)
            .map_err(TrainError::io("write", &path, "OUTDIR"))?;
        written += 1;
    }
    if let Some(losses) = frames.losses().filter(|losses| !losses.is_empty()) {
        eprintln!(
            "warning: not all of {} could be decoded: {losses}",
            args.input.display()
        );
    }
    println!(
        "{}: {written} frames of {}",
        args.out.display(),
        args.input.display()
    );
    Ok(())
}

/// Makes the folder, and refuses one with files: frames of another video would mix with these.
fn make_empty(folder: &Path) -> Result<()> {
    let mut entries = std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::read_dir(folder))
        .map_err(TrainError::io("write", folder, "OUTDIR"))?;
    if entries.next().is_some() {
        let remedy = "give a new folder, so that its frames are those of one video";
        return Err(Usage(format!(
            "OUTDIR, {}, is not empty; {remedy}",
            folder.display()
        ))
        .into());
    }
    Ok(())
}
