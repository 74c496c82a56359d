//! Naive: one loss on the fused logits, nothing that balances (docs/paper.md §4.2).
//!
//! With `naive.head=concat` and no rate of its own a run is trained as amst-joint that never skips
//! (decision record 10); this step runs for the other heads, for `naive.lr.*`, and for MSLR
//! that keeps its rates (D6).

mod settings;
#[cfg(feature = "train")]
mod step;

pub use settings::{Facts, NaiveSpec};
#[cfg(feature = "train")]
pub use step::Naive;

#[cfg(feature = "train")]
use super::build::*;

/// The method of a recipe.
#[cfg(feature = "train")]
pub(super) fn build<E: Encoder>(recipe: &Recipe, _: Noise) -> Built<E> {
    let settings = NaiveSpec::in_recipe(recipe)?;
    Ok(Box::new(Naive::new(&recipe.modalities, &settings)?))
}
