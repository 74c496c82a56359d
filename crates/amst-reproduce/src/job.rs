//! A run that is to be made.

use amst_recipe::{Cell, ShownSplit};

use crate::Cost;

/// A cell without a result, and what its process and its messages need beside. Where it comes from
/// does not matter: a row of a table, or any resolved recipe.
#[derive(Clone, Debug)]
pub struct Job {
    /// What it is called in messages: `world-digits, experiment 6, seed 0`.
    pub title: String,
    /// The begin of its recipe's file name, such as the row's id.
    pub name: String,
    /// Recipe and identity.
    pub cell: Cell,
    /// What `amst --dataset` is given: a name, or an absolute path.
    pub dataset: String,
    /// Jobs with the same text here need the same features, which are prepared once.
    pub features: String,
    /// The split whose accuracy is shown of it.
    pub split: ShownSplit,
    /// What it will take.
    pub cost: Cost,
}

impl Job {
    /// `ROW-SEED-CELL`, its name among files: the identity keeps apart what other settings make of a
    /// row.
    pub fn stem(&self) -> String {
        format!("{}-{}-{}", self.name, self.cell.recipe.seed, self.cell.id)
    }
}
