//! Where the time of a run goes.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use burn::tensor::Device;

/// A part of the work whose time is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// The device waits for data: until a batch is ready, and while it is moved to the device. Of
    /// training, recalibration and validation alike.
    Load,
    /// Encoders, heads and losses.
    Forward,
    /// Gradients.
    Backward,
    /// The optimiser.
    Update,
    /// Bringing BatchNorm statistics up to date.
    Recalibrate,
    /// Validation and test.
    Evaluate,
    /// Waiting for a checkpoint.
    Save,
}

impl Phase {
    /// All of them, in the order of an epoch.
    pub const ALL: [Phase; 7] = [
        Phase::Load,
        Phase::Forward,
        Phase::Backward,
        Phase::Update,
        Phase::Recalibrate,
        Phase::Evaluate,
        Phase::Save,
    ];

    /// The name in `events.jsonl`.
    pub fn name(self) -> &'static str {
        match self {
            Phase::Load => "load",
            Phase::Forward => "forward",
            Phase::Backward => "backward",
            Phase::Update => "update",
            Phase::Recalibrate => "recalibrate",
            Phase::Evaluate => "evaluate",
            Phase::Save => "save",
        }
    }
}

/// Adds up time by phase.
///
/// A device that computes asynchronously shows its time where the program waits for it, which is
/// mostly another phase. One that [profiles](Stopwatch::profiling) waits for the device after each
/// piece of work: the shares are then true, and the whole is slower.
#[derive(Clone, Debug, Default)]
pub struct Stopwatch {
    spent: BTreeMap<Phase, Duration>,
    profile: Option<Profile>,
}

/// One uninterrupted piece of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// What it was.
    pub phase: Phase,
    /// When it began.
    pub start: Instant,
    /// How long it took.
    pub length: Duration,
    /// The epoch it was part of.
    pub epoch: usize,
    /// The step it was part of, or that was the last one before it.
    pub step: usize,
}

#[derive(Clone, Debug)]
struct Profile {
    device: Device,
    spans: Vec<Span>,
    /// Spans kept at most.
    limit: usize,
    dropped: usize,
    place: (usize, usize),
}

impl Stopwatch {
    /// One that waits for `device` after each piece of work, and remembers the first `limit` of
    /// them.
    pub fn profiling(device: Device, limit: usize) -> Self {
        let profile = Profile {
            device,
            spans: Vec::new(),
            limit,
            dropped: 0,
            place: (0, 0),
        };
        Self {
            spent: BTreeMap::new(),
            profile: Some(profile),
        }
    }

    /// Runs `work` on the account of `phase`.
    pub fn time<T>(&mut self, phase: Phase, work: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let value = work();
        self.end(phase, start);
        value
    }

    /// Ends a piece of work that began at `start`.
    pub fn end(&mut self, phase: Phase, start: Instant) {
        if let Some(profile) = &self.profile {
            // A lost device gives an error to the next operation on it.
            profile.device.sync().ok();
        }
        let length = start.elapsed();
        *self.spent.entry(phase).or_default() += length;
        if let Some(profile) = &mut self.profile {
            profile.keep(phase, start, length);
        }
    }

    /// Which step the spans that follow are part of.
    pub fn at(&mut self, epoch: usize, step: usize) {
        if let Some(profile) = &mut self.profile {
            profile.place = (epoch, step);
        }
    }

    /// Seconds by phase so far.
    pub fn seconds(&self) -> BTreeMap<&'static str, f64> {
        self.spent
            .iter()
            .map(|(phase, time)| (phase.name(), time.as_secs_f64()))
            .collect()
    }

    /// Seconds by phase, and back to zero.
    pub fn take_seconds(&mut self) -> BTreeMap<&'static str, f64> {
        let seconds = self.seconds();
        self.spent.clear();
        seconds
    }

    /// The spans that were kept, in order, and how many were not; nothing unless it profiles.
    pub fn take_spans(&mut self) -> (Vec<Span>, usize) {
        match &mut self.profile {
            Some(profile) => (
                std::mem::take(&mut profile.spans),
                std::mem::take(&mut profile.dropped),
            ),
            None => (Vec::new(), 0),
        }
    }
}

impl Profile {
    fn keep(&mut self, phase: Phase, start: Instant, length: Duration) {
        if self.spans.len() < self.limit {
            let (epoch, step) = self.place;
            self.spans.push(Span {
                phase,
                start,
                length,
                epoch,
                step,
            });
        } else {
            self.dropped += 1;
        }
    }
}
