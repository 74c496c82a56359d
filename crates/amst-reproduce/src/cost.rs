//! What a run takes, as far as can be told before it starts.

use amst_recipe::{BudgetUnit, MethodFacts, Methods, Recipe, RecipeError};

/// What a run takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Epochs. A budget of updates buys more of them where modalities skip.
    pub epochs: usize,
    /// An epoch, in hundredths of an epoch of one encoder.
    pub per_epoch: u64,
    /// Bytes of memory at most, to a factor of two.
    pub memory: u64,
    /// Samples of the data set, for a rough estimate of the time.
    pub samples: usize,
}

impl Cost {
    /// That of a resolved recipe.
    ///
    /// # Errors
    ///
    /// A method that is not among `methods`.
    pub fn of(methods: &Methods, recipe: &Recipe, samples: usize) -> Result<Self, RecipeError> {
        let facts = methods.facts(&recipe.method)?;
        Ok(Self {
            epochs: epochs(facts, recipe, samples),
            per_epoch: facts.epoch_cost(recipe),
            memory: recipe.training_memory(facts),
            samples,
        })
    }

    /// All epochs, in hundredths of an encoder's epoch.
    pub fn work(&self) -> u64 {
        self.per_epoch * self.epochs as u64
    }
}

fn epochs(facts: &dyn MethodFacts, recipe: &Recipe, samples: usize) -> usize {
    if recipe.budget.unit != BudgetUnit::Updates {
        return recipe.epochs;
    }
    let modules = facts.branches().len() as f64;
    let trained: f64 = modules
        * recipe
            .modalities
            .iter()
            .map(|m| recipe.trained_share(*m))
            .sum::<f64>();
    let naive = (recipe.modalities.len() * recipe.epochs) as f64;
    let steps = (samples.max(1) as f64 / recipe.batch_size as f64).ceil();
    let budget = if recipe.budget.amount > 0.0 {
        recipe.budget.amount / steps
    } else {
        naive
    };
    (budget / trained.max(0.01)).ceil().max(1.0) as usize
}

#[cfg(test)]
pub(crate) mod tests {
    use std::path::Path;

    use amst::methods::built_in;
    use amst_recipe::{Cell, DataLock, Grid, Preset, find_dataset};

    use super::*;
    use crate::Job;

    /// The job of a row on world-digits, 40 epochs of two modalities, audio skipping four of five.
    pub fn job(table: &str, id: &str, assignments: &[&str], samples: usize) -> Job {
        let datasets = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../datasets");
        let digits = find_dataset("world-digits", &datasets).unwrap();
        let lock: DataLock = serde_json::from_value("aa".into()).unwrap();
        let grid = Grid::named(table).unwrap();
        let assignments: Vec<String> = assignments.iter().map(|a| a.to_string()).collect();
        let row = grid.experiment(id).unwrap();
        let cell: Cell = grid
            .cell(
                built_in(),
                row,
                0,
                &digits,
                &lock,
                Preset::default(),
                &assignments,
            )
            .unwrap();
        Job {
            title: format!("world-digits, {id}, seed 0"),
            name: id.into(),
            cost: Cost::of(built_in(), &cell.recipe, samples).unwrap(),
            cell,
            dataset: "world-digits".into(),
            features: "world-digits".into(),
            split: Default::default(),
        }
    }

    fn cost(table: &str, id: &str, assignments: &[&str]) -> u64 {
        job(table, id, assignments, 320).cost.per_epoch
    }

    #[test]
    fn a_method_costs_the_encoders_that_it_trains_and_what_it_does_beside() {
        let of = |id| cost("table1", id, &[]);
        assert_eq!(
            [of("audio"), of("naive"), of("ogm-ge"), of("mla")],
            [100, 200, 200, 200]
        );
        assert_eq!(
            [of("pmr"), of("amst-alt"), of("amst-joint"), of("amst-full")],
            [220, 200, 200, 400]
        );
        assert_eq!(cost("controls", "agm", &[]), 266);
        assert_eq!(
            cost("controls", "gradient-blending", &["blending.super_epoch=4"]),
            300,
            "two more, shared by four"
        );
        assert_eq!(
            cost("table1", "naive", &["modalities=audio,text,visual"]),
            300
        );
    }

    #[test]
    fn a_budget_of_updates_buys_more_epochs_where_a_modality_skips() {
        let budget = "budget.unit=updates";
        let of = |id, set: &[&str]| job("table1", id, set, 320).cost.epochs;
        assert_eq!((of("naive", &[]), of("amst-alt", &[])), (40, 40));
        // What Naive spends is 2·40 encoder epochs; with s = 5 an epoch costs 1.2 of them.
        assert_eq!(
            (of("naive", &[budget]), of("amst-alt", &[budget])),
            (40, 67)
        );
        assert_eq!(of("amst-full", &[budget]), 34, "2.4 an epoch");
        // 100 updates of 10 steps an epoch, 1.2 encoders each.
        assert_eq!(of("amst-alt", &[budget, "budget.amount=100"]), 9);
    }
}
