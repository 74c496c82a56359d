//! AMST-Full: both modules, their logits averaged (Section 3.4, docs/paper.md §3). Every recipe of
//! it is trained by this code; `joint_mode` says how the joint module learns (D1).

mod settings;
#[cfg(feature = "train")]
mod step;

pub use settings::Facts;
#[cfg(feature = "train")]
pub use step::Full;

#[cfg(feature = "train")]
use super::build::*;

/// The method of a recipe.
#[cfg(feature = "train")]
pub(super) fn build<E: Encoder>(recipe: &Recipe, _: Noise) -> Built<E> {
    Ok(Box::new(Full::new(
        schedule(recipe)?,
        recipe.skip.execution,
        recipe.joint_mode,
    )))
}
