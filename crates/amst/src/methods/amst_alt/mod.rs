//! AMST-Alt: the alternating module alone (Algorithm 1, docs/paper.md §3). Every recipe of it is
//! trained by this code, and those of MLA with its default settings (D19), which never skip.

mod settings;
#[cfg(feature = "train")]
mod step;

pub use settings::Facts;
#[cfg(feature = "train")]
pub use step::{Alternating, HeadGradient, alternating_step, alternating_step_with};

#[cfg(feature = "train")]
use super::build::*;

/// The method of a recipe.
#[cfg(feature = "train")]
pub(super) fn build<E: Encoder>(recipe: &Recipe, _: Noise) -> Built<E> {
    Ok(Box::new(Alternating::new(
        schedule(recipe)?,
        recipe.skip.execution,
    )))
}
