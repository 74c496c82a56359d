//! How long a run goes on, and when its learning rate drops.

use std::time::{Duration, Instant};

use amst::{LearningRate, StepLr};
use amst_recipe::{BudgetUnit, Recipe};

/// What a run may spend and has spent.
///
/// Under a budget of updates or seconds an epoch is worth what it costs: the learning rate
/// drops when the same share of the budget is gone that the drop has of `epochs`.
#[derive(Clone, Debug)]
pub(crate) struct Budget {
    unit: BudgetUnit,
    /// In the unit.
    total: f64,
    epochs: usize,
    schedule: StepLr,
    lr: f64,
    updates: usize,
    training: Duration,
}

impl Budget {
    /// The budget of a recipe whose epochs have `steps` steps.
    pub fn new(recipe: &Recipe, steps: usize) -> Self {
        let naive = (recipe.modalities.len() * recipe.epochs * steps) as f64;
        let total = match (recipe.budget.unit, recipe.budget.amount) {
            (BudgetUnit::Epochs, _) => recipe.epochs as f64,
            (BudgetUnit::Updates, 0.0) => naive,
            (_, amount) => amount,
        };
        Self {
            unit: recipe.budget.unit,
            total,
            epochs: recipe.epochs,
            schedule: StepLr::new(&recipe.optim),
            lr: recipe.optim.lr,
            updates: 0,
            training: Duration::ZERO,
        }
    }

    /// Takes over what another process spent.
    pub fn restore(&mut self, updates: usize, training: Duration) {
        (self.updates, self.training) = (updates, training);
    }

    /// Time that was spent on training.
    pub fn training(&self) -> Duration {
        self.training
    }

    /// Updates of encoders so far.
    pub fn updates(&self) -> usize {
        self.updates
    }

    /// The share of the budget that is gone when `epochs` epochs are done.
    fn spent(&self, epochs: usize) -> f64 {
        let spent = match self.unit {
            BudgetUnit::Epochs => epochs as f64,
            BudgetUnit::Updates => self.updates as f64,
            BudgetUnit::Seconds => self.training.as_secs_f64(),
        };
        spent / self.total
    }

    /// Whether there is something left for epoch `epoch`.
    pub fn allows(&self, epoch: usize) -> bool {
        self.spent(epoch) < 1.0
    }

    /// What the schedule multiplies learning rates by in epoch `epoch`.
    fn decay(&self, epoch: usize) -> f64 {
        match self.unit {
            BudgetUnit::Epochs => self.schedule.decay(epoch),
            // The step that spends the last of it may spend much more.
            _ => self
                .schedule
                .decay((self.spent(epoch).min(1.0) * self.epochs as f64) as usize),
        }
    }

    /// The learning rate of epoch `epoch`, as far as it is now.
    pub fn rate(&self, epoch: usize) -> LearningRate {
        let decay = self.decay(epoch);
        LearningRate {
            lr: self.lr * decay,
            decay,
        }
    }

    /// Books a step that moved `encoders` encoders; 0 for work that belongs to training and moves
    /// none.
    pub fn spend(&mut self, encoders: usize, began: Instant) {
        self.updates += encoders;
        self.training += began.elapsed();
    }

    /// How many epochs it will take, as far as that is known in advance; `trained` says how many
    /// modalities an epoch trains.
    pub fn epochs(&self, steps: usize, branches: usize, trained: impl Fn(usize) -> usize) -> usize {
        if self.unit != BudgetUnit::Updates {
            return self.epochs;
        }
        let (mut epoch, mut updates) = (0, 0);
        // A method that stops training may never get there.
        while (updates as f64) < self.total && epoch < 1000 * self.epochs {
            updates += branches * trained(epoch) * steps;
            epoch += 1;
        }
        epoch
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use amst_recipe::BudgetSpec;

    fn budget(unit: BudgetUnit, amount: f64) -> Budget {
        let mut recipe = Recipe {
            epochs: 10,
            budget: BudgetSpec { unit, amount },
            ..Recipe::default()
        };
        (recipe.optim.lr, recipe.optim.lr_step) = (1.0, 5);
        Budget::new(&recipe, 4)
    }

    #[test]
    fn epochs_are_counted_as_ever() {
        let budget = budget(BudgetUnit::Epochs, 0.0);
        assert!(budget.allows(9) && !budget.allows(10));
        assert_eq!((budget.rate(4).lr, budget.rate(5).lr), (1.0, 0.1));
    }

    #[test]
    fn updates_default_to_what_naive_spends_and_the_rate_drops_at_the_same_share() {
        let mut budget = budget(BudgetUnit::Updates, 0.0); // 2 modalities, 10 epochs, 4 steps: 80
        // Audio in every fifth epoch only: five epochs make 8 + 4·4 updates.
        let trained = |epoch: usize| if epoch.is_multiple_of(5) { 2 } else { 1 };
        assert_eq!(budget.epochs(4, 1, trained), 16); // 5 epochs 24, 10 48, 15 72, and the next is 8
        for _ in 0..39 {
            budget.spend(1, Instant::now());
        }
        assert_eq!(budget.rate(7).lr, 1.0);
        budget.spend(1, Instant::now());
        assert_eq!(budget.rate(7).lr, 0.1, "half of the budget is gone");
        for _ in 0..40 {
            assert!(budget.allows(99));
            budget.spend(1, Instant::now());
        }
        assert!(!budget.allows(3));
    }

    #[test]
    fn seconds_are_those_of_training() {
        let mut budget = budget(BudgetUnit::Seconds, 10.0);
        let ago = |seconds: u64| {
            Instant::now()
                .checked_sub(Duration::from_secs(seconds))
                .expect("a running clock")
        };
        budget.spend(2, ago(6));
        assert!(budget.allows(1) && budget.rate(1).lr == 0.1);
        budget.spend(2, ago(5));
        assert!(!budget.allows(1));
    }
}
