//! Several runs at a time; one that fails does not stop the others.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use super::child::{prepare, train};
use super::context::RunContext;
use super::job::Job;
use super::outcome::{Event, Failure, Fault};
use super::progress::Progress;

/// Runs every job, in the order given, several at once; the failures are returned.
pub fn run(context: &RunContext, jobs: &[Job]) -> Vec<Failure> {
    let (ready, mut failures) = prepare_all(context, jobs);
    let mut progress = Progress::new(&ready, context.jobs);
    let queue = Mutex::new((0..ready.len()).collect::<VecDeque<_>>());
    std::thread::scope(|scope| {
        let (events, inbox) = channel();
        for worker in 0..context.jobs {
            let (events, queue, ready) = (events.clone(), &queue, &ready);
            let device = &context.devices[worker % context.devices.len()];
            scope.spawn(move || work(context, device, ready, queue, &events));
        }
        drop(events);
        failures.extend(watch(&inbox, &ready, &mut progress));
    });
    progress.finish();
    failures
}

/// Prepares each column once; the jobs of one that cannot be prepared have failed.
fn prepare_all(context: &RunContext, jobs: &[Job]) -> (Vec<Job>, Vec<Failure>) {
    let mut prepared: BTreeMap<&str, Result<(), Fault>> = BTreeMap::new();
    let (mut ready, mut failures) = (Vec::new(), Vec::new());
    for job in jobs {
        if context.is_interrupted() {
            break;
        }
        let outcome = prepared
            .entry(&job.column)
            .or_insert_with(|| prepare(context, job));
        match outcome {
            Ok(()) => ready.push(job.clone()),
            Err(fault) => {
                // What Ctrl-C ended did not fail.
                let fault = Fault {
                    stopped: context.is_interrupted(),
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

/// Trains jobs of the queue until it is empty. Events that cannot be sent are dropped: then the
/// thread that shows them has ended.
fn work(
    context: &RunContext,
    device: &str,
    jobs: &[Job],
    queue: &Mutex<VecDeque<usize>>,
    events: &Sender<Event>,
) {
    while let Some(i) = next_job(queue) {
        if context.is_interrupted() {
            return;
        }
        let _ = events.send(Event::Started(i));
        let outcome = train(context, device, &jobs[i], |message| {
            let _ = events.send(Event::Reported(i, message));
        });
        let _ = events.send(Event::Ended(i, outcome));
    }
}

/// The lock is released on return, before the job runs.
fn next_job(queue: &Mutex<VecDeque<usize>>) -> Option<usize> {
    queue.lock().ok()?.pop_front()
}

fn watch(inbox: &Receiver<Event>, jobs: &[Job], progress: &mut Progress) -> Vec<Failure> {
    let mut failures = Vec::new();
    loop {
        match inbox.recv_timeout(Duration::from_secs(1)) {
            Ok(event) => {
                progress.update(&event);
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
