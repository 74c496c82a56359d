//! AGM: adaptive gradient modulation by mono-modal responses (docs/paper.md §4.7). Every recipe of
//! it is trained by this code.

mod settings;
#[cfg(feature = "train")]
mod step;

pub use settings::{AgmSpec, Facts};
#[cfg(feature = "train")]
pub use step::Agm;

#[cfg(feature = "train")]
use super::build::*;

/// The method of a recipe.
#[cfg(feature = "train")]
pub(super) fn build<E: Encoder>(recipe: &Recipe, _: Noise) -> Built<E> {
    let settings = AgmSpec::in_recipe(recipe)?;
    Ok(Box::new(Agm::new(&recipe.modalities, &settings)?))
}
