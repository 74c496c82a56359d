//! Other processes: this test binary again, in a role that the environment names.

use std::io::{BufRead, BufReader, Lines, Write};
use std::path::{Path, PathBuf};
use std::process::{ChildStdout, Command, Stdio};
use std::time::Duration;

use amst_lease::{Lease, LeaseError, Options};
use rustix::process::{Pid, Signal, kill_process};

use crate::{grid, race, suspended};

const ROLE: &str = "AMST_LEASE_ROLE";
const DIR: &str = "AMST_LEASE_DIR";
const EXPIRY: &str = "AMST_LEASE_EXPIRY_MS";

/// A test without a role; in another process, that role.
#[test]
fn child_process() {
    match std::env::var(ROLE).as_deref() {
        Ok("hold") => hold(),
        Ok("write") => suspended::write_until_lost(),
        Ok("race") => race::claim_what_is_named(),
        Ok("grid") => grid::work(),
        Ok(other) => panic!("there is no role {other}"),
        Err(_) => {}
    }
}

/// The directory that a child was given.
pub fn dir() -> PathBuf {
    std::env::var_os(DIR).expect("a directory").into()
}

/// Those that a child was given: without `flock` and without waiting.
pub fn options() -> Options {
    let expiry = std::env::var(EXPIRY).ok().and_then(|ms| ms.parse().ok());
    without_flock(expiry.expect("an expiry"))
}

/// A lease alone.
pub fn without_flock(expiry_ms: u64) -> Options {
    Options {
        expiry: Duration::from_millis(expiry_ms),
        settle: Duration::ZERO,
        flock: false,
    }
}

/// Tells the parent.
pub fn say(word: impl std::fmt::Display) {
    // What the test harness wrote stands on the line before. A parent that is no longer interested
    // has closed its end.
    writeln!(std::io::stdout(), "\n@{word}").ok();
}

/// Claims, says what came of it, and holds the lease until the parent closes its end.
fn hold() {
    let options = Options {
        flock: Options::default().flock,
        ..options()
    };
    let mut lease = match Lease::claim(&dir(), &options) {
        Ok(lease) => lease,
        Err(error) => return say(format_args!("refused {error}")),
    };
    for warning in lease.take_warnings() {
        say(format_args!("warning {warning}"));
    }
    assert!(lease.take_warnings().is_empty(), "once");
    say("claimed");
    std::io::stdin().lines().next();
    match lease.check() {
        Ok(()) => say("mine"),
        Err(error @ LeaseError::Lost { .. }) => say(format_args!("lost {error}")),
        Err(error) => panic!("{error}"),
    }
}

/// A child process. It is killed when this is dropped.
pub struct Child {
    process: std::process::Child,
    lines: Lines<BufReader<ChildStdout>>,
}

/// How a child is to be started.
pub struct Start {
    command: Command,
}

impl Start {
    /// In a role and a directory.
    pub fn role(role: &str, dir: &Path, expiry_ms: u64) -> Self {
        Self::through(&[], role, dir, expiry_ms)
    }

    /// The same through programs that start it, such as `unshare -rm`.
    pub fn through(programs: &[&str], role: &str, dir: &Path, expiry_ms: u64) -> Self {
        let this = std::env::current_exe().unwrap();
        let mut command = match programs.split_first() {
            None => Command::new(&this),
            Some((program, arguments)) => {
                let mut command = Command::new(program);
                command.args(arguments).arg(&this);
                command
            }
        };
        command
            .args(["child::child_process", "--exact", "--nocapture"])
            .arg("--test-threads=1")
            .env(ROLE, role)
            .env(DIR, dir)
            .env(EXPIRY, expiry_ms.to_string())
            .env("AMST_NO_FLOCK", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        Self { command }
    }

    /// With a variable in its environment.
    pub fn env(mut self, key: &str, value: &str) -> Self {
        self.command.env(key, value);
        self
    }

    /// With `flock`.
    pub fn with_flock(self) -> Self {
        self.env("AMST_NO_FLOCK", "0")
    }

    /// Starts it.
    pub fn spawn(mut self) -> Child {
        let mut process = self.command.spawn().unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        Child { process, lines }
    }
}

impl Child {
    /// What it says next; `None` at its end.
    pub fn heard(&mut self) -> Option<String> {
        let said = self.lines.find_map(|line| {
            let line = line.expect("text");
            line.strip_prefix('@').map(String::from)
        });
        if said.is_none() {
            self.process.wait().unwrap();
        }
        said
    }

    /// Gives it a line.
    pub fn tell(&mut self, line: &str) {
        let input = self.process.stdin.as_mut().unwrap();
        writeln!(input, "{line}").unwrap();
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Whether it ended.
    pub fn has_ended(&mut self) -> bool {
        self.process.try_wait().unwrap().is_some()
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.id().try_into().unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    /// Whether a signal stopped it.
    pub fn is_stopped(&self) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.id())).unwrap();
        let (_, after_name) = stat.rsplit_once(')').unwrap();
        after_name.trim_start().starts_with('T')
    }

    /// kill -9.
    pub fn kill(&mut self) {
        self.process.kill().ok();
        // Not `wait`, which closes its input first: a process behind `unshare` would see that as
        // the order to end, and release its lease, before it is killed.
        while !self.has_ended() {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Whether a program with these arguments runs `true` here. Otherwise says what is not tested.
pub fn can_run(programs: &[&str], otherwise: &str) -> bool {
    let can = programs.split_first().is_some_and(|(program, arguments)| {
        let status = Command::new(program)
            .args(arguments)
            .arg("true")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        status.is_ok_and(|status| status.success())
    });
    if !can {
        println!("not tested here, {programs:?} does not work: {otherwise}");
    }
    can
}

/// Names in a directory.
pub fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}
