//! A run that must be made.

use amst_recipe::Cell;

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
    /// Samples of the data set, for a rough estimate of the time.
    pub samples: usize,
}

impl Job {
    /// `world-digits, experiment 6, seed 0`, `world-digits:a+t+v, naive, seed 0`.
    pub fn title(&self) -> String {
        let seed = self.cell.recipe.seed;
        format!("{}, {}, seed {seed}", self.column, self.row)
    }
}
