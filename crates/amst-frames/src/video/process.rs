//! A child process whose output is read through a pipe and whose error messages are kept.

use std::ffi::OsString;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio};
use std::thread::JoinHandle;

use crate::FrameError;

/// Lines of error output that are kept, and the bytes of each.
const LINES: usize = 20;
const LINE_BYTES: usize = 300;

/// A running program. It is killed when this is dropped before [`finish`].
///
/// [`finish`]: Process::finish
pub(crate) struct Process {
    program: PathBuf,
    child: Child,
    output: BufReader<ChildStdout>,
    reader_thread: Option<JoinHandle<Vec<String>>>,
}

/// How a program ended.
pub(crate) struct ProcessEnd {
    program: PathBuf,
    pub(crate) status: ExitStatus,
    pub(crate) messages: Vec<String>,
}

impl Process {
    /// Starts a program without a shell and without input.
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
        let (Some(output), Some(errors)) = (child.stdout.take(), child.stderr.take()) else {
            unreachable!("both were asked for as pipes");
        };
        // A full pipe would block the program, so both are read at the same time.
        let reader_thread = std::thread::spawn(move || read_messages(errors));
        let output = BufReader::with_capacity(1 << 16, output);
        Ok(Self {
            program: program.to_owned(),
            child,
            output,
            reader_thread: Some(reader_thread),
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

    /// Waits for the end. Call it only after reading all output, or the program blocks
    /// at the pipe.
    ///
    /// That a program was killed (by a user, or for lack of memory) is no fault of the
    /// file it was reading, so it is another error.
    pub(crate) fn finish(mut self) -> Result<ProcessEnd, FrameError> {
        let status = self
            .child
            .wait()
            .map_err(|error| self.broken(&error.to_string()))?;
        let reader_thread = self.reader_thread.take();
        let messages = reader_thread
            .and_then(|reader_thread| reader_thread.join().ok())
            .unwrap_or_default();
        match status.code() {
            Some(_) => Ok(ProcessEnd {
                program: self.program.clone(),
                status,
                messages,
            }),
            None => Err(self.broken(&format!("it was stopped ({status})"))),
        }
    }

    /// An error about the program itself.
    pub(crate) fn broken(&self, reason: &str) -> FrameError {
        broken(&self.program, reason)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail only if the child has been waited for already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl ProcessEnd {
    /// The first message, or the exit status if there is none.
    pub(crate) fn reason(&self) -> String {
        self.messages
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
fn read_messages(errors: ChildStderr) -> Vec<String> {
    let mut lines = Vec::new();
    let mut reader = BufReader::new(errors);
    let mut line = Vec::new();
    loop {
        line.clear();
        // Long lines are read in parts, so memory stays bounded.
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

/// `[flv @ 0x55d6] Error` as `[flv] Error`, so that messages about a file are reproducible.
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
        let error = Process::start(Path::new("no/such/ffmpeg"), &[])
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
    fn shell(script: &str) -> Process {
        Process::start(Path::new("/bin/sh"), &["-c".into(), script.into()]).unwrap()
    }

    #[cfg(unix)]
    #[test]
    fn complaints_without_end_neither_block_nor_fill_the_memory() {
        let mut process = shell(
            "i=0; while [ $i -lt 20000 ]; do echo complaint $i >&2; i=$((i+1)); done; echo done; exit 3",
        );
        assert_eq!(process.read_to_end().unwrap(), b"done\n");
        let ended = process.finish().unwrap();
        assert_eq!(
            (ended.status.code(), ended.messages.len()),
            (Some(3), LINES)
        );
        assert_eq!(ended.messages[0], "complaint 0");
    }

    #[cfg(unix)]
    #[test]
    fn a_program_let_go_of_is_killed() {
        let process = shell("exec sleep 60");
        let id = process.child.id();
        drop(process);
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
