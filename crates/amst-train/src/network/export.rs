//! A network's parts under the names that PyTorch users know.

use std::collections::BTreeMap;
use std::path::Path;

use amst::Modality;
use amst_encoders::{Architecture, HeldTensor, RobertaConfig, held_tensors, write_tensor_file};
use amst_recipe::{Recipe, TextEncoder};
use serde_json::{Value, json};

use super::SelectedNetwork;
use crate::TrainError;
use crate::text_encoder::from_scratch;

/// What of a network is exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportPart {
    /// One encoder, under torchvision's or Hugging Face's own names.
    Encoder(Modality),
    /// The head: `weight`, `bias`, or `a.weight`, … where each modality has its own.
    Head,
    /// Everything, under the names that `amst train --weights` uses.
    All,
}

/// Named tensors that belong into one file, and what else is said there.
#[derive(Clone, Debug)]
pub struct Exported {
    /// `audio`, `head`, `alt.audio`, …: a name for the file.
    pub name: String,
    /// As PyTorch has them.
    pub tensors: Vec<HeldTensor>,
    /// Texts in the file's header: `format`, `producer`, `part`, `architecture` (JSON: the settings
    /// to build the module with), `classes` (JSON: their names by index).
    pub metadata: BTreeMap<String, String>,
}

impl SelectedNetwork {
    /// The parts of a network that have files of their own: encoders and head of each branch.
    pub fn parts(&self) -> Vec<(&'static str, ExportPart)> {
        let mut parts = Vec::new();
        for branch in self.branches() {
            for modality in self.modalities() {
                parts.push((branch, ExportPart::Encoder(modality)));
            }
            parts.push((branch, ExportPart::Head));
        }
        parts
    }

    /// One part. `branch` is one of [`SelectedNetwork::branches`]; [`ExportPart::All`] takes all of
    /// them.
    ///
    /// # Errors
    ///
    /// [`TrainError::Unfit`] for a modality or branch that the network does not have.
    pub fn export(&self, branch: &str, part: ExportPart) -> Result<Exported, TrainError> {
        let name = part_name(branch, part);
        let prefix = match part {
            ExportPart::Encoder(m) => {
                let encoder = format!("encoder.{}.", m.letter());
                prefixed(branch, &encoder)
            }
            ExportPart::Head => format!("{name}."),
            ExportPart::All => String::new(),
        };
        let mut tensors = Vec::new();
        for tensor in held_tensors(&self.net, &self.names)? {
            let Some(own) = tensor.name().strip_prefix(&prefix) else {
                continue;
            };
            // What follows `m.` are Hugging Face's own names.
            let own = match part {
                ExportPart::Encoder(Modality::Text) => own.strip_prefix("m.").unwrap_or(own),
                _ => own,
            };
            let own = own.to_string();
            tensors.push(tensor.named(own));
        }
        if tensors.is_empty() {
            let parts: Vec<String> = self
                .parts()
                .into_iter()
                .map(|(branch, part)| part_name(branch, part))
                .collect();
            return Err(TrainError::Unfit(format!(
                "this network has no part `{name}`; it has: {}",
                parts.join(", ")
            )));
        }
        tensors.sort_by(|a, b| a.name().cmp(b.name()));
        Ok(Exported {
            metadata: self.metadata(&name, part)?,
            name,
            tensors,
        })
    }

    fn metadata(
        &self,
        name: &str,
        part: ExportPart,
    ) -> Result<BTreeMap<String, String>, TrainError> {
        let classes = json!(self.classes).to_string();
        let architecture = self.architecture(part)?.to_string();
        let entries = [
            ("format", "pt".to_string()),
            ("producer", format!("amst {}", env!("CARGO_PKG_VERSION"))),
            ("part", name.to_string()),
            ("architecture", architecture),
            ("classes", classes),
        ];
        Ok(entries
            .into_iter()
            .map(|(key, value)| (key.to_string(), value))
            .collect())
    }

    /// The settings to build a part's module with.
    fn architecture(&self, part: ExportPart) -> Result<Value, TrainError> {
        Ok(match part {
            ExportPart::Encoder(Modality::Text) => self.text_architecture()?,
            ExportPart::Encoder(modality) => {
                let Recipe { audio, visual, .. } = &self.recipe;
                let (channels, width, stem) = match modality {
                    Modality::Visual => (visual.channels, visual.width, visual.stem),
                    _ => (1, audio.width, audio.stem),
                };
                let projection = self.recipe.projection(modality);
                json!({
                    "kind": "resnet18",
                    "channels": channels,
                    "width": width,
                    "stem": stem,
                    "projection": projection,
                })
            }
            ExportPart::Head => {
                let (width, classes) = (self.recipe.embed(), self.classes.len());
                json!({ "kind": "head", "width": width, "classes": classes })
            }
            ExportPart::All => {
                let mut encoders = serde_json::Map::new();
                for modality in self.modalities() {
                    let architecture = self.architecture(ExportPart::Encoder(modality))?;
                    encoders.insert(modality.to_string(), architecture);
                }
                Value::Object(encoders)
            }
        })
    }

    fn text_architecture(&self) -> Result<Value, TrainError> {
        let text = &self.recipe.text;
        Ok(match (&text.encoder, &self.text_model) {
            (TextEncoder::Bag, _) => {
                let (vocabulary, width, embed) = (text.vocabulary, text.width, self.recipe.embed());
                json!({
                    "kind": "token-mean",
                    "vocabulary": vocabulary,
                    "width": width,
                    "projection": embed,
                })
            }
            (TextEncoder::Pretrained(_), Some(model)) => {
                hugging_face(&RobertaConfig::read(&model.config())?)
            }
            _ => hugging_face(&from_scratch(text)),
        })
    }
}

/// `config.json` of a transformer, as `transformers.RobertaConfig` or `BertConfig` takes it.
fn hugging_face(config: &RobertaConfig) -> Value {
    let model_type = match config.architecture {
        Architecture::Roberta => "roberta",
        Architecture::Bert => "bert",
    };
    json!({
        "model_type": model_type,
        "vocab_size": config.vocab_size,
        "hidden_size": config.hidden_size,
        "num_hidden_layers": config.num_hidden_layers,
        "num_attention_heads": config.num_attention_heads,
        "intermediate_size": config.intermediate_size,
        "max_position_embeddings": config.max_position_embeddings,
        "type_vocab_size": config.type_vocab_size,
        "layer_norm_eps": config.layer_norm_eps,
        "hidden_dropout_prob": config.hidden_dropout_prob,
        "attention_probs_dropout_prob": config.attention_probs_dropout_prob,
        "initializer_range": config.initializer_range,
        "pad_token_id": config.pad_token_id,
    })
}

/// `name`, after the name of the branch if that has one.
fn prefixed(branch: &str, name: &str) -> String {
    if branch.is_empty() {
        name.into()
    } else {
        format!("{branch}.{name}")
    }
}

/// The name of a part: `audio`, `head`, `alt.audio`, …
fn part_name(branch: &str, part: ExportPart) -> String {
    match part {
        ExportPart::Encoder(modality) => prefixed(branch, modality.name()),
        ExportPart::Head => prefixed(branch, "head"),
        ExportPart::All => "all".into(),
    }
}

impl Exported {
    /// Writes a safetensors file, the same bytes whenever the tensors are: beside its path, and
    /// then renamed.
    ///
    /// # Errors
    ///
    /// No permission, no disk space.
    pub fn write(&self, path: &Path) -> Result<(), TrainError> {
        write_tensor_file(path, &self.tensors, &self.metadata).map_err(|source| TrainError::Io {
            verb: "write",
            path: path.into(),
            source,
            option: "--out",
        })
    }
}
