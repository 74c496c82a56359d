//! Where a run stands.

use std::collections::BTreeMap;
use std::time::Instant;

use amst::Net;
use amst_encoders::AnyEncoder;
use amst_recipe::Selected;

use crate::balance::Balance;
use crate::checkpoint::EpochSums;
use crate::unread::Unread;

/// Everything that changes from step to step, besides weights, velocities and what the method
/// remembers.
pub(crate) struct Session {
    /// Counted from 0.
    pub epoch: usize,
    /// Steps done in it; 0 if it has not begun.
    pub step: usize,
    /// Steps done in all.
    pub steps: u64,
    pub sums: EpochSums,
    /// What is not in the sums yet.
    pub unread: Unread,
    pub best: Option<Best>,
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
pub(crate) struct Best {
    pub selected: Selected,
    pub net: Net<AnyEncoder>,
    pub balance: BTreeMap<String, f64>,
    /// Whether the network that is trained is still this one.
    pub is_present: bool,
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

impl Session {
    /// Before the first step.
    pub fn new() -> Self {
        Self {
            epoch: 0,
            step: 0,
            steps: 0,
            sums: EpochSums::default(),
            unread: Unread::default(),
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
        (self.sums, self.unread) = (EpochSums::default(), Unread::default());
    }

    /// Reads the logits that wait on the device into the sums.
    pub fn read(&mut self) {
        self.unread.read_into(&mut self.sums.scores);
    }

    /// The epoch of the best network.
    pub fn best_epoch(&self) -> Option<usize> {
        self.best.as_ref().map(|best| best.selected.epoch)
    }

    /// The network that is trained is going to change.
    pub fn moves(&mut self) {
        if let Some(best) = &mut self.best {
            best.is_present = false;
        }
    }
}
