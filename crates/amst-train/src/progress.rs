//! How far a run is.

use std::collections::BTreeMap;
use std::time::Instant;

use amst::Net;
use amst_encoders::Encoder;
use amst_recipe::Selected;

use crate::balance::Balance;
use crate::checkpoint::EpochSums;
use crate::pending_logits::PendingLogits;

/// Everything that changes from step to step, besides weights, velocities and what the method
/// remembers.
pub(crate) struct Progress<E: Encoder> {
    /// Counted from 0.
    pub epoch: usize,
    /// Steps done in it; 0 if it has not begun.
    pub step: usize,
    /// Steps done in all.
    pub steps: u64,
    pub sums: EpochSums,
    /// Logits on the device that are not in the sums yet.
    pub pending: PendingLogits,
    pub best: Option<Best<E>>,
    /// Training losses by output, each of its last active epoch.
    pub last_train: BTreeMap<String, f64>,
    pub balance: Balance,
    /// Seconds by phase of the epochs that are over.
    pub phases: BTreeMap<String, f64>,
    /// The same of this epoch, as far as another process did it.
    pub epoch_phases: BTreeMap<String, f64>,
    pub run_time: Elapsed,
    pub epoch_time: Elapsed,
}

/// The best epoch so far and the network as it was then.
pub(crate) struct Best<E: Encoder> {
    pub selected: Selected,
    pub net: Net<E>,
    pub balance: BTreeMap<String, f64>,
    /// Whether the network that is trained still has these weights.
    pub is_current: bool,
}

/// Time since something began, that of other processes included.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Elapsed {
    before: f64,
    began: Instant,
}

impl Elapsed {
    /// It began so many seconds ago.
    pub fn after(before: f64) -> Self {
        Self {
            before,
            began: Instant::now(),
        }
    }

    pub fn seconds(&self) -> f64 {
        self.before + self.began.elapsed().as_secs_f64()
    }
}

impl<E: Encoder> Progress<E> {
    /// Before the first step.
    pub fn new() -> Self {
        Self {
            epoch: 0,
            step: 0,
            steps: 0,
            sums: EpochSums::default(),
            pending: PendingLogits::default(),
            best: None,
            last_train: BTreeMap::new(),
            balance: Balance::default(),
            phases: BTreeMap::new(),
            epoch_phases: BTreeMap::new(),
            run_time: Elapsed::after(0.0),
            epoch_time: Elapsed::after(0.0),
        }
    }

    /// The next epoch, not begun yet.
    pub fn next_epoch(&mut self) {
        (self.epoch, self.step) = (self.epoch + 1, 0);
        (self.sums, self.pending) = (EpochSums::default(), PendingLogits::default());
    }

    /// Adds the logits that are still on the device to the sums.
    pub fn read_pending(&mut self) {
        self.pending.read_into(&mut self.sums.scores);
    }

    /// The epoch of the best network.
    pub fn best_epoch(&self) -> Option<usize> {
        self.best.as_ref().map(|best| best.selected.epoch)
    }

    /// The network that is trained is going to change: it will no longer be the best one.
    pub fn weights_change(&mut self) {
        if let Some(best) = &mut self.best {
            best.is_current = false;
        }
    }
}

/// Adds seconds by phase.
pub(crate) fn add_seconds(
    sums: &mut BTreeMap<String, f64>,
    seconds: impl IntoIterator<Item = (&'static str, f64)>,
) {
    for (name, seconds) in seconds {
        *sums.entry(name.to_string()).or_default() += seconds;
    }
}
