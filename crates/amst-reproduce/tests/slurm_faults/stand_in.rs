//! `amst`, without training: claims the run directory, writes checkpoints, leaves a result.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use amst_files::write_file;
use amst_lease::{Lease, LeaseError, Options};
use signal_hook::consts::{SIGTERM, SIGUSR1};
use signal_hook::flag;

use crate::folder;

/// Checkpoints of a run.
const STEPS: usize = 4;

/// What each takes.
const STEP: Duration = Duration::from_millis(15);

/// Leaves what the test looks for where two processes work in one directory.
fn violation(what: &str) {
    let file = folder().join("violations");
    let mut file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(file)
        .unwrap();
    writeln!(file, "{what}").unwrap();
}

pub fn amst(words: &[String]) -> u8 {
    match words.first().map(String::as_str) {
        Some("train") => {}
        Some("prepare") => return 0,
        other => {
            eprintln!("unexpected: {other:?}");
            return u8::from(other != Some("reproduce"));
        }
    }
    let after = |option: &str| {
        let at = words.iter().position(|word| word == option).unwrap();
        PathBuf::from(&words[at + 1])
    };
    let (recipe, out) = (after("--resolved"), after("--out"));
    let stem = recipe.file_stem().unwrap().to_str().unwrap();
    let results = folder().join("results");
    let run = out.join(fs::read_to_string(results.join(format!("{stem}.run"))).unwrap());
    fs::create_dir_all(&run).unwrap();
    if run.join("result.json").exists() {
        return 0;
    }
    let signal = Arc::new(AtomicUsize::new(0));
    flag::register_usize(SIGUSR1, signal.clone(), 75).unwrap();
    flag::register_usize(SIGTERM, signal.clone(), 143).unwrap();
    let options = Options {
        settle: Duration::ZERO,
        ..Options::default()
    };
    let mut lease = match Lease::claim(&run, &options) {
        Ok(lease) => lease,
        Err(LeaseError::Held { .. }) => return 7,
        Err(LeaseError::Lost { .. }) => return 6,
        Err(error) => {
            eprintln!("{error}");
            return 3;
        }
    };
    if run.join("result.json").exists() {
        return 0;
    }
    let code = train(
        &run,
        &mut lease,
        &signal,
        &results.join(format!("{stem}.json")),
    );
    drop(lease);
    code
}

fn train(run: &Path, lease: &mut Lease, signal: &AtomicUsize, result: &Path) -> u8 {
    let witness = Witness::leave(run);
    let checkpoints = run.join("checkpoints");
    fs::create_dir_all(&checkpoints).unwrap();
    let done = fs::read_dir(&checkpoints).unwrap().count();
    for step in done..STEPS {
        std::thread::sleep(STEP);
        if lease.check().is_err() {
            return 6;
        }
        witness.check();
        fs::create_dir(checkpoints.join(format!("{step:05}-00000"))).unwrap();
        let asked = signal.load(Ordering::SeqCst);
        if asked != 0 {
            witness.remove();
            return u8::try_from(asked).unwrap();
        }
    }
    if lease.check().is_err() {
        return 6;
    }
    witness.check();
    write_file(&run.join("result.json"), fs::read(result).unwrap()).unwrap();
    // After the result, which is what ends a run: a process that is killed in between leaves no line,
    // and one that trained a finished run again would leave a second.
    let mut finished = OpenOptions::new();
    let finished = finished
        .create(true)
        .append(true)
        .open(run.join("finished"));
    writeln!(finished.unwrap(), "{}", std::process::id()).unwrap();
    witness.remove();
    0
}

/// A file that says who is in the directory, which has nothing to do with the lease.
struct Witness(PathBuf);

impl Witness {
    fn leave(run: &Path) -> Self {
        let file = run.join("witness");
        if let Ok(other) = fs::read_to_string(&file)
            && is_alive(&other)
        {
            let own = identity();
            violation(&format!("{own} is in {} with {other}", run.display()));
        }
        fs::write(&file, identity()).unwrap();
        Self(file)
    }

    fn check(&self) {
        let found = fs::read_to_string(&self.0).unwrap_or_default();
        if found != identity() {
            violation(&format!("{}: `{found}` came in", self.0.display()));
        }
    }

    fn remove(&self) {
        fs::remove_file(&self.0).unwrap();
    }
}

/// A process by its id and when it began, because ids are used again.
fn identity() -> String {
    let pid = std::process::id().to_string();
    let began = Stat::read(&pid).expect("this process").began;
    format!("{pid} {began}")
}

/// Whether the process of an identity still runs; one that ended and was not waited for does not.
pub fn is_alive(identity: &str) -> bool {
    let Some((pid, began)) = identity.split_once(' ') else {
        return false;
    };
    Stat::read(pid).is_some_and(|stat| stat.began == began && !stat.ended)
}

/// What Linux tells about a process.
struct Stat {
    /// In clock ticks since the machine started.
    began: String,
    ended: bool,
}

impl Stat {
    fn read(pid: &str) -> Option<Self> {
        let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The second field is the program's name, which may hold spaces and parentheses.
        let (_, fields) = text.rsplit_once(')')?;
        let fields: Vec<&str> = fields.split_whitespace().collect();
        Some(Self {
            began: fields.get(19)?.to_string(),
            ended: matches!(*fields.first()?, "Z" | "X"),
        })
    }
}
