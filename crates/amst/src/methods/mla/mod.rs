//! MLA: alternating unimodal adaptation (docs/paper.md §4.6).
//!
//! With the default `mla.fusion=even` and `mla.modification=off` a run is trained as amst-alt that
//! never skips (D19, decision record 10); this step runs for `fusion=entropy` or `fixed`, or
//! `modification=rls`.

mod settings;
#[cfg(feature = "train")]
mod step;

pub use settings::{Facts, MlaFusion, MlaModification, MlaSpec, MlaTarget};
#[cfg(feature = "train")]
pub use step::Mla;

#[cfg(feature = "train")]
use super::build::*;

/// The method of a recipe.
#[cfg(feature = "train")]
pub(super) fn build<E: Encoder>(recipe: &Recipe, _: Noise) -> Built<E> {
    let settings = MlaSpec::in_recipe(recipe)?;
    Ok(Box::new(Mla::new(&recipe.modalities, &settings)?))
}
