//! One process, its output through a pipe, its complaints kept.

use std::ffi::OsString;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio};
use std::thread::JoinHandle;

use crate::FrameError;

/// Complaints that are kept, and how much of each.
const LINES: usize = 20;
const LINE_BYTES: usize = 300;

/// A program at work. It is killed when this is dropped before [`finish`].
///
/// [`finish`]: Running::finish
pub(crate) struct Running {
    program: PathBuf,
    child: Child,
    output: BufReader<ChildStdout>,
    listener: Option<JoinHandle<Vec<String>>>,
}

/// How a program ended.
pub(crate) struct Ended {
    program: PathBuf,
    pub(crate) status: ExitStatus,
    pub(crate) complaints: Vec<String>,
}

impl Running {
    /// Starts a program without a shell; it can read nothing from us.
    pub(crate) fn start(program: &Path, arguments: &[OsString]) -> Result<Self, FrameError> {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command
            .spawn()
            .map_err(|source| cannot_start(program, source))?;
        let (Some(output), Some(complaints)) = (child.stdout.take(), child.stderr.take()) else {
            unreachable!("both were asked for as pipes");
        };
        // A full pipe would stop the program, so both are emptied at once.
        let listener = std::thread::spawn(move || listen(complaints));
        let output = BufReader::with_capacity(1 << 16, output);
        Ok(Self {
            program: program.to_owned(),
            child,
            output,
            listener: Some(listener),
        })
    }

    /// What the program writes.
    pub(crate) fn output(&mut self) -> &mut impl BufRead {
        &mut self.output
    }

    /// Everything the program writes from here on.
    pub(crate) fn read_to_end(&mut self) -> Result<Vec<u8>, FrameError> {
        let mut bytes = Vec::new();
        self.output
            .read_to_end(&mut bytes)
            .map_err(|error| self.broken(&error.to_string()))?;
        Ok(bytes)
    }

    /// Waits for the end; to be called once everything was read, or the program
    /// will wait at the pipe.
    ///
    /// A program that was killed (by a person, or for want of memory) says
    /// nothing about the file it was reading: that is an error of its own.
    pub(crate) fn finish(mut self) -> Result<Ended, FrameError> {
        let status = self
            .child
            .wait()
            .map_err(|error| self.broken(&error.to_string()))?;
        let listener = self.listener.take();
        let complaints = listener
            .and_then(|listener| listener.join().ok())
            .unwrap_or_default();
        match status.code() {
            Some(_) => Ok(Ended {
                program: self.program.clone(),
                status,
                complaints,
            }),
            None => Err(self.broken(&format!("it was stopped ({status})"))),
        }
    }

    /// An error about the program itself.
    pub(crate) fn broken(&self, reason: &str) -> FrameError {
        broken(&self.program, reason)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail only where the child has ended and been waited for already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Ended {
    /// The first complaint, or the exit status of one that went in silence.
    pub(crate) fn reason(&self) -> String {
        self.complaints
            .first()
            .cloned()
            .unwrap_or_else(|| self.status.to_string())
    }

    /// An error about the program itself.
    pub(crate) fn broken(&self, reason: &str) -> FrameError {
        broken(&self.program, reason)
    }
}

fn broken(program: &Path, reason: &str) -> FrameError {
    FrameError::FfmpegBroken {
        program: program.to_owned(),
        reason: reason.to_owned(),
    }
}

fn cannot_start(program: &Path, source: io::Error) -> FrameError {
    match source.kind() {
        io::ErrorKind::NotFound => FrameError::NoFfmpeg {
            program: program.to_owned(),
        },
        _ => broken(program, &source.to_string()),
    }
}

/// Reads to the end, keeping the first lines only.
fn listen(complaints: ChildStderr) -> Vec<String> {
    let mut lines = Vec::new();
    let mut reader = BufReader::new(complaints);
    let mut line = Vec::new();
    loop {
        line.clear();
        // Part of a line without an end is read at a time, so memory stays bounded.
        let read = reader
            .by_ref()
            .take(LINE_BYTES as u64)
            .read_until(b'\n', &mut line);
        if !matches!(read, Ok(bytes) if bytes > 0) {
            return lines;
        }
        let text = without_addresses(String::from_utf8_lossy(&line).trim());
        if lines.len() < LINES && !text.is_empty() {
            lines.push(text);
        }
    }
}

/// `[flv @ 0x55d6] Error` as `[flv] Error`: the same file, the same words.
fn without_addresses(line: &str) -> String {
    let mut parts = line.split(" @ 0x");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        text.push_str(part.trim_start_matches(|c: char| c.is_ascii_hexdigit()));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_left_out_of_complaints() {
        assert_eq!(
            without_addresses("[flv @ 0x55f4] Error at MB: 234"),
            "[flv] Error at MB: 234"
        );
        assert_eq!(
            without_addresses("[in#0 @ 0x1] [mov @ 0xab] cut"),
            "[in#0] [mov] cut"
        );
        assert_eq!(without_addresses("me @ home"), "me @ home");
    }

    #[test]
    fn a_program_that_is_not_there_is_named_with_the_packages() {
        let error = Running::start(Path::new("no/such/ffmpeg"), &[])
            .map(|_| ())
            .unwrap_err();
        assert!(matches!(error, FrameError::NoFfmpeg { .. }));
        let said = error.to_string();
        assert!(
            said.contains("no/such/ffmpeg") && said.contains("apt-get install ffmpeg"),
            "{said}"
        );
    }

    #[cfg(unix)]
    fn shell(script: &str) -> Running {
        Running::start(Path::new("/bin/sh"), &["-c".into(), script.into()]).unwrap()
    }

    #[cfg(unix)]
    #[test]
    fn complaints_without_end_neither_block_nor_fill_the_memory() {
        let mut running = shell(
            "i=0; while [ $i -lt 20000 ]; do echo complaint $i >&2; i=$((i+1)); done; echo done; exit 3",
        );
        assert_eq!(running.read_to_end().unwrap(), b"done\n");
        let ended = running.finish().unwrap();
        assert_eq!(
            (ended.status.code(), ended.complaints.len()),
            (Some(3), LINES)
        );
        assert_eq!(ended.complaints[0], "complaint 0");
    }

    #[cfg(unix)]
    #[test]
    fn a_program_let_go_of_is_killed() {
        let running = shell("exec sleep 60");
        let id = running.child.id();
        drop(running);
        // Signal 0 asks whether the process is still there.
        let status = Command::new("/bin/kill")
            .args(["-0", &id.to_string()])
            .stderr(Stdio::null())
            .status();
        assert!(!status.unwrap().success(), "process {id} is still there");
    }

    #[cfg(unix)]
    #[test]
    fn a_program_that_was_killed_is_not_the_files_fault() {
        let error = shell("kill -9 $$").finish().map(|_| ()).unwrap_err();
        assert!(matches!(error, FrameError::FfmpegBroken { .. }), "{error}");
    }
}
