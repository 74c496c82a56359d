//! What every method's `build` uses.

pub(super) use amst_encoders::{AnyEncoder, Encoder};
pub(super) use amst_recipe::Recipe;

use amst_recipe::FusionHead;

pub(super) use crate::methods::ogm_ge::Noise;
use crate::{HeadKind, Method, Modality, ModalitySchedule};
pub(super) use crate::{MethodError, SkipSchedule};

/// A method, or what its settings or schedule lack.
pub type Built<E> = Result<Box<dyn Method<E>>, MethodError>;

/// The schedule of a recipe.
pub(super) fn schedule(recipe: &Recipe) -> Result<SkipSchedule, MethodError> {
    let schedules: Vec<(Modality, ModalitySchedule)> = recipe
        .modalities
        .iter()
        .map(|m| (*m, recipe.skip.of(*m).clone()))
        .collect();
    let schedule = SkipSchedule::new(&schedules, recipe.skip.epoch_base as usize)?;
    let schedule = schedule.with_auto(&recipe.skip.auto);
    schedule.check_trains(recipe.epochs)?;
    Ok(schedule)
}

/// The head of a recipe's word.
pub(crate) fn head(fusion: FusionHead) -> HeadKind {
    match fusion {
        FusionHead::LateSum => HeadKind::LateSum,
        FusionHead::Concat => HeadKind::Concat,
        FusionHead::SharedSum => HeadKind::Sum,
    }
}
