//! A run that must be made.

use amst_recipe::{Cell, ShownSplit};

/// A cell without a result, and what its process and its messages need beside.
#[derive(Clone, Debug)]
pub struct Job {
    pub experiment: String,
    /// `experiment 6`, or `naive` where rows have names.
    pub row: String,
    pub cell: Cell,
    /// Name of the column.
    pub column: String,
    /// What `amst --dataset` is given.
    pub dataset: String,
    /// The split whose accuracy the table shows, and the lines on the way to it.
    pub split: ShownSplit,
    /// Samples of the data set, for a rough estimate of the time.
    pub samples: usize,
}

impl Job {
    /// `world-digits, experiment 6, seed 0`, `world-digits:a+t+v, naive, seed 0`,
    /// `spoken-digits, naive, seed 1, fold 1`.
    pub fn title(&self) -> String {
        let recipe = &self.cell.recipe;
        let mut title = format!("{}, {}, seed {}", self.column, self.row, recipe.seed);
        if recipe.fold > 0 {
            title += &format!(", fold {}", recipe.fold);
        }
        title
    }
}
