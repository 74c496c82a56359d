//! Several runs at a time; one that fails does not stop the others.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use crate::child::{prepare, train};
use crate::{Claim, Claims, Event, Failure, Fault, Job, JobOutcome, RunContext};

/// What `amst train` returns where another process trains in the run directory.
const HELD_EXIT_CODE: i32 = 7;

/// Pause between two looks at whether to stop.
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);

/// Told of all that happens to jobs, in one thread.
pub trait Observer {
    /// Something happened to a job.
    fn event(&mut self, event: &Event);

    /// About a second passed in which nothing happened.
    fn tick(&mut self) {}
}

/// Jobs whose features are ready, in the order given, and those whose features cannot be.
#[derive(Debug, Default)]
pub struct PreparedJobs {
    /// What can be trained.
    pub ready: Vec<Job>,
    /// What cannot.
    pub failures: Vec<Failure>,
}

/// Prepares the features of every job, each kind once, so that runs that start together do not all
/// try. `amst`'s own words go to standard error.
pub fn prepare_all(context: &RunContext, jobs: &[Job]) -> PreparedJobs {
    let mut outcomes: BTreeMap<&str, Result<(), Fault>> = BTreeMap::new();
    let mut prepared = PreparedJobs::default();
    for job in jobs {
        if context.is_stopped() {
            break;
        }
        let outcome = outcomes
            .entry(&job.features)
            .or_insert_with(|| prepare(context, job));
        match outcome {
            Ok(()) => prepared.ready.push(job.clone()),
            Err(fault) => {
                // What Ctrl-C ended did not fail.
                let fault = Fault {
                    stopped: context.is_stopped(),
                    ..fault.clone()
                };
                prepared.failures.push(Failure {
                    job: job.clone(),
                    fault,
                });
            }
        }
    }
    prepared
}

/// Trains every job that is [free](Claim::Free) when its turn comes, in the order given, several at
/// once. Returns the outcome of each.
pub fn train_all(
    context: &RunContext,
    jobs: &[Job],
    claims: &dyn Claims,
    observer: &mut dyn Observer,
) -> Vec<JobOutcome> {
    let mut outcomes = vec![JobOutcome::NotStarted; jobs.len()];
    let queue = Queue::new(jobs.len());
    std::thread::scope(|scope| {
        let (events, inbox) = channel();
        let mut devices = context.devices.iter().cycle();
        for _ in 0..context.jobs.max(1) {
            let Some(device) = devices.next() else { return };
            let worker = Worker {
                context,
                device,
                jobs,
                claims,
                queue: &queue,
                events: events.clone(),
            };
            scope.spawn(move || worker.work());
        }
        drop(events);
        watch(&inbox, observer, &mut outcomes);
    });
    outcomes
}

/// Indices of the jobs whose turn is still to come.
struct Queue(Mutex<VecDeque<usize>>);

impl Queue {
    fn new(jobs: usize) -> Self {
        Self(Mutex::new((0..jobs).collect()))
    }

    /// The lock is released on return, before the job runs.
    fn next(&self) -> Option<usize> {
        self.0.lock().ok()?.pop_front()
    }

    /// Puts a job at the end and says how many there are.
    fn put_off(&self, job: usize) -> usize {
        let Ok(mut queue) = self.0.lock() else {
            return 0;
        };
        queue.push_back(job);
        queue.len()
    }
}

/// One of the threads that start processes.
struct Worker<'a> {
    context: &'a RunContext<'a>,
    device: &'a str,
    jobs: &'a [Job],
    claims: &'a dyn Claims,
    queue: &'a Queue,
    events: Sender<Event>,
}

impl Worker<'_> {
    /// Takes jobs of the queue until it is empty.
    fn work(&self) {
        let mut busy_in_a_row = 0;
        while let Some(index) = self.queue.next() {
            if self.context.is_stopped() {
                return;
            }
            let Some(job) = self.jobs.get(index) else {
                continue;
            };
            match self.claims.claim(job) {
                Claim::Free => {
                    busy_in_a_row = 0;
                    self.train(index, job);
                }
                Claim::Late => {}
                Claim::Done => self.send(Event::Ended(index, JobOutcome::AlreadyDone)),
                Claim::Busy => {
                    busy_in_a_row += 1;
                    if busy_in_a_row >= self.queue.put_off(index) {
                        busy_in_a_row = 0;
                        self.wait();
                    }
                }
            }
        }
    }

    fn train(&self, index: usize, job: &Job) {
        self.send(Event::Started(index));
        let result = train(self.context, self.device, job, |message| {
            self.send(Event::Reported(index, message));
        });
        let outcome = match result {
            Ok(()) => JobOutcome::Trained,
            // Another process claimed it between the question and its start.
            Err(fault) if fault.exit_code == Some(HELD_EXIT_CODE) => {
                self.queue.put_off(index);
                self.wait();
                return;
            }
            Err(fault) => JobOutcome::Failed(fault),
        };
        self.send(Event::Ended(index, outcome));
    }

    /// Events that cannot be sent are dropped: then the thread that shows them has ended.
    fn send(&self, event: Event) {
        let _ = self.events.send(event);
    }

    /// Until busy jobs are looked at again, or until nothing is to be started any more.
    fn wait(&self) {
        let begin = Instant::now();
        while begin.elapsed() < self.claims.pause() && !self.context.is_stopped() {
            std::thread::sleep(BETWEEN_LOOKS.min(self.claims.pause()));
        }
    }
}

fn watch(inbox: &Receiver<Event>, observer: &mut dyn Observer, outcomes: &mut [JobOutcome]) {
    loop {
        match inbox.recv_timeout(Duration::from_secs(1)) {
            Ok(event) => {
                observer.event(&event);
                if let Event::Ended(index, outcome) = event
                    && let Some(place) = outcomes.get_mut(index)
                {
                    *place = outcome;
                }
            }
            Err(RecvTimeoutError::Timeout) => observer.tick(),
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}
