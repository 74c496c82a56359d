//! MSLR: a learning rate a modality (docs/paper.md §4.5).
//!
//! With the default `mslr.strategy=keep` a run is trained as naive with rates (D6, decision record
//! 10); this step runs for `dynamic-agm` and `dynamic-amst`.

mod settings;
#[cfg(feature = "train")]
mod step;

pub use settings::{Facts, MslrSpec, MslrStrategy};
#[cfg(feature = "train")]
pub use step::Mslr;

#[cfg(feature = "train")]
use super::build::*;

/// The method of a recipe.
#[cfg(feature = "train")]
pub(super) fn build<E: Encoder>(recipe: &Recipe, _: Noise) -> Built<E> {
    let settings = MslrSpec::in_recipe(recipe)?;
    Ok(Box::new(Mslr::new(&recipe.modalities, &settings)?))
}
