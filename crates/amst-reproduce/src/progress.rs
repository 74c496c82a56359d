//! How far the runs are: bars on a terminal, lines elsewhere.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use amst_recipe::ShownSplit;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::estimate::duration_text;
use crate::{Event, Job, JobOutcome, Message, Observer};

/// Pause between two lines where there are no bars.
const BETWEEN_LINES: Duration = Duration::from_secs(10);

/// The state of every run, and its display.
pub struct Progress {
    runs: Vec<Run>,
    jobs: usize,
    start: Instant,
    last_line: Instant,
    bars: Option<Bars>,
}

struct Run {
    title: String,
    epochs: usize,
    weight: u64,
    epoch: usize,
    /// Epochs that an earlier process did.
    before: usize,
    best: Option<f64>,
    test: Option<f64>,
    split: ShownSplit,
    started: Option<Instant>,
    ended: bool,
    bar: Option<ProgressBar>,
}

struct Bars {
    all: MultiProgress,
    overall: ProgressBar,
}

impl Progress {
    /// Bars if standard error is a terminal.
    pub fn new(jobs: &[Job], at_once: usize) -> Self {
        let runs: Vec<Run> = jobs.iter().map(Run::new).collect();
        let total = runs.iter().map(Run::work).sum();
        let bars = (std::io::stderr().is_terminal() && !runs.is_empty()).then(|| Bars::new(total));
        if bars.is_none() && !runs.is_empty() {
            eprintln!("{} runs, {at_once} at a time", runs.len());
        }
        Self {
            runs,
            jobs: at_once,
            start: Instant::now(),
            last_line: Instant::now(),
            bars,
        }
    }

    /// Moves the clock.
    fn show_overall(&mut self) {
        let done = self.done();
        let finished = self.runs.iter().filter(|r| r.ended).count();
        let left = self.left(done);
        if let Some(bars) = &self.bars {
            bars.overall.set_length(self.total());
            bars.overall.set_position(done);
            bars.overall
                .set_message(format!("{finished}/{} runs, {left}", self.runs.len()));
        } else if self.last_line.elapsed() >= BETWEEN_LINES && finished < self.runs.len() {
            self.last_line = Instant::now();
            let percent = 100 * done / self.total().max(1);
            eprintln!(
                "{percent} %: {finished}/{} runs, {} elapsed, {left}",
                self.runs.len(),
                duration_text(self.seconds())
            );
        }
    }

    /// Takes the bars away.
    pub fn finish(&self) {
        if let Some(bars) = &self.bars {
            bars.overall.finish_and_clear();
        }
    }

    fn started(&mut self, i: usize) {
        let Some(run) = self.runs.get_mut(i) else {
            return;
        };
        run.started = Some(Instant::now());
        // A run that another process had taken meanwhile is started again.
        if let Some(bars) = self.bars.as_ref().filter(|_| run.bar.is_none()) {
            let bar = bars.all.add(ProgressBar::no_length());
            bar.set_style(ProgressStyle::with_template("  {msg}").expect("the template is sound"));
            run.bar = Some(bar);
        }
        run.show();
    }

    fn reported(&mut self, i: usize, message: &Message) {
        let Some(run) = self.runs.get_mut(i) else {
            return;
        };
        match message {
            // It knows better how long its budget lasts.
            Message::Start { epochs, .. } => run.epochs = (*epochs).max(1),
            Message::Resumed { epochs, epoch, .. } => {
                run.epochs = (*epochs).max(1);
                run.epoch = (*epoch).min(run.epochs);
                run.before = run.epoch;
            }
            Message::Epoch { val_accuracy } => {
                run.epoch = (run.epoch + 1).min(run.epochs);
                run.best = Some(run.best.unwrap_or(0.0).max(*val_accuracy));
            }
            Message::Done { test_accuracy } => run.test = Some(*test_accuracy),
        }
        run.show();
    }

    fn ended(&mut self, i: usize, outcome: &JobOutcome) {
        if let Some(run) = self.runs.get_mut(i) {
            run.ended = true;
        }
        let finished = self.runs.iter().filter(|r| r.ended).count();
        let Some(run) = self.runs.get(i) else { return };
        let took = duration_text(run.started.map_or(0.0, |s| s.elapsed().as_secs_f64()));
        let accuracy = match run.split {
            ShownSplit::Test => run.test.map(|test| ("test", test)),
            ShownSplit::Validation => run.best.map(|best| ("validation", best)),
        };
        let how = match (outcome, accuracy) {
            (JobOutcome::NotStarted, _) => return,
            (JobOutcome::AlreadyDone, _) => "done by another process".into(),
            (JobOutcome::Failed(fault), _) if fault.stopped => {
                format!("stopped after {took}: {}", fault.reason)
            }
            (JobOutcome::Failed(fault), _) => format!("failed after {took}: {}", fault.reason),
            (JobOutcome::Trained, Some((split, accuracy))) => {
                format!("{split} {:.1} % in {took}", 100.0 * accuracy)
            }
            (JobOutcome::Trained, None) => format!("done in {took}"),
        };
        let line = format!("[{finished}/{}] {}: {how}", self.runs.len(), run.title);
        match (&self.bars, &run.bar) {
            (Some(bars), Some(bar)) => {
                bar.finish_and_clear();
                // A terminal that cannot be written to shows nothing.
                let _ = bars.all.println(line);
            }
            _ => eprintln!("{line}; {}", self.left(self.done())),
        }
    }

    /// Work done so far: a run that ended early, for better or worse, has none left.
    fn done(&self) -> u64 {
        let runs = self.runs.iter();
        runs.map(|r| if r.ended { r.work() } else { r.done() })
            .sum()
    }

    fn total(&self) -> u64 {
        self.runs.iter().map(Run::work).sum()
    }

    fn seconds(&self) -> f64 {
        self.start.elapsed().as_secs_f64()
    }

    /// The time remaining, once there is something to judge by.
    fn left(&self, done: u64) -> String {
        let going_on = self.runs.iter().filter(|r| !r.ended);
        let longest = going_on.map(|r| r.work() - r.done()).max().unwrap_or(0);
        // Epochs that a failed run never trained say nothing about speed, nor do an earlier
        // process's.
        let trained: u64 = self
            .runs
            .iter()
            .map(|r| r.weight * (r.epoch - r.before) as u64)
            .sum();
        if trained == 0 {
            return "time remaining not known yet".into();
        }
        let per_unit = self.seconds() / trained as f64;
        // The last runs cannot be shared out: one run goes at the speed of one job.
        let shared = (self.total() - done) as f64 * per_unit;
        let alone = longest as f64 * per_unit * self.jobs.min(self.runs.len()) as f64;
        format!("{} left", duration_text(shared.max(alone)))
    }
}

impl Observer for Progress {
    fn event(&mut self, event: &Event) {
        match event {
            Event::Started(i) => self.started(*i),
            Event::Reported(i, message) => self.reported(*i, message),
            Event::Ended(i, outcome) => self.ended(*i, outcome),
        }
        self.show_overall();
    }

    fn tick(&mut self) {
        self.show_overall();
    }
}

impl Run {
    fn new(job: &Job) -> Self {
        Self {
            title: job.title.clone(),
            epochs: job.cost.epochs,
            weight: job.cost.per_epoch,
            epoch: 0,
            before: 0,
            best: None,
            test: None,
            split: job.split,
            started: None,
            ended: false,
            bar: None,
        }
    }

    fn work(&self) -> u64 {
        self.weight * self.epochs as u64
    }

    fn done(&self) -> u64 {
        self.weight * self.epoch as u64
    }

    fn show(&self) {
        if let Some(bar) = &self.bar {
            let best = self
                .best
                .map(|b| format!(", best validation accuracy {:.1} %", 100.0 * b))
                .unwrap_or_default();
            bar.set_message(format!(
                "{}: epoch {}/{}{best}",
                self.title, self.epoch, self.epochs
            ));
        }
    }
}

impl Bars {
    fn new(total: u64) -> Self {
        let all = MultiProgress::with_draw_target(ProgressDrawTarget::stderr());
        let overall = all.add(ProgressBar::new(total));
        let style = ProgressStyle::with_template(
            "{bar:30} {percent:>3} %  {elapsed_precise} elapsed, {msg}",
        );
        overall.set_style(style.expect("the template is sound"));
        overall.enable_steady_tick(Duration::from_millis(500));
        Self { all, overall }
    }
}
