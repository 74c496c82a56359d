//! PMR: prototypical modal rebalance (docs/paper.md §4.4). Every recipe of it is trained by this
//! code; outside `pmr.start..=pmr.end` a step is Naive's.

mod settings;
#[cfg(feature = "train")]
mod step;

pub use settings::{Facts, PmrRule, PmrSpec, PmrWeights, PrototypeSplit};
#[cfg(feature = "train")]
pub use step::Pmr;

#[cfg(feature = "train")]
use super::build::*;

/// The method of a recipe.
#[cfg(feature = "train")]
pub(super) fn build<E: Encoder>(recipe: &Recipe, _: Noise) -> Built<E> {
    let settings = PmrSpec::in_recipe(recipe)?;
    Ok(Box::new(Pmr::new(&recipe.modalities, &settings)?))
}
