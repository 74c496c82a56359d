//! Weights as Hugging Face's models come.

use std::path::{Path, PathBuf};

use burn::tensor::Device;

use super::prefix::Fingerprint;
use super::{ConfigError, Roberta, RobertaConfig};
use crate::weights::read_part;
use crate::{Renames, WeightsError};

/// Beginnings of the names of tensors that checkpoints hold beside the encoder: what stood on
/// top of it when it was trained, and two tables of counted numbers that old versions saved.
const BESIDE: [&str; 7] = [
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

/// Why a pretrained encoder cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum PretrainedError {
    /// Its settings.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Its weights.
    #[error(transparent)]
    Weights(#[from] WeightsError),
}

/// The file of weights in a model's folder: `model.safetensors`, or else `pytorch_model.bin`.
///
/// # Errors
///
/// There is neither.
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
    /// Settings that fit no network; weights that are not there, cannot be read, or are of a model
    /// of other settings.
    pub fn load(&self, folder: &Path, device: &Device) -> Result<Roberta, PretrainedError> {
        let mut encoder = self.init(&mut || 0.0, device)?;
        encoder.read_pretrained(&pretrained_weights(folder)?)?;
        Ok(encoder)
    }
}

impl Roberta {
    /// Reads the weights of a model that Hugging Face's `save_pretrained` wrote: safetensors, or
    /// what `torch.save` made of a state dictionary where the name ends in `.bin`, `.pt` or `.pth`.
    /// Of the latter only tensors are read; no code in it is run, whatever it asks for.
    ///
    /// The file may name the model before its parts (`roberta.`, `bert.`), may hold a pooler and
    /// heads, which are passed over, and may be in half precision.
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
            BESIDE.iter().any(|part| name.starts_with(part))
        })
    }
}
