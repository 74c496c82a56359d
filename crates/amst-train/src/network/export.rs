//! A network's parts under the names that PyTorch users know.

use std::collections::BTreeMap;
use std::path::Path;

use amst::Modality;
use amst_encoders::{Architecture, NamedTensor, RobertaConfig, named_tensors};
use amst_files::write_file_synced;
use amst_recipe::{Stem, TextEncoder};
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
#[derive(Clone, Debug, PartialEq)]
pub struct Exported {
    /// `audio`, `head`, `alt.audio`, …: a name for the file.
    pub name: String,
    /// As PyTorch has them.
    pub tensors: Vec<NamedTensor>,
    /// Texts in the file's header: `format`, `producer`, `part`, `architecture` (JSON: the settings
    /// to build the module with), `classes` (JSON: their names by index).
    pub metadata: BTreeMap<String, String>,
}

impl SelectedNetwork {
    /// The parts of a network that have files of their own: encoders and head of each branch.
    pub fn parts(&self) -> Vec<(&'static str, ExportPart)> {
        let parts = || {
            self.modalities()
                .into_iter()
                .map(ExportPart::Encoder)
                .chain([ExportPart::Head])
        };
        self.branches()
            .into_iter()
            .flat_map(|branch| parts().map(move |part| (branch, part)))
            .collect()
    }

    /// One part. `branch` is one of [`SelectedNetwork::branches`]; [`ExportPart::All`] takes all of
    /// them.
    ///
    /// # Errors
    ///
    /// [`TrainError::Unfit`] for a modality or branch that the network does not have.
    pub fn export(&self, branch: &str, part: ExportPart) -> Result<Exported, TrainError> {
        let under = if branch.is_empty() {
            String::new()
        } else {
            format!("{branch}.")
        };
        let (name, prefix) = match part {
            ExportPart::Encoder(m) => (
                format!("{under}{m}"),
                format!("{under}encoder.{}.", m.letter()),
            ),
            ExportPart::Head => (format!("{under}head"), format!("{under}head.")),
            ExportPart::All => ("all".into(), String::new()),
        };
        // What follows `m.` are Hugging Face's own names.
        let own = |name: &str| {
            let rest = name.strip_prefix(&prefix)?;
            Some(match part {
                ExportPart::Encoder(Modality::Text) => {
                    rest.strip_prefix("m.").unwrap_or(rest).to_string()
                }
                _ => rest.to_string(),
            })
        };
        let all = named_tensors(&self.net, &self.names)?;
        let mut tensors: Vec<NamedTensor> = all
            .into_iter()
            .filter_map(|tensor| {
                Some(NamedTensor {
                    name: own(&tensor.name)?,
                    ..tensor
                })
            })
            .collect();
        if tensors.is_empty() {
            let there: Vec<String> = self
                .parts()
                .into_iter()
                .map(|(b, p)| self.called(b, p))
                .collect();
            return Err(TrainError::Unfit(format!(
                "this network has no part `{name}`; it has: {}",
                there.join(", ")
            )));
        }
        tensors.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Exported {
            metadata: self.metadata(&name, part)?,
            name,
            tensors,
        })
    }

    fn called(&self, branch: &str, part: ExportPart) -> String {
        let under = if branch.is_empty() {
            String::new()
        } else {
            format!("{branch}.")
        };
        match part {
            ExportPart::Encoder(modality) => format!("{under}{modality}"),
            ExportPart::Head => format!("{under}head"),
            ExportPart::All => "all".into(),
        }
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
        let recipe = &self.recipe;
        let resnet = |channels: usize, width: usize, stem: Stem, projection: Option<usize>| json!({ "kind": "resnet18", "channels": channels, "width": width, "stem": stem, "projection": projection });
        Ok(match part {
            ExportPart::Encoder(m @ Modality::Audio) => resnet(
                1,
                recipe.audio.width,
                recipe.audio.stem,
                recipe.projection(m),
            ),
            ExportPart::Encoder(m @ Modality::Visual) => resnet(
                recipe.visual.channels,
                recipe.visual.width,
                recipe.visual.stem,
                recipe.projection(m),
            ),
            ExportPart::Encoder(Modality::Text) => self.text_architecture()?,
            ExportPart::Head => {
                json!({ "kind": "head", "width": recipe.embed(), "classes": self.classes.len() })
            }
            ExportPart::All => {
                let part =
                    |m: &Modality| Ok((m.to_string(), self.architecture(ExportPart::Encoder(*m))?));
                Value::Object(
                    self.modalities()
                        .iter()
                        .map(part)
                        .collect::<Result<_, TrainError>>()?,
                )
            }
        })
    }

    fn text_architecture(&self) -> Result<Value, TrainError> {
        let text = &self.recipe.text;
        Ok(match (&text.encoder, &self.text_model) {
            (TextEncoder::Bag, _) => {
                let (vocabulary, width, embed) = (text.vocabulary, text.width, self.recipe.embed());
                json!({ "kind": "token-mean", "vocabulary": vocabulary, "width": width, "projection": embed })
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

impl Exported {
    /// The bytes of a safetensors file, the same whenever the tensors are.
    ///
    /// The library would do, but for the header's texts, which it lists in another order each time.
    fn bytes(&self) -> Vec<u8> {
        let mut header =
            serde_json::Map::from_iter([("__metadata__".to_string(), json!(self.metadata))]);
        let mut end = 0;
        for tensor in &self.tensors {
            let start = end;
            end += 4 * tensor.values.len();
            let entry =
                json!({ "dtype": "F32", "shape": tensor.shape, "data_offsets": [start, end] });
            header.insert(tensor.name.clone(), entry);
        }
        let mut header = Value::Object(header).to_string().into_bytes();
        // Numbers begin at a multiple of eight.
        header.resize(header.len().next_multiple_of(8), b' ');
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend(header);
        bytes.reserve(end);
        for tensor in &self.tensors {
            bytes.extend(tensor.values.iter().flat_map(|value| value.to_le_bytes()));
        }
        bytes
    }

    /// Writes a safetensors file, beside its place and then renamed into it.
    ///
    /// # Errors
    ///
    /// No permission, no space.
    pub fn write(&self, path: &Path) -> Result<(), TrainError> {
        write_file_synced(path, self.bytes()).map_err(|error| TrainError::Io {
            verb: "write",
            path: error.path,
            source: error.cause,
            option: "--out",
        })
    }
}
