use amst::{
    Alternating, Every, Full, HeadKind, Joint, Method, MethodError, Modality, SkipSchedule,
};
use amst_encoders::Encoder;
use amst_recipe::{FusionHead, MethodName, Recipe};

use crate::{Agm, EarlyStopping, GradientBlending, Mla, Mslr, Naive, Noise, OgmGe, Pmr, Unimodal};

/// The method of a recipe. `noise` is the stream that OGM-GE draws from.
///
/// # Errors
///
/// A schedule in which nothing would ever train.
pub fn method<E: Encoder>(
    recipe: &Recipe,
    noise: Noise,
) -> Result<Box<dyn Method<E>>, MethodError> {
    let modalities = &recipe.modalities;
    Ok(match recipe.method {
        MethodName::Unimodal => Box::new(Unimodal::new(modalities)?),
        MethodName::Naive => Box::new(Naive::new(modalities, &recipe.naive)?),
        MethodName::OgmGe => Box::new(OgmGe::new(modalities, &recipe.ogm, noise)?),
        MethodName::Pmr => Box::new(Pmr::new(modalities, &recipe.pmr)?),
        MethodName::Mslr => Box::new(Mslr::new(modalities, &recipe.mslr)?),
        MethodName::Mla => Box::new(Mla::new(modalities, &recipe.mla)?),
        MethodName::AmstAlt => Box::new(Alternating::new(schedule(recipe)?, recipe.skip.execution)),
        MethodName::AmstJoint => Box::new(Joint::new(schedule(recipe)?, recipe.skip.execution)),
        MethodName::AmstFull => Box::new(Full::new(
            schedule(recipe)?,
            recipe.skip.execution,
            recipe.joint_mode,
        )),
        MethodName::GradientBlending => {
            Box::new(GradientBlending::new(modalities, &recipe.blending)?)
        }
        MethodName::Agm => Box::new(Agm::new(modalities, &recipe.agm)?),
        MethodName::EarlyStopping => Box::new(EarlyStopping::new(modalities, &recipe.stopping)?),
    })
}

fn schedule(recipe: &Recipe) -> Result<SkipSchedule, MethodError> {
    let every: Vec<(Modality, Every)> = recipe
        .modalities
        .iter()
        .map(|m| (*m, recipe.skip.of(*m)))
        .collect();
    let schedule = SkipSchedule::new(&every, recipe.skip.epoch_base as usize)?;
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
