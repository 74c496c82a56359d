//! From a case's words to a recipe's.

use amst::methods::built_in;
use amst::{Execution, JointMode, Modality, ModalitySchedule};
use amst_recipe::{FusionHead, MethodFacts, Optim, OwnSettings, Recipe, Section, SkipSpec};
use serde_json::{Map, Value};

use crate::ReplayError;
use crate::case::{BATCHES, Case, NOISE_SEED, Settings};

impl Case {
    /// The recipe that says what the case says, as far as training goes.
    pub(crate) fn recipe(&self) -> Result<Recipe, ReplayError> {
        let s = &self.settings;
        let method = method(&s.method)?;
        let mut recipe = Recipe {
            method: method.name().into(),
            modalities: self.modalities()?,
            epochs: s.epochs,
            optim: optim(s),
            probes: s.probes,
            joint_mode: joint_mode(&s.joint_mode)?,
            ..built_in().defaults().clone()
        };
        if method.skips() {
            recipe.skip = skip(s, &recipe.modalities)?;
        }
        if let Some(own) = method.settings() {
            recipe.methods.set(own.section(), own_settings(s, own)?);
        }
        built_in().validate(&recipe)?;
        Ok(recipe)
    }
}

/// The method of a name, or of the section that a case has for it.
fn method(word: &str) -> Result<&'static dyn MethodFacts, ReplayError> {
    built_in()
        .find(&word.into())
        .or_else(|| built_in().owner(word))
        .ok_or_else(|| {
            let words = built_in()
                .all()
                .iter()
                .map(|m| m.settings().map_or(m.name(), |own| own.section()));
            ReplayError::Unknown {
                key: "method",
                found: word.into(),
                known: words.collect::<Vec<_>>().join(", "),
            }
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
                known: "official, fast".into(),
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
        let asked = s.skip.get(modality.letter()).cloned();
        let schedule = asked.unwrap_or(ModalitySchedule::Every(1));
        match modality {
            Modality::Audio => skip.audio = schedule,
            Modality::Text => skip.text = schedule,
            Modality::Visual => skip.visual = schedule,
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
            known: "joint, alternating".into(),
        }),
    }
}

/// The section of the case's own method, whose keys may be aliases of the recipe's.
fn own_settings(s: &Settings, own: OwnSettings) -> Result<Section, ReplayError> {
    let (name, defaults) = (own.section(), own.defaults().to_value());
    let mut given = match s.section(name) {
        Some(given) => given.clone(),
        None if is_nothing(&defaults) => Map::new(),
        None => {
            let why = format!("this method needs a section `{name}`");
            return Err(ReplayError::Setting(why));
        }
    };
    given.remove(NOISE_SEED);
    if given.remove(BATCHES).is_some() {
        // The case lists the batches itself: all of them count.
        given.insert("fraction".into(), 1.0.into());
    }
    for (key, value) in &mut given {
        // A case says which part of the network a scope is of: `encoder-all`.
        if let Some(scope) = value.as_str().and_then(|w| w.strip_prefix("encoder-")) {
            *value = scope.into();
        }
        let alone = Map::from_iter([(key.clone(), value.clone())]);
        own.normalised(Value::Object(alone)).map_err(|why| {
            let found = value.as_str().map_or(value.to_string(), String::from);
            ReplayError::Setting(format!("`{name}.{key}` is {found}: {why}"))
        })?;
    }
    if defaults.get(HEAD).is_some()
        && let Some(word) = &s.head
    {
        given.insert(HEAD.into(), head(word)?);
    }
    own.normalised(Value::Object(given))
        .map_err(|why| ReplayError::Setting(format!("`{name}`: {why}")))
}

/// A case names the head beside the sections.
const HEAD: &str = "head";

/// Whether settings other than the head are all 0: then a case may leave the section out.
fn is_nothing(settings: &Value) -> bool {
    match settings {
        Value::Object(all) => all
            .iter()
            .all(|(key, value)| key == HEAD || is_nothing(value)),
        value => value.as_f64() == Some(0.0),
    }
}

fn head(word: &str) -> Result<Value, ReplayError> {
    let word = Value::from(word);
    match serde_json::from_value::<FusionHead>(word.clone()) {
        Ok(_) => Ok(word),
        Err(_) => Err(ReplayError::Unknown {
            key: HEAD,
            found: word.as_str().unwrap_or_default().into(),
            known: "late-sum, concat, shared-sum".into(),
        }),
    }
}
