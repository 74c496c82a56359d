//! OGM-GE: on-the-fly gradient modulation with generalisation enhancement (docs/paper.md §4.3).
//! Every recipe of it is trained by this code; outside `ogm.start..=ogm.end` a step is Naive's.

mod settings;
#[cfg(feature = "train")]
mod step;

pub use settings::{Facts, OgmScope, OgmSpec, OgmTrimodal};
#[cfg(feature = "train")]
pub use step::{Noise, OgmGe};

#[cfg(feature = "train")]
use super::build::*;

/// The method of a recipe.
#[cfg(feature = "train")]
pub(super) fn build<E: Encoder>(recipe: &Recipe, noise: Noise) -> Built<E> {
    let settings = OgmSpec::in_recipe(recipe)?;
    Ok(Box::new(OgmGe::new(&recipe.modalities, &settings, noise)?))
}
