//! The scheduler's mind: starts tasks, and does to them what clusters do.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::Simulation;
use crate::cluster::{Cluster, State};
use crate::dice::Dice;

/// Tasks at the same time.
const SLOTS: usize = 24;

/// Longer means that the simulation hangs.
const LIMIT: Duration = Duration::from_secs(300);

/// How often each was done.
#[derive(Debug, Default)]
pub struct Faults {
    pub starts: usize,
    pub killed: usize,
    pub preempted: usize,
    pub asked_to_leave: usize,
    pub started_twice: usize,
    pub requeued_by_the_task: usize,
}

impl Faults {
    pub fn add(&mut self, other: Self) {
        self.starts += other.starts;
        self.killed += other.killed;
        self.preempted += other.preempted;
        self.asked_to_leave += other.asked_to_leave;
        self.started_twice += other.started_twice;
        self.requeued_by_the_task += other.requeued_by_the_task;
    }

    pub fn all(&self) -> [(&'static str, usize); 5] {
        [
            ("kill", self.killed),
            ("preemption", self.preempted),
            ("signal before the end of the time", self.asked_to_leave),
            ("task that was started twice", self.started_twice),
            ("requeue by a task", self.requeued_by_the_task),
        ]
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Ends,
    /// The node fails: everything is killed and the task requeued.
    Killed,
    /// SIGTERM to all processes, with the line that SLURM writes into the log. The task comes back.
    Preempted,
    /// SIGUSR1 to the script.
    AskedToLeave,
}

struct Running {
    job: u64,
    index: usize,
    child: Child,
    fate: Fate,
    at: Instant,
    log: PathBuf,
    /// Started although the first one goes on, as when a node cannot be reached. Its end says
    /// nothing.
    is_second: bool,
}

pub struct Controller<'a> {
    simulation: &'a Simulation,
    folder: PathBuf,
    running: Vec<Running>,
    dice: Dice,
    faults: Faults,
}

impl<'a> Controller<'a> {
    pub fn new(simulation: &'a Simulation) -> Self {
        Self {
            folder: simulation.workspace.path(""),
            simulation,
            running: Vec::new(),
            dice: Dice::new(22),
            faults: Faults::default(),
        }
    }

    /// Until no job is left.
    pub fn run(mut self) -> Faults {
        let begin = Instant::now();
        loop {
            self.strike();
            self.look_for_ends();
            let is_over = self.start_tasks();
            if is_over && self.running.is_empty() {
                return self.faults;
            }
            assert!(begin.elapsed() < LIMIT, "{:?}", self.faults);
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Carries out what is due.
    fn strike(&mut self) {
        let now = Instant::now();
        for task in self.running.iter_mut().filter(|task| task.at <= now) {
            if task.child.try_wait().unwrap().is_some() {
                continue;
            }
            let group = format!("-{}", task.child.id());
            let script = task.child.id().to_string();
            match std::mem::replace(&mut task.fate, Fate::Ends) {
                Fate::Ends => continue,
                Fate::Killed => {
                    self.faults.killed += 1;
                    kill("-KILL", &group);
                    task.fate = Fate::Killed;
                    // Once is enough.
                    task.at = now + LIMIT;
                }
                Fate::Preempted => {
                    self.faults.preempted += 1;
                    let mut log = OpenOptions::new().append(true).open(&task.log).unwrap();
                    writeln!(
                        log,
                        "slurmstepd: error: *** JOB {} ON node1 CANCELLED AT 2026-01-01T00:00:00 \
                         DUE TO PREEMPTION ***",
                        task.job
                    )
                    .unwrap();
                    kill("-TERM", &group);
                }
                Fate::AskedToLeave => {
                    self.faults.asked_to_leave += 1;
                    kill("-USR1", &script);
                }
            }
        }
    }

    fn look_for_ends(&mut self) {
        let mut still = Vec::new();
        let mut ended = Vec::new();
        for mut task in std::mem::take(&mut self.running) {
            match task.child.try_wait().unwrap() {
                None => still.push(task),
                Some(status) => ended.push((task, status.code())),
            }
        }
        self.running = still;
        if ended.is_empty() {
            return;
        }
        let requeued = Cluster::with(&self.folder, |cluster| {
            let mut requeued = 0;
            for (task, code) in ended.iter().filter(|(task, _)| !task.is_second) {
                let job = cluster.job(task.job).unwrap();
                let known = &mut job.tasks[task.index];
                requeued += usize::from(known.again);
                let is_requeued = known.again || (task.fate == Fate::Killed && code.is_none());
                known.again = false;
                known.exit = *code;
                known.state = if is_requeued && job.is_array {
                    State::Pending
                } else {
                    State::Ended
                };
                known.restarts += 1;
            }
            requeued
        });
        self.faults.requeued_by_the_task += requeued;
    }

    /// Fills the free slots. True where nothing is left to start, now or later.
    fn start_tasks(&mut self) -> bool {
        let free = SLOTS.saturating_sub(self.running.len());
        if free == 0 {
            return false;
        }
        let (picked, is_over) = Cluster::with(&self.folder, |cluster| pick(cluster, free));
        for task in picked {
            self.start(&task, false);
            if task.is_array && self.dice.below(30) == 0 {
                self.faults.started_twice += 1;
                self.start(&task, true);
            }
        }
        is_over
    }

    fn start(&mut self, task: &Picked, is_second: bool) {
        self.faults.starts += 1;
        let log = &task.log;
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(log)
            .unwrap();
        let usual = self.simulation.program("sbatch");
        let environment = usual
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?)));
        let mut command = Command::new("sh");
        command
            .args(&task.script)
            .current_dir("/")
            .envs(environment)
            .env("SLURM_JOB_ID", task.job.to_string())
            .stdin(Stdio::null())
            .stdout(file.try_clone().unwrap())
            .stderr(file)
            .process_group(0);
        if task.is_array {
            command
                .env("SLURM_ARRAY_JOB_ID", task.job.to_string())
                .env("SLURM_ARRAY_TASK_ID", task.index.to_string());
        }
        let fate = match self.dice.below(20) {
            _ if is_second || !task.is_array => Fate::Ends,
            0..3 => Fate::Killed,
            3..6 => Fate::Preempted,
            6..9 => Fate::AskedToLeave,
            _ => Fate::Ends,
        };
        let pause = Duration::from_millis(15 + self.dice.below(60));
        self.running.push(Running {
            job: task.job,
            index: task.index,
            child: command.spawn().unwrap(),
            fate,
            at: Instant::now() + pause,
            log: log.clone(),
            is_second,
        });
    }
}

/// A task to be started.
struct Picked {
    job: u64,
    index: usize,
    script: Vec<String>,
    log: PathBuf,
    is_array: bool,
}

/// Marks so many tasks as running. Also whether nothing is left to start.
fn pick(cluster: &mut Cluster, free: usize) -> (Vec<Picked>, bool) {
    let ready: Vec<Option<bool>> = cluster
        .jobs
        .iter()
        .map(|job| cluster.is_ready(job))
        .collect();
    let mut picked = Vec::new();
    let mut is_over = true;
    for (job, ready) in cluster.jobs.iter_mut().zip(ready) {
        let running = job.tasks.iter().filter(|t| t.state == State::Running);
        let mut running = running.count();
        for index in 0..job.tasks.len() {
            if job.tasks[index].state != State::Pending {
                continue;
            }
            is_over = false;
            match ready {
                None => job.tasks[index].state = State::Ended,
                Some(true) if picked.len() < free && running < job.throttle => {
                    running += 1;
                    job.tasks[index].state = State::Running;
                    picked.push(Picked {
                        job: job.id,
                        index,
                        script: job.script.clone(),
                        log: job.log(index),
                        is_array: job.is_array,
                    });
                }
                Some(_) => {}
            }
        }
    }
    (picked, is_over)
}

fn kill(signal: &str, process: &str) {
    // It may have ended meanwhile.
    let _ = Command::new("kill")
        .args([signal, "--", process])
        .stderr(Stdio::null())
        .status();
}
