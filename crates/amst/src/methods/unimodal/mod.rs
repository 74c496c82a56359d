//! One modality alone (docs/paper.md §4.1): the rows *Audio*, *Visual* and *Text* of Table 1. It
//! has no settings of its own; every recipe of it is trained by this code.

mod settings;
#[cfg(feature = "train")]
mod step;

pub use settings::Facts;
#[cfg(feature = "train")]
pub use step::Unimodal;

#[cfg(feature = "train")]
use super::build::*;

/// The method of a recipe.
#[cfg(feature = "train")]
pub(super) fn build<E: Encoder>(recipe: &Recipe, _: Noise) -> Built<E> {
    Ok(Box::new(Unimodal::new(&recipe.modalities)?))
}
