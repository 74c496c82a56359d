//! Several runs at a time; one that fails does not stop the others.

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use super::child::{Fault, prepare, train};
use super::progress::Progress;
use super::protocol::Message;
use super::request::Job;

/// What all runs of a table have in common.
pub struct Setting<'a> {
    /// The program `amst`.
    pub program: &'a Path,
    /// `table2`.
    pub table: &'a str,
    /// `--preset` of every run.
    pub preset: &'a str,
    /// `--set` of every run.
    pub assignments: &'a [String],
    /// `--device`; runs that go on together have different ones, as far as there are so many.
    pub devices: &'a [String],
    /// The folder of all runs.
    pub runs: &'a Path,
    /// Runs at the same time.
    pub jobs: usize,
    /// Threads of each.
    pub threads: usize,
    /// Whether somebody asked to stop: then no run is started any more.
    pub interrupted: &'a AtomicBool,
}

/// What happened to the job of an index.
pub enum Event {
    /// Its process was started.
    Started(usize),
    /// It says something.
    Said(usize, Message),
    /// Its process ended.
    Ended(usize, Result<(), Fault>),
}

/// A run without a result.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The run.
    pub job: Job,
    /// What happened to its process.
    pub fault: Fault,
}

/// Runs every job, in the order given, `jobs` at once; the failures are returned.
pub fn run(setting: &Setting, jobs: &[Job]) -> Vec<Failure> {
    let (ready, mut failures) = prepare_all(setting, jobs);
    let mut progress = Progress::new(&ready, setting.jobs);
    let queue = Mutex::new((0..ready.len()).collect::<VecDeque<_>>());
    std::thread::scope(|scope| {
        let (events, inbox) = channel();
        for worker in 0..setting.jobs {
            let (events, queue, ready) = (events.clone(), &queue, &ready);
            let device = &setting.devices[worker % setting.devices.len()];
            scope.spawn(move || work(setting, device, ready, queue, &events));
        }
        drop(events);
        failures.extend(watch(&inbox, &ready, &mut progress));
    });
    progress.finish();
    failures
}

/// Prepares each column once; the jobs of one that cannot be prepared have failed.
fn prepare_all(setting: &Setting, jobs: &[Job]) -> (Vec<Job>, Vec<Failure>) {
    let mut known: BTreeMap<&str, Result<(), Fault>> = BTreeMap::new();
    let (mut ready, mut failures) = (Vec::new(), Vec::new());
    let interrupted = || setting.interrupted.load(Ordering::SeqCst);
    for job in jobs.iter().take_while(|_| !interrupted()) {
        match known
            .entry(&job.column)
            .or_insert_with(|| prepare(setting, job))
        {
            Ok(()) => ready.push(job.clone()),
            Err(fault) => {
                // What Ctrl-C ended did not fail.
                let fault = Fault {
                    stopped: interrupted(),
                    ..fault.clone()
                };
                failures.push(Failure {
                    job: job.clone(),
                    fault,
                });
            }
        }
    }
    (ready, failures)
}

fn work(
    setting: &Setting,
    device: &str,
    jobs: &[Job],
    queue: &Mutex<VecDeque<usize>>,
    events: &Sender<Event>,
) {
    // The lock is released before the job runs: it is held by this one statement only.
    let next = || queue.lock().ok().and_then(|mut queue| queue.pop_front());
    while let Some(i) = next().filter(|_| !setting.interrupted.load(Ordering::SeqCst)) {
        // If nobody listens any more, there is nobody to tell.
        let tell = |event| drop(events.send(event));
        tell(Event::Started(i));
        let outcome = train(setting, device, &jobs[i], |message| {
            tell(Event::Said(i, message))
        });
        tell(Event::Ended(i, outcome));
    }
}

fn watch(inbox: &Receiver<Event>, jobs: &[Job], progress: &mut Progress) -> Vec<Failure> {
    let mut failures = Vec::new();
    loop {
        match inbox.recv_timeout(Duration::from_secs(1)) {
            Ok(event) => {
                progress.hear(&event);
                if let Event::Ended(i, Err(fault)) = event {
                    failures.push(Failure {
                        job: jobs[i].clone(),
                        fault,
                    });
                }
            }
            Err(RecvTimeoutError::Timeout) => progress.tick(),
            Err(RecvTimeoutError::Disconnected) => return failures,
        }
    }
}
