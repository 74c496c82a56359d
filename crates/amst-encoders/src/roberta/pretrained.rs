//! The weights of Hugging Face's models.

use std::path::{Path, PathBuf};

use burn::tensor::Device;

use super::prefix::Fingerprint;
use super::{ConfigError, Roberta, RobertaConfig};
use crate::weights::read_part;
use crate::{Renames, WeightsError};

/// Prefixes of tensors in checkpoints that are not of the encoder: heads of the training task, and
/// two tables of indices that old versions saved.
const IGNORED: [&str; 7] = [
    "pooler.",
    "lm_head.",
    "cls.",
    "classifier.",
    "qa_outputs.",
    "embeddings.position_ids",
    "embeddings.token_type_ids",
];

/// The files that a model's weights are in, by preference.
const FILES: [&str; 2] = ["model.safetensors", "pytorch_model.bin"];

/// Why a pretrained encoder cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum PretrainedError {
    /// Its configuration is refused.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Its weights cannot be read.
    #[error(transparent)]
    Weights(#[from] WeightsError),
}

/// The file of weights in a model's folder: `model.safetensors`, or else `pytorch_model.bin`.
///
/// # Errors
///
/// Neither exists.
pub fn pretrained_weights(folder: &Path) -> Result<PathBuf, WeightsError> {
    let found = FILES
        .iter()
        .map(|name| folder.join(name))
        .find(|path| path.is_file());
    let why = format!(
        "there is no {} here: put a model's there, beside its config.json",
        FILES.join(" and no ")
    );
    found.ok_or_else(|| WeightsError::File {
        path: folder.into(),
        why,
    })
}

impl RobertaConfig {
    /// An encoder of these settings with the weights of a model's folder.
    ///
    /// # Errors
    ///
    /// Settings that no network can have; weights that do not exist, cannot be read, or are of a
    /// model of other settings.
    pub fn load(&self, folder: &Path, device: &Device) -> Result<Roberta, PretrainedError> {
        let mut encoder = self.init(&mut || 0.0, device)?;
        encoder.read_pretrained(&pretrained_weights(folder)?)?;
        Ok(encoder)
    }
}

impl Roberta {
    /// Reads the weights of a model that Hugging Face's `save_pretrained` wrote: safetensors, or
    /// what `torch.save` made of a state dictionary where the name ends in `.bin`, `.pt` or `.pth`.
    /// Of the latter only tensors are read; no code in it is run.
    ///
    /// Names may begin with the model's (`roberta.`, `bert.`). A pooler and heads are ignored.
    /// Half precision is converted.
    ///
    /// # Errors
    ///
    /// The file cannot be read, lacks a tensor, or holds one of another shape, of a further
    /// layer, or that no encoder with heads has.
    pub fn read_pretrained(&mut self, path: &Path) -> Result<(), WeightsError> {
        let renames = Renames::hugging_face()
            .with_prefix("", "roberta.")
            .with_prefix("", "bert.");
        self.fingerprint = Fingerprint::default();
        read_part(&mut self.m, path, &renames, |name| {
            IGNORED.iter().any(|part| name.starts_with(part))
        })
    }
}
