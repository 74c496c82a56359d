//! How far the data of each stream reaches.

use std::collections::BTreeMap;
use std::io::BufRead;
use std::path::Path;

use crate::FrameError;
use crate::video::ffmpeg::{Ffmpeg, file_argument, words};

/// How far a stream may end before its declared end, in seconds: containers round lengths, and the
/// last frame of a variable rate has none.
const TOLERANCE: f64 = 0.5;

/// Where the last packet of each stream ends, in seconds from the beginning of the file.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Reach(BTreeMap<usize, f64>);

impl Reach {
    /// Reads the whole file without decoding it.
    pub(super) fn read(ffmpeg: &Ffmpeg, path: &Path) -> Result<Self, FrameError> {
        let mut arguments = words([
            "-v",
            "error",
            "-protocol_whitelist",
            "file",
            "-of",
            "csv=p=0",
            "-show_entries",
            "packet=stream_index,pts_time,dts_time,duration_time",
        ]);
        arguments.push(file_argument(path));
        let mut process = ffmpeg.ffprobe(&arguments)?;
        let mut reach = Self::default();
        let mut line = String::new();
        loop {
            line.clear();
            let read = process.output().read_line(&mut line);
            if read.map_err(|error| process.broken(&error.to_string()))? == 0 {
                break;
            }
            reach.add(&line);
        }
        process.finish()?;
        Ok(reach)
    }

    /// Takes in a packet: its stream, its time of display, its time of decoding, its length.
    fn add(&mut self, line: &str) -> Option<()> {
        let mut cells = line.trim().split(',');
        let stream = cells.next()?.parse().ok()?;
        let mut time = || cells.next().and_then(|cell| cell.parse::<f64>().ok());
        let [shown, decoded, length] = [time(), time(), time()];
        let end = shown.or(decoded)? + length.unwrap_or(0.0);
        let known = self.0.entry(stream).or_insert(end);
        *known = known.max(end);
        Some(())
    }

    /// Whether a stream holds what is declared: it reaches the end of `own` seconds, or any stream
    /// that of the `file`'s.
    ///
    /// A file's length is that of its longest stream, so a stream may well end before it.
    pub(super) fn is_whole(&self, stream: usize, own: Option<f64>, file: Option<f64>) -> bool {
        let reached = |end: f64, declared: f64| end >= declared - TOLERANCE;
        match (own, file) {
            (Some(own), _) => self.0.get(&stream).is_some_and(|&end| reached(end, own)),
            (None, Some(file)) => self.0.values().any(|&end| reached(end, file)),
            (None, None) => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reach() -> Reach {
        let mut reach = Reach::default();
        for line in [
            "0,0.000000,0.000000,0.040000\n",
            "1,0.0,0.0,0.026\n",
            "0,1.960000,1.880000,0.040000\n",
            "0,1.920000,1.920000,0.040000\n",
            "1,N/A,3.0,N/A\n",
            "2,N/A,N/A,N/A\n",
            "nonsense\n",
        ] {
            reach.add(line);
        }
        reach
    }

    #[test]
    fn the_last_packet_to_be_shown_need_not_be_the_last_in_the_file() {
        assert_eq!(reach().0, [(0, 2.0), (1, 3.0)].into());
    }

    #[test]
    fn a_stream_is_held_to_its_own_length_and_all_together_to_the_files() {
        let reach = reach();
        let whole = |own, file| reach.is_whole(0, own, file);
        assert!(whole(Some(2.3), Some(9.0)));
        assert!(!whole(Some(2.6), Some(2.0)));
        assert!(whole(None, Some(3.4)), "the other stream reaches it");
        assert!(!whole(None, Some(3.6)));
        assert!(whole(None, None));
        assert!(!reach.is_whole(2, Some(0.6), None), "a stream without data");
    }
}
