//! Any list of jobs, several at a time, with a stand-in for `amst`.
#![cfg(unix)]

mod workspace;

use std::sync::atomic::Ordering;
use std::sync::{Mutex, atomic::AtomicUsize};
use std::time::Duration;

use amst_reproduce::{
    Claim, Claims, Event, Job, JobOutcome, Observer, UnlessDone, prepare_all, train_all,
};
use workspace::{Workspace, each_trained_once};

/// Remembers every event as a word.
#[derive(Default)]
struct Words(Vec<String>);

impl Observer for Words {
    fn event(&mut self, event: &Event) {
        self.0.push(match event {
            Event::Started(index) => format!("started {index}"),
            Event::Reported(index, message) => format!("reported {index}: {message:?}"),
            Event::Ended(index, outcome) => format!("ended {index}: {}", word(outcome)),
        });
    }
}

fn word(outcome: &JobOutcome) -> &'static str {
    match outcome {
        JobOutcome::Trained => "trained",
        JobOutcome::AlreadyDone => "done",
        JobOutcome::Failed(fault) if fault.stopped => "stopped",
        JobOutcome::Failed(_) => "failed",
        JobOutcome::NotStarted => "not started",
    }
}

fn unless_done(workspace: &Workspace) -> UnlessDone {
    UnlessDone {
        runs: workspace.folders().runs,
    }
}

#[test]
fn every_job_is_trained_once_and_a_failure_is_told_as_data() {
    let workspace = Workspace::new();
    let jobs = workspace.jobs(&workspace.args(&["--seeds", "0,1"]));
    for (job, code) in [(&jobs[3], "4"), (&jobs[5], "75")] {
        std::fs::write(workspace.path(&format!("code-{}", job.stem())), code).unwrap();
    }
    let mut words = Words::default();
    let outcomes = workspace.with_context(3, |context| {
        train_all(context, &jobs, &unless_done(&workspace), &mut words)
    });
    assert_eq!(workspace.calls(), each_trained_once(&jobs));
    assert_eq!((jobs.len(), outcomes.len(), words.0.len()), (16, 16, 32));
    for (index, outcome) in outcomes.iter().enumerate() {
        let expected = match index {
            3 => "failed",
            5 => "stopped",
            _ => "trained",
        };
        assert_eq!(word(outcome), expected, "{index}");
        assert!(words.0.contains(&format!("ended {index}: {expected}")));
    }
    let JobOutcome::Failed(fault) = &outcomes[3] else {
        panic!("{:?}", outcomes[3]);
    };
    assert_eq!(fault.exit_code, Some(4));
    assert_eq!(fault.last_lines, ["as told"]);
    assert!(fault.reason.contains("diverged"), "{}", fault.reason);
}

#[test]
fn one_preparation_serves_all_jobs_with_the_same_features() {
    let workspace = Workspace::new();
    let mut jobs = workspace.jobs(&workspace.args(&["--seeds", "0"]));
    for job in &mut jobs[4..] {
        job.features = "others".into();
    }
    std::fs::write(workspace.path(&format!("code-{}", jobs[4].stem())), "3").unwrap();
    let prepared = workspace.with_context(2, |context| prepare_all(context, &jobs));
    let mut expected = vec![
        format!("prepare {}", jobs[0].stem()),
        format!("prepare {}", jobs[4].stem()),
    ];
    expected.sort();
    assert_eq!(workspace.calls(), expected);
    assert_eq!((prepared.ready.len(), prepared.failures.len()), (4, 4));
    assert_eq!(prepared.failures[0].fault.exit_code, Some(3));
}

/// Says of the first job that it is busy three times and then done, and of the others that they are
/// free.
struct FirstIsElsewhere<'a> {
    first: &'a Job,
    asked: AtomicUsize,
}

impl Claims for FirstIsElsewhere<'_> {
    fn claim(&self, job: &Job) -> Claim {
        if job.cell.id != self.first.cell.id {
            return Claim::Free;
        }
        match self.asked.fetch_add(1, Ordering::SeqCst) {
            0..3 => Claim::Busy,
            _ => Claim::Done,
        }
    }

    fn pause(&self) -> Duration {
        Duration::from_millis(5)
    }
}

#[test]
fn what_another_process_trains_is_put_off_and_not_trained_again() {
    let workspace = Workspace::new();
    let jobs = workspace.jobs(&workspace.args(&["--seeds", "0"]));
    let claims = FirstIsElsewhere {
        first: &jobs[0],
        asked: AtomicUsize::new(0),
    };
    let mut words = Words::default();
    let outcomes =
        workspace.with_context(1, |context| train_all(context, &jobs, &claims, &mut words));
    assert_eq!(word(&outcomes[0]), "done");
    assert_eq!(workspace.calls(), each_trained_once(&jobs[1..]));
    assert_eq!(words.0.last().unwrap(), "ended 0: done", "it was put off");
    assert_eq!(claims.asked.load(Ordering::SeqCst), 4);
}

#[test]
fn what_has_a_result_when_its_turn_comes_is_not_trained() {
    let workspace = Workspace::new();
    let jobs = workspace.jobs(&workspace.args(&["--seeds", "0"]));
    let run = workspace.folders().runs.join(jobs[2].cell.run_dir());
    std::fs::create_dir_all(&run).unwrap();
    std::fs::write(run.join("result.json"), "{}").unwrap();
    let mut words = Words::default();
    let outcomes = workspace.with_context(2, |context| {
        train_all(context, &jobs, &unless_done(&workspace), &mut words)
    });
    assert_eq!(word(&outcomes[2]), "done");
    assert_eq!(workspace.calls().len(), jobs.len() - 1);
}

/// Asks to stop as soon as a run has ended.
struct StopAfterFirst<'a>(&'a Workspace, Mutex<usize>);

impl Observer for StopAfterFirst<'_> {
    fn event(&mut self, event: &Event) {
        if let Event::Started(_) = event {
            *self.1.lock().unwrap() += 1;
            self.0.stop.store(true, Ordering::SeqCst);
        }
    }
}

#[test]
fn once_asked_to_stop_no_job_is_started() {
    let workspace = Workspace::new();
    let jobs = workspace.jobs(&workspace.args(&["--seeds", "0,1,2,3,4"]));
    let mut observer = StopAfterFirst(&workspace, Mutex::new(0));
    let outcomes = workspace.with_context(1, |context| {
        train_all(context, &jobs, &unless_done(&workspace), &mut observer)
    });
    let started = *observer.1.lock().unwrap();
    let unbegun = outcomes.iter().filter(|o| word(o) == "not started").count();
    assert_eq!(started + unbegun, jobs.len());
    assert!(started < jobs.len(), "{started} of {}", jobs.len());
}
