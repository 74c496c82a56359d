//! `amst fbank` and `amst frames`.

use std::path::PathBuf;

use clap::Args;

/// `amst fbank`.
#[derive(Debug, Args)]
pub struct Fbank {
    /// A WAV file, or anything else that ffmpeg finds sound in
    pub input: PathBuf,
    /// The npy file to write: float32, frames × mels
    #[arg(value_name = "OUT.npy")]
    pub out: PathBuf,
    /// Frames in the file: more are cut off, fewer are followed by rows of 0; `all` keeps what
    /// there is
    #[arg(long, value_name = "N|all", value_parser = frames, default_value = "1024")]
    pub frames: FrameCount,
    /// Mel filters
    #[arg(long, value_name = "N", default_value_t = 128)]
    pub mels: usize,
    /// Length of a frame in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 25.0)]
    pub frame_length_ms: f32,
    /// Distance between two frames in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 10.0)]
    pub frame_shift_ms: f32,
}

/// How many rows the features get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameCount {
    /// So many.
    Fixed(usize),
    /// As many as the sound has.
    All,
}

fn frames(word: &str) -> Result<FrameCount, String> {
    match word {
        "all" => Ok(FrameCount::All),
        number => number
            .parse()
            .map(FrameCount::Fixed)
            .map_err(|_| "give a number of frames, or `all`".into()),
    }
}

/// `amst frames`.
#[derive(Debug, Args)]
pub struct Frames {
    /// The video
    pub input: PathBuf,
    /// The folder for `00000.jpg`, `00029.jpg` and so on, by the number of the frame; made if it is
    /// not there
    #[arg(value_name = "OUTDIR")]
    pub out: PathBuf,
    /// Frames kept of each second: 1 in the paper, 2 for IEMOCAP
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub per_second: u32,
    /// Only from this second on
    #[arg(long, value_name = "SECONDS", requires = "to")]
    pub from: Option<f64>,
    /// Only up to this second
    #[arg(long, value_name = "SECONDS", requires = "from")]
    pub to: Option<f64>,
    /// JPEG quality, 1 to 100; OpenCV's is 95
    #[arg(long, value_name = "N", default_value_t = 95)]
    pub quality: u8,
}
