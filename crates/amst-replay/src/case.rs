//! A recorded case on disk.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use amst::{Method, Modality};
use amst_baselines::{Noise, method};
use amst_encoders::AnyEncoder;
use amst_recipe::Recipe;
use serde::Deserialize;
use serde_json::Value;

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
    pub skip: BTreeMap<String, u32>,
    #[serde(default)]
    pub epoch_base: u32,
    #[serde(default = "official")]
    pub skip_mode: String,
    #[serde(default)]
    pub bn_recal_tail: usize,
    #[serde(default = "joint")]
    pub joint_mode: String,
    pub ogm: Option<OgmSettings>,
    pub pmr: Option<PmrSettings>,
    pub mslr: Option<MslrSettings>,
    pub mla: Option<MlaSettings>,
    pub agm: Option<AgmSettings>,
    pub blending: Option<BlendingSettings>,
    pub stopping: Option<StoppingSettings>,
    #[serde(default = "inputs")]
    pub inputs: PathBuf,
    /// Prefix of the names in the run, and the file that holds them without it.
    pub weights: Option<BTreeMap<String, PathBuf>>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct OgmSettings {
    pub alpha: f64,
    pub start: usize,
    pub end: usize,
    pub ge: String,
    #[serde(default)]
    pub noise_seed: u64,
    pub scope: String,
    pub trimodal: String,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct PmrSettings {
    pub alpha: f64,
    pub mu: f64,
    pub start: usize,
    pub end: usize,
    pub batches: PrototypeBatches,
}

/// Numbers of train batches: the same before every epoch, or a list an epoch.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum PrototypeBatches {
    Every(Vec<usize>),
    Each(Vec<Vec<usize>>),
}

impl PrototypeBatches {
    /// Those of an epoch; beyond the last list, the last one.
    pub fn of(&self, epoch: usize) -> &[usize] {
        match self {
            PrototypeBatches::Every(list) => list,
            PrototypeBatches::Each(lists) => {
                lists.get(epoch).or(lists.last()).map_or(&[], Vec::as_slice)
            }
        }
    }
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct MslrSettings {
    pub lr: BTreeMap<String, f64>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct MlaSettings {
    pub gm: String,
    pub target: String,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct AgmSettings {
    pub alpha: f64,
    pub cap: f64,
    pub clip: f64,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct BlendingSettings {
    pub super_epoch: usize,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct StoppingSettings {
    pub patience: usize,
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
                known: "a, t, v",
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
        match modalities.len() == self.settings.modalities.len() && !modalities.is_empty() {
            true => Ok(modalities),
            false => Err(ReplayError::Setting(
                "`modalities` names none, or one twice".into(),
            )),
        }
    }

    pub(crate) fn inputs(&self) -> PathBuf {
        self.dir.join(&self.settings.inputs)
    }

    /// Numbers of the train batches that PMR's prototypes are made of before an epoch.
    pub(crate) fn prototype_batches(&self, epoch: usize) -> Vec<usize> {
        let pmr = self.settings.pmr.as_ref();
        pmr.map_or(Vec::new(), |pmr| pmr.batches.of(epoch).to_vec())
    }

    /// The seed of OGM-GE's noise.
    pub(crate) fn noise_seed(&self) -> u64 {
        self.settings.ogm.as_ref().map_or(0, |ogm| ogm.noise_seed)
    }

    /// The method of the case.
    pub(crate) fn method(
        &self,
        recipe: &Recipe,
        noise: Noise,
    ) -> Result<Box<dyn Method<AnyEncoder>>, ReplayError> {
        Ok(method(recipe, noise)?)
    }
}
