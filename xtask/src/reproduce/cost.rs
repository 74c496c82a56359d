//! What an epoch of a method costs, against an epoch of one encoder.

use amst::methods::built_in;
pub use amst_recipe::ENCODER_EPOCH as ENCODER;
use amst_recipe::{BudgetUnit, MethodFacts, Recipe};

use super::job::Job;

/// What is known of the method of a resolved recipe.
pub fn facts(recipe: &Recipe) -> &'static dyn MethodFacts {
    built_in()
        .find(&recipe.method)
        .expect("a resolved recipe's method is built in")
}

/// An epoch of a run, in hundredths of an epoch of one encoder.
pub fn per_epoch(recipe: &Recipe) -> u64 {
    facts(recipe).epoch_cost(recipe)
}

/// How many epochs a run will take, as far as can be told before it starts: a budget of updates
/// buys more of them where modalities skip.
pub fn epochs(job: &Job) -> usize {
    let recipe = &job.cell.recipe;
    if recipe.budget.unit != BudgetUnit::Updates {
        return recipe.epochs;
    }
    let modules = facts(recipe).branches().len() as f64;
    let trained: f64 = modules
        * recipe
            .modalities
            .iter()
            .map(|m| recipe.trained_share(*m))
            .sum::<f64>();
    let naive = (recipe.modalities.len() * recipe.epochs) as f64;
    let steps = (job.samples.max(1) as f64 / recipe.batch_size as f64).ceil();
    let budget = if recipe.budget.amount > 0.0 {
        recipe.budget.amount / steps
    } else {
        naive
    };
    (budget / trained.max(0.01)).ceil().max(1.0) as usize
}

#[cfg(test)]
pub mod tests {
    use amst_recipe::{Cell, DataLock, Grid, Preset, find_dataset};

    use super::*;
    use crate::workspace::root;

    /// The job of a row on world-digits, 40 epochs of two modalities, audio skipping four of five.
    pub fn job(table: &str, id: &str, assignments: &[&str]) -> Job {
        let digits = find_dataset("world-digits", &root().join("datasets")).unwrap();
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
        let name = "world-digits".to_string();
        let (row, column) = (id.to_string(), name.clone());
        Job {
            split: Default::default(),
            experiment: id.into(),
            row,
            column,
            cell,
            dataset: name,
            samples: 320,
        }
    }

    fn cost(table: &str, id: &str, assignments: &[&str]) -> u64 {
        per_epoch(&job(table, id, assignments).cell.recipe)
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
        let of = |id, set: &[&str]| epochs(&job("table1", id, set));
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
