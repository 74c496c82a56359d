//! A recorded case on disk.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use amst::{Modality, ModalitySchedule};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::ReplayError;
use crate::tensors::read;

/// A folder with `case.json`, batches and initial weights.
#[derive(Debug)]
pub struct Case {
    pub(crate) dir: PathBuf,
    pub(crate) settings: Settings,
    /// `case.json` as it is, to be repeated in `result.json`.
    pub(crate) json: Value,
    /// Whether the ResNets' convolutions are rounded.
    pub(crate) bf16: bool,
}

/// `case.json`; what a method does not look at may be left out.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Settings {
    pub method: String,
    pub modalities: Vec<String>,
    pub classes: usize,
    pub width: usize,
    pub embed: Option<usize>,
    pub text: Option<Value>,
    #[serde(default)]
    pub probes: bool,
    pub head: Option<String>,
    pub epochs: usize,
    pub steps: usize,
    pub lr: f64,
    pub momentum: f64,
    pub weight_decay: f64,
    pub lr_step: usize,
    pub lr_gamma: f64,
    #[serde(default)]
    pub skip: BTreeMap<String, ModalitySchedule>,
    #[serde(default)]
    pub epoch_base: u32,
    #[serde(default = "official")]
    pub skip_mode: String,
    #[serde(default)]
    pub bn_recal_tail: usize,
    #[serde(default = "joint")]
    pub joint_mode: String,
    #[serde(default = "inputs")]
    pub inputs: PathBuf,
    /// Prefix of the names in the run, and the file that holds them without it.
    pub weights: Option<BTreeMap<String, PathBuf>>,
    /// Sections of the methods' own settings, and what is not looked at.
    #[serde(flatten)]
    rest: Map<String, Value>,
}

/// Seed of the method's own noise, in its section.
pub(crate) const NOISE_SEED: &str = "noise_seed";
/// The batches that prototypes are made of, in the section of the method that makes them.
pub(crate) const BATCHES: &str = "batches";

impl Settings {
    /// A section of a method's own settings.
    pub fn section(&self, name: &str) -> Option<&Map<String, Value>> {
        self.rest.get(name)?.as_object()
    }

    /// A value that some section has under a key of replay's own.
    fn recorded(&self, key: &str) -> Option<&Value> {
        self.rest.values().find_map(|section| section.get(key))
    }

    /// Seed of the method's own noise.
    pub fn noise_seed(&self) -> u64 {
        self.recorded(NOISE_SEED)
            .and_then(Value::as_u64)
            .unwrap_or(0)
    }

    /// Numbers of the batches that an epoch's prototypes are made of.
    pub fn prototype_batches(&self, epoch: usize) -> Result<Vec<usize>, ReplayError> {
        let Some(given) = self.recorded(BATCHES) else {
            return Ok(Vec::new());
        };
        let batches = serde_json::from_value::<PrototypeBatches>(given.clone());
        match batches {
            Ok(batches) => Ok(batches.of(epoch).to_vec()),
            Err(why) => Err(ReplayError::Setting(format!("`{BATCHES}`: {why}"))),
        }
    }
}

/// Numbers of train batches: the same before every epoch, or a list an epoch.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum PrototypeBatches {
    Every(Vec<usize>),
    Each(Vec<Vec<usize>>),
}

impl PrototypeBatches {
    /// Those of an epoch; beyond the last list, the last one.
    fn of(&self, epoch: usize) -> &[usize] {
        match self {
            PrototypeBatches::Every(list) => list,
            PrototypeBatches::Each(lists) => {
                lists.get(epoch).or(lists.last()).map_or(&[], Vec::as_slice)
            }
        }
    }
}

fn official() -> String {
    "official".into()
}

fn joint() -> String {
    "joint".into()
}

fn inputs() -> PathBuf {
    "inputs.safetensors".into()
}

impl Case {
    /// Reads `case.json`; batches and weights are read by [`replay`](crate::replay).
    ///
    /// # Errors
    ///
    /// A file that is missing or not JSON, a key that is missing or of another kind.
    pub fn open(dir: &Path) -> Result<Self, ReplayError> {
        let path = dir.join("case.json");
        let unfit = |e: serde_json::Error| ReplayError::File {
            verb: "read",
            path: path.clone(),
            why: e.to_string(),
        };
        let json: Value = serde_json::from_slice(&read(&path)?).map_err(unfit)?;
        let settings: Settings = serde_json::from_value(json.clone()).map_err(unfit)?;
        let case = Self {
            dir: dir.into(),
            settings,
            json,
            bf16: false,
        };
        case.modalities()?;
        for (key, number) in [
            ("epochs", case.settings.epochs),
            ("steps", case.settings.steps),
        ] {
            if number == 0 {
                return Err(ReplayError::Setting(format!(
                    "`{key}` is 0: a run needs at least one"
                )));
            }
        }
        Ok(case)
    }

    /// Rounds the ResNets' convolutions to bfloat16, which the recorded run did not.
    pub fn in_bf16(mut self, bf16: bool) -> Self {
        self.bf16 = bf16;
        self
    }

    /// In training order.
    pub(crate) fn modalities(&self) -> Result<Vec<Modality>, ReplayError> {
        let parse = |letter: &String| {
            Modality::parse(letter).ok_or_else(|| ReplayError::Unknown {
                key: "modalities",
                found: letter.clone(),
                known: "a, t, v".into(),
            })
        };
        let mut modalities = self
            .settings
            .modalities
            .iter()
            .map(parse)
            .collect::<Result<Vec<_>, _>>()?;
        modalities.sort();
        modalities.dedup();
        if modalities.is_empty() || modalities.len() != self.settings.modalities.len() {
            let why = "`modalities` names none, or one twice";
            return Err(ReplayError::Setting(why.into()));
        }
        Ok(modalities)
    }

    pub(crate) fn inputs(&self) -> PathBuf {
        self.dir.join(&self.settings.inputs)
    }
}
