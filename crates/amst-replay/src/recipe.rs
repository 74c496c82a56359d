//! From a case's words to a recipe's.

use amst::{Every, Execution, JointMode, Modality};
use amst_recipe::{
    FusionHead, MethodName, MlaModification, MlaTarget, OgmScope, OgmTrimodal, Optim, Rates,
    Recipe, SkipSpec,
};

use crate::ReplayError;
use crate::case::{Case, Settings};

impl Case {
    /// The recipe that says what the case says, as far as training goes.
    pub(crate) fn recipe(&self) -> Result<Recipe, ReplayError> {
        let s = &self.settings;
        let method = method(&s.method)?;
        let mut recipe = Recipe {
            method,
            modalities: self.modalities()?,
            epochs: s.epochs,
            optim: optim(s),
            probes: s.probes,
            joint_mode: joint_mode(&s.joint_mode)?,
            ..Recipe::default()
        };
        if method.skips() {
            recipe.skip = skip(s, &recipe.modalities)?;
        }
        own_settings(s, &mut recipe)?;
        recipe.validate()?;
        Ok(recipe)
    }
}

fn method(name: &str) -> Result<MethodName, ReplayError> {
    let own = match name {
        "ogm" => Some(MethodName::OgmGe),
        "blending" => Some(MethodName::GradientBlending),
        other => MethodName::parse(other),
    };
    own.ok_or_else(|| ReplayError::Unknown {
        key: "method",
        found: name.into(),
        known: "unimodal, naive, ogm, pmr, mslr, mla, amst-alt, amst-joint, amst-full, agm, blending, early-stopping",
    })
}

fn optim(s: &Settings) -> Optim {
    let (lr, momentum, weight_decay) = (s.lr, s.momentum, s.weight_decay);
    Optim {
        lr,
        momentum,
        weight_decay,
        lr_step: s.lr_step,
        lr_gamma: s.lr_gamma,
    }
}

fn skip(s: &Settings, modalities: &[Modality]) -> Result<SkipSpec, ReplayError> {
    let execution = match s.skip_mode.as_str() {
        "official" => Execution::Official,
        "fast" => Execution::Fast,
        other => {
            return Err(ReplayError::Unknown {
                key: "skip_mode",
                found: other.into(),
                known: "official, fast",
            });
        }
    };
    let mut skip = SkipSpec {
        epoch_base: s.epoch_base,
        execution,
        recalibrate: if execution == Execution::Fast {
            s.bn_recal_tail
        } else {
            0
        },
        ..SkipSpec::default()
    };
    for modality in modalities {
        let every = s
            .skip
            .get(modality.letter())
            .copied()
            .map_or(Every::Epochs(1), Every::Epochs);
        match modality {
            Modality::Audio => skip.audio = every,
            Modality::Text => skip.text = every,
            Modality::Visual => skip.visual = every,
        }
    }
    Ok(skip)
}

fn joint_mode(word: &str) -> Result<JointMode, ReplayError> {
    match word {
        "joint" => Ok(JointMode::Joint),
        "alternating" => Ok(JointMode::Alternating),
        other => Err(ReplayError::Unknown {
            key: "joint_mode",
            found: other.into(),
            known: "joint, alternating",
        }),
    }
}

/// The section of the case's own method.
fn own_settings(s: &Settings, recipe: &mut Recipe) -> Result<(), ReplayError> {
    match recipe.method {
        MethodName::Naive => recipe.naive.head = head(s)?,
        MethodName::OgmGe => ogm(s, recipe)?,
        MethodName::Pmr => {
            let own = given("pmr", &s.pmr)?;
            recipe.pmr.head = head(s)?;
            (recipe.pmr.alpha, recipe.pmr.momentum) = (own.alpha, own.mu);
            (recipe.pmr.start, recipe.pmr.end) = (own.start, own.end);
            // The case lists the batches itself: all of them count.
            recipe.pmr.fraction = 1.0;
        }
        MethodName::Mslr => {
            recipe.mslr.head = head(s)?;
            recipe.mslr.lr = rates(s)?;
        }
        MethodName::Mla => mla(s, recipe)?,
        MethodName::Agm => {
            let own = given("agm", &s.agm)?;
            (recipe.agm.alpha, recipe.agm.cap, recipe.agm.clip) = (own.alpha, own.cap, own.clip);
        }
        MethodName::GradientBlending => {
            recipe.blending.super_epoch = given("blending", &s.blending)?.super_epoch
        }
        MethodName::EarlyStopping => {
            recipe.stopping.patience = given("stopping", &s.stopping)?.patience
        }
        MethodName::Unimodal
        | MethodName::AmstAlt
        | MethodName::AmstJoint
        | MethodName::AmstFull => {}
    }
    Ok(())
}

fn given<'a, T>(key: &str, section: &'a Option<T>) -> Result<&'a T, ReplayError> {
    section
        .as_ref()
        .ok_or_else(|| ReplayError::Setting(format!("this method needs a section `{key}`")))
}

fn head(s: &Settings) -> Result<FusionHead, ReplayError> {
    match s.head.as_deref() {
        None | Some("late-sum") => Ok(FusionHead::LateSum),
        Some("concat") => Ok(FusionHead::Concat),
        Some("shared-sum") => Ok(FusionHead::SharedSum),
        Some(other) => Err(ReplayError::Unknown {
            key: "head",
            found: other.into(),
            known: "late-sum, concat, shared-sum",
        }),
    }
}

fn ogm(s: &Settings, recipe: &mut Recipe) -> Result<(), ReplayError> {
    let own = given("ogm", &s.ogm)?;
    let ogm = &mut recipe.ogm;
    ogm.head = head(s)?;
    (ogm.alpha, ogm.start, ogm.end) = (own.alpha, own.start, own.end);
    ogm.noise = match own.ge.as_str() {
        "off" => false,
        "noise" => true,
        other => {
            return Err(ReplayError::Unknown {
                key: "ogm.ge",
                found: other.into(),
                known: "off, noise",
            });
        }
    };
    ogm.scope = match own.scope.as_str() {
        "conv4d" => OgmScope::Conv4d,
        "encoder-ndim>1" => OgmScope::NdimAbove1,
        "encoder-all" => OgmScope::All,
        other => {
            let known = "conv4d, encoder-ndim>1, encoder-all";
            return Err(ReplayError::Unknown {
                key: "ogm.scope",
                found: other.into(),
                known,
            });
        }
    };
    ogm.trimodal = match own.trimodal.as_str() {
        "ratio-to-rest" => OgmTrimodal::RatioToRest,
        "pairwise-mean" => OgmTrimodal::PairwiseMean,
        other => {
            let known = "ratio-to-rest, pairwise-mean";
            return Err(ReplayError::Unknown {
                key: "ogm.trimodal",
                found: other.into(),
                known,
            });
        }
    };
    Ok(())
}

fn mla(s: &Settings, recipe: &mut Recipe) -> Result<(), ReplayError> {
    let own = given("mla", &s.mla)?;
    recipe.mla.modification = match own.gm.as_str() {
        "off" => MlaModification::Off,
        "rls" => MlaModification::Rls,
        other => {
            return Err(ReplayError::Unknown {
                key: "mla.gm",
                found: other.into(),
                known: "off, rls",
            });
        }
    };
    recipe.mla.target = match own.target.as_str() {
        "current" => MlaTarget::Current,
        "previous" => MlaTarget::Previous,
        other => {
            return Err(ReplayError::Unknown {
                key: "mla.target",
                found: other.into(),
                known: "current, previous",
            });
        }
    };
    Ok(())
}

fn rates(s: &Settings) -> Result<Rates, ReplayError> {
    let own = given("mslr", &s.mslr)?;
    let of = |modality: Modality| own.lr.get(modality.letter()).copied();
    for letter in &s.modalities {
        if !own.lr.contains_key(letter) {
            return Err(ReplayError::Setting(format!(
                "`mslr.lr` has no rate for `{letter}`"
            )));
        }
    }
    let rate = |modality| of(modality).unwrap_or(0.0);
    Ok(Rates {
        audio: rate(Modality::Audio),
        text: rate(Modality::Text),
        visual: rate(Modality::Visual),
    })
}
