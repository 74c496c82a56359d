//! Finding ffmpeg and ffprobe.

use std::env::consts::EXE_SUFFIX;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use crate::FrameError;
use crate::video::pipe::Running;

/// The variable that names the folder of the two programs, or ffmpeg itself.
const VARIABLE: &str = "AMST_FFMPEG";

/// Where the two programs are that read videos.
///
/// Any ffmpeg from 4.2 on will do. Debian and Ubuntu: `apt-get install ffmpeg`;
/// conda: `conda install -c conda-forge ffmpeg`; macOS: `brew install ffmpeg`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ffmpeg {
    ffmpeg: PathBuf,
    ffprobe: PathBuf,
}

impl Ffmpeg {
    /// The programs that the variable `AMST_FFMPEG` names (the folder with both,
    /// or the path of ffmpeg with ffprobe beside it), otherwise those on `PATH`.
    ///
    /// # Errors
    /// [`FrameError::NoFfmpeg`] when the variable names no such programs. Whether
    /// `PATH` has them turns out when the first is started.
    pub fn find() -> Result<Self, FrameError> {
        match std::env::var_os(VARIABLE) {
            Some(value) if !value.is_empty() => Self::at(value),
            _ => Ok(Self {
                ffmpeg: "ffmpeg".into(),
                ffprobe: "ffprobe".into(),
            }),
        }
    }

    /// The programs in a folder, or an ffmpeg with ffprobe beside it.
    ///
    /// # Errors
    /// [`FrameError::NoFfmpeg`] when one of them is not there.
    pub fn at(place: impl AsRef<Path>) -> Result<Self, FrameError> {
        let place = place.as_ref();
        let program = |folder: &Path, name: &str| folder.join(format!("{name}{EXE_SUFFIX}"));
        let ffmpeg = if place.is_dir() {
            program(place, "ffmpeg")
        } else {
            place.to_owned()
        };
        let ffprobe = program(ffmpeg.parent().unwrap_or(Path::new("")), "ffprobe");
        for program in [&ffmpeg, &ffprobe] {
            if !program.is_file() {
                return Err(FrameError::NoFfmpeg {
                    program: program.clone(),
                });
            }
        }
        Ok(Self { ffmpeg, ffprobe })
    }

    /// The version that ffmpeg says it is, such as `5.1.9-0+deb12u1`.
    ///
    /// # Errors
    /// [`FrameError::NoFfmpeg`] when there is no ffmpeg,
    /// [`FrameError::FfmpegBroken`] when it does not answer as ffmpeg does.
    pub fn version(&self) -> Result<String, FrameError> {
        let mut running = self.ffmpeg(&["-version".into()])?;
        let output = running.read_to_end()?;
        let said = running.finish()?;
        let first = output
            .split(|&byte| byte == b'\n')
            .next()
            .unwrap_or_default();
        let words = String::from_utf8_lossy(first);
        let version = words
            .strip_prefix("ffmpeg version ")
            .and_then(|rest| rest.split(' ').next());
        let unknown = || {
            said.broken(&format!(
                "it answers `-version` with {words:?} ({})",
                said.reason()
            ))
        };
        version.map(String::from).ok_or_else(unknown)
    }

    /// Starts ffmpeg.
    pub(super) fn ffmpeg(&self, arguments: &[OsString]) -> Result<Running, FrameError> {
        Running::start(&self.ffmpeg, arguments)
    }

    /// Starts ffprobe.
    pub(super) fn ffprobe(&self, arguments: &[OsString]) -> Result<Running, FrameError> {
        Running::start(&self.ffprobe, arguments)
    }
}

/// Words of a command line.
pub(super) fn words<const N: usize>(words: [&str; N]) -> Vec<OsString> {
    words.map(OsString::from).to_vec()
}

/// The name of a file as ffmpeg takes it literally: not as an option, whatever
/// it begins with, and not as a protocol or a playlist of others.
pub(super) fn literal(path: &Path) -> OsString {
    let mut name = OsStr::new("file:").to_owned();
    name.push(path);
    name
}
