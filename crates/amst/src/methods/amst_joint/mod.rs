//! AMST-Joint: the joint module alone (Algorithm 2, docs/paper.md §3). Every recipe of it is
//! trained by this code, and those of Naive over concatenated embeddings, which never skip.

mod settings;
#[cfg(feature = "train")]
mod step;

pub use settings::Facts;
#[cfg(feature = "train")]
pub use step::{Joint, joint_step};

#[cfg(feature = "train")]
use super::build::*;

/// The method of a recipe.
#[cfg(feature = "train")]
pub(super) fn build<E: Encoder>(recipe: &Recipe, _: Noise) -> Built<E> {
    Ok(Box::new(Joint::new(
        schedule(recipe)?,
        recipe.skip.execution,
    )))
}
