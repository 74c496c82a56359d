//! The section `skip` of a recipe: which modality trains when, and how skipping is carried out.

use serde::{Deserialize, Serialize};

use crate::{AutoSpec, Modality, ModalitySchedule};

/// How skipping is carried out (D3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Execution {
    /// A skipped modality is not loaded, decoded or forwarded; BatchNorm statistics are
    /// recalibrated after each epoch in which it was trained.
    Fast,
    /// A skipped modality is loaded and forwarded in training mode, as published.
    Official,
}

/// The skip schedule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct SkipSpec {
    /// s of the audio modality.
    pub audio: ModalitySchedule,
    /// s of the text modality.
    pub text: ModalitySchedule,
    /// s of the visual modality.
    pub visual: ModalitySchedule,
    /// The number of the first epoch: 0 as in the published code, 1 as in Algorithm 1 (D2).
    pub epoch_base: u32,
    /// Fast or official.
    pub execution: Execution,
    /// Batches that each trained modality re-reads after the epoch to bring its BatchNorm
    /// statistics up to date (fast execution only); 0 leaves them as they are.
    pub recalibrate: usize,
    /// How s is adapted where a modality's schedule is `"auto"`.
    pub auto: AutoSpec,
}

impl Default for SkipSpec {
    fn default() -> Self {
        let always = ModalitySchedule::Every(1);
        Self {
            audio: always.clone(),
            text: always.clone(),
            visual: always,
            epoch_base: 0,
            execution: Execution::Fast,
            recalibrate: 50,
            auto: AutoSpec::default(),
        }
    }
}

impl SkipSpec {
    /// The schedule of one modality.
    pub fn of(&self, modality: Modality) -> &ModalitySchedule {
        match modality {
            Modality::Audio => &self.audio,
            Modality::Text => &self.text,
            Modality::Visual => &self.visual,
        }
    }

    pub(crate) fn of_mut(&mut self, modality: Modality) -> &mut ModalitySchedule {
        match modality {
            Modality::Audio => &mut self.audio,
            Modality::Text => &mut self.text,
            Modality::Visual => &mut self.visual,
        }
    }
}
