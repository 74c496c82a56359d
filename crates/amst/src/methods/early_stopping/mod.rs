//! Early stopping: each modality stops for good once it has converged (Figure 4 b, docs/paper.md
//! §4.7). Every recipe of it is trained by this code.

mod settings;
#[cfg(feature = "train")]
mod step;

pub use settings::{Facts, StoppingSpec};
#[cfg(feature = "train")]
pub use step::EarlyStopping;

#[cfg(feature = "train")]
use super::build::*;

/// The method of a recipe.
#[cfg(feature = "train")]
pub(super) fn build<E: Encoder>(recipe: &Recipe, _: Noise) -> Built<E> {
    let settings = StoppingSpec::in_recipe(recipe)?;
    Ok(Box::new(EarlyStopping::new(&recipe.modalities, &settings)?))
}
