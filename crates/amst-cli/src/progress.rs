//! Progress of preparations and runs.

use std::io::{IsTerminal, Write};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use amst_data::Progress;
use amst_train::{Event, EventKind};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::args::ProgressKind;

/// Shows how far the preparation of features is, as a bar with the time remaining, or not at all.
pub struct Preparing {
    kind: ProgressKind,
    bar: ProgressBar,
    /// What the bar counts now; its clock restarts when that changes.
    counting: Mutex<String>,
}

impl Preparing {
    /// Nothing has happened yet.
    pub fn new(kind: ProgressKind) -> Self {
        let bar = new_bar(kind);
        bar.set_style(style("{msg:<18} {wide_bar} {pos}/{len}  {eta} left"));
        Self {
            kind,
            bar,
            counting: Mutex::default(),
        }
    }

    /// Shows one event; called from several threads.
    pub fn show(&self, event: Progress) {
        match event {
            Progress::Looking { done, total } => self.count("looking at files".into(), done, total),
            Progress::Making {
                modality,
                done,
                total,
            } => self.count(format!("preparing {modality}"), done, total),
            Progress::Waiting { process } if self.kind != ProgressKind::None => {
                let which = process
                    .map(|number| format!(" (process {number})"))
                    .unwrap_or_default();
                self.bar.suspend(|| {
                    eprintln!("another process{which} prepares this data set; waiting for it")
                });
            }
            // A warning about the data is no progress: `--progress none` does not hide it.
            Progress::Note(note) => self.bar.suspend(|| eprintln!("warning: {note}")),
            Progress::Waiting { .. } => {}
        }
    }

    fn count(&self, what: String, done: usize, total: usize) {
        let mut counting = self.counting.lock().unwrap_or_else(PoisonError::into_inner);
        if *counting != what {
            self.bar.set_length(total as u64);
            self.bar.set_message(what.clone());
            self.bar.reset();
            *counting = what;
        }
        // Threads report out of order.
        self.bar.set_position(self.bar.position().max(done as u64));
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

fn new_bar(kind: ProgressKind) -> ProgressBar {
    let bar = ProgressBar::no_length();
    if kind != ProgressKind::Auto || !std::io::stderr().is_terminal() {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    bar.enable_steady_tick(Duration::from_millis(500));
    bar
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("a constant template")
}

/// Shows a run's events as a bar, as JSON lines, or not at all.
pub struct Shown {
    kind: ProgressKind,
    bar: ProgressBar,
    best: f64,
    epochs: usize,
}

impl Shown {
    /// Nothing has happened yet.
    pub fn new(kind: ProgressKind) -> Self {
        let bar = new_bar(kind);
        bar.set_style(style("{wide_bar} {msg}  {elapsed} gone, {eta} left"));
        Self {
            kind,
            bar,
            best: 0.0,
            epochs: 0,
        }
    }

    /// Shows one event.
    pub fn show(&mut self, event: &Event) {
        match self.kind {
            ProgressKind::Json => print_json(event),
            ProgressKind::Auto => self.draw(&event.kind),
            ProgressKind::None => {
                if let EventKind::Resumed { notes, .. } = &event.kind {
                    notes.iter().for_each(|note| eprintln!("warning: {note}"));
                }
            }
        }
    }

    fn draw(&mut self, event: &EventKind) {
        // A thousand ticks an epoch, so that epochs in which little is trained still count as one.
        match event {
            EventKind::Start { epochs, .. } => {
                self.epochs = *epochs;
                self.bar.set_length(*epochs as u64 * 1000);
            }
            EventKind::Resumed {
                epochs,
                best,
                epoch,
                step,
                checkpoint,
                notes,
                ..
            } => {
                notes.iter().for_each(|note| eprintln!("warning: {note}"));
                eprintln!(
                    "going on from checkpoint {checkpoint}: epoch {epoch}, after {step} of its \
                     steps"
                );
                (self.epochs, self.best) = (*epochs, best.unwrap_or(0.0));
                self.bar.set_length(*epochs as u64 * 1000);
                self.bar.set_position(*epoch as u64 * 1000);
                self.bar.reset_eta();
            }
            EventKind::Step { epoch, step, steps } => {
                self.bar
                    .set_position((epoch * 1000 + step * 1000 / steps.max(&1)) as u64);
            }
            EventKind::Epoch {
                epoch,
                val_accuracy,
                ..
            } => {
                self.best = self.best.max(*val_accuracy);
                self.bar.set_position((*epoch as u64 + 1) * 1000);
                let (now, best) = (100.0 * val_accuracy, 100.0 * self.best);
                self.bar.set_message(format!(
                    "epoch {}/{}  val {now:.1} %, best {best:.1} %",
                    epoch + 1,
                    self.epochs
                ));
            }
            EventKind::Skip {
                epoch,
                modality,
                before,
                after,
                ..
            } if before != after => {
                let line = format!(
                    "epoch {}: {modality} trains every {}",
                    epoch + 1,
                    match after {
                        1 => "epoch".into(),
                        s => format!("{s} epochs"),
                    }
                );
                self.bar.println(line);
            }
            EventKind::Skip { .. } => {}
            EventKind::Done { .. } | EventKind::Stopped { .. } | EventKind::Failed { .. } => {
                self.bar.finish_and_clear();
            }
        }
    }
}

/// One line, flushed, so that a parent process sees it at once. Steps would be too many.
fn print_json(event: &Event) {
    if matches!(event.kind, EventKind::Step { .. }) {
        return;
    }
    let line = serde_json::to_string(event).expect("an event is plain data");
    let mut out = std::io::stdout().lock();
    // If the parent process has ended, the run itself goes on.
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}
