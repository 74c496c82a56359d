//! Finding ffmpeg and ffprobe.

use std::env::consts::EXE_SUFFIX;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use crate::FrameError;
use crate::video::process::Process;

/// The variable that names the folder of the two programs, or ffmpeg itself.
const VARIABLE: &str = "AMST_FFMPEG";

/// The paths of ffmpeg and ffprobe.
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
    /// [`FrameError::NoFfmpeg`] when the variable names no such programs. Those on
    /// `PATH` are not checked before the first is started.
    pub fn find() -> Result<Self, FrameError> {
        match std::env::var_os(VARIABLE) {
            Some(value) if !value.is_empty() => Self::from_path(value),
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
    pub fn from_path(path: impl AsRef<Path>) -> Result<Self, FrameError> {
        let path = path.as_ref();
        let ffmpeg = if path.is_dir() {
            path.join(format!("ffmpeg{EXE_SUFFIX}"))
        } else {
            path.to_owned()
        };
        let ffprobe = ffmpeg.with_file_name(format!("ffprobe{EXE_SUFFIX}"));
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
        let mut process = self.ffmpeg(&["-version".into()])?;
        let output = process.read_to_end()?;
        let end = process.finish()?;
        let first = output
            .split(|&byte| byte == b'\n')
            .next()
            .unwrap_or_default();
        let words = String::from_utf8_lossy(first);
        let version = words
            .strip_prefix("ffmpeg version ")
            .and_then(|rest| rest.split(' ').next());
        version.map(String::from).ok_or_else(|| {
            end.broken(&format!(
                "it answers `-version` with {words:?} ({})",
                end.reason()
            ))
        })
    }

    /// Starts ffmpeg.
    pub(super) fn ffmpeg(&self, arguments: &[OsString]) -> Result<Process, FrameError> {
        Process::start(&self.ffmpeg, arguments)
    }

    /// Starts ffprobe.
    pub(super) fn ffprobe(&self, arguments: &[OsString]) -> Result<Process, FrameError> {
        Process::start(&self.ffprobe, arguments)
    }
}

/// Arguments of a command line.
pub(super) fn words<const N: usize>(words: [&str; N]) -> Vec<OsString> {
    words.map(OsString::from).to_vec()
}

/// A file's name that ffmpeg takes neither as an option nor as a protocol.
pub(super) fn file_argument(path: &Path) -> OsString {
    let mut name = OsStr::new("file:").to_owned();
    name.push(path);
    name
}
