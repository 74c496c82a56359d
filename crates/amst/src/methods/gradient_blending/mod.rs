//! Gradient blending: losses weighed by overfitting-to-generalisation ratios (docs/paper.md §4.7).
//! Every recipe of it is trained by this code.

mod settings;
#[cfg(feature = "train")]
mod step;

pub use settings::{BlendingSpec, Facts};
#[cfg(feature = "train")]
pub use step::GradientBlending;

#[cfg(feature = "train")]
use super::build::*;

/// The method of a recipe.
#[cfg(feature = "train")]
pub(super) fn build<E: Encoder>(recipe: &Recipe, _: Noise) -> Built<E> {
    let settings = BlendingSpec::in_recipe(recipe)?;
    Ok(Box::new(GradientBlending::new(
        &recipe.modalities,
        &settings,
    )?))
}
