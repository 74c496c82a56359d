//! RoBERTa (Liu et al. 2019), and with it BERT (Devlin et al. 2019): a post-layer-norm transformer over tokens.

mod config;
mod embeddings;
mod layer;

use std::path::Path;

use burn::module::Module;
use burn::tensor::{Device, Int, Tensor};

pub use config::{Architecture, ConfigError, RobertaConfig};
use embeddings::Embeddings;
use layer::Layer;

use crate::weights::read_part;
use crate::{Encoder, Input, Normal, Renames, WeightsError};

/// Hugging Face's `RobertaModel` or `BertModel` without its pooler, as an encoder: a text's
/// embedding is the first token's last hidden state (METHODS 2.1 in docs/paper.md).
///
/// Where [`RobertaConfig::unfrozen_layers`] names a number, only that many last layers train.
/// What lies before them never enters the autodiff graph, so it costs a forward pass and
/// neither a backward pass nor an optimiser's memory; its dropout is active in training like
/// everyone's. It is part of the weights like the rest.
#[derive(Module, Debug)]
pub struct Roberta {
    /// Called so in files of weights, `encoder.t.m.embeddings.word_embeddings.weight`; what
    /// follows the `m.` are Hugging Face's own names.
    m: Transformer,
    /// How many first layers are frozen, and the embeddings with them.
    #[module(skip)]
    frozen: Option<usize>,
}

#[derive(Module, Debug)]
struct Transformer {
    embeddings: Embeddings,
    encoder: Layers,
}

#[derive(Module, Debug)]
struct Layers {
    layer: Vec<Layer>,
}

impl RobertaConfig {
    /// Initialises from scratch as Hugging Face does: tables and matrices normal with deviation
    /// `initializer_range`, rows of padding and biases 0, layer norms the identity.
    ///
    /// Numbers are drawn in the order of the parameters in Hugging Face's state dictionary.
    ///
    /// # Errors
    ///
    /// Settings that fit no network, such as a width that the heads do not divide.
    pub fn init(&self, normal: Normal<'_>, device: &Device) -> Result<Roberta, ConfigError> {
        self.check()?;
        let mut embeddings = Embeddings::new(self, normal, device);
        let mut layer: Vec<_> = (0..self.num_hidden_layers).map(|_| Layer::new(self, normal, device)).collect();
        let frozen = self.unfrozen_layers.map(|unfrozen| self.num_hidden_layers - unfrozen);
        if let Some(frozen) = frozen {
            // Not `freeze`, which would silence dropout as well.
            embeddings = embeddings.no_grad();
            layer = layer.into_iter().enumerate().map(|(i, l)| if i < frozen { l.no_grad() } else { l }).collect();
        }
        Ok(Roberta { m: Transformer { embeddings, encoder: Layers { layer } }, frozen })
    }
}

impl Roberta {
    /// The last layer's hidden states, `[batch, length, hidden]`, of `ids` and `mask`, `[batch, length]`.
    ///
    /// # Panics
    ///
    /// When the texts are longer than [`RobertaConfig::max_length`].
    pub fn hidden_states(&self, ids: Tensor<2, Int>, mask: Tensor<2>) -> Tensor<3> {
        let [batch, length] = mask.dims();
        let padding = mask.equal_elem(0.0).reshape([batch, 1, 1, length]);
        let (frozen, unfrozen) = self.m.encoder.layer.split_at(self.frozen.unwrap_or(0));
        let embedded = self.m.embeddings.forward(ids);
        let before = frozen.iter().fold(embedded, |x, layer| layer.forward(x, &padding));
        let before = if self.frozen.is_some() { before.detach() } else { before };
        unfrozen.iter().fold(before, |x, layer| layer.forward(x, &padding))
    }

    /// Reads the weights of a model that Hugging Face's `save_pretrained` wrote (`model.safetensors`).
    ///
    /// The file may name the model before its parts (`roberta.`, `bert.`), may hold a pooler and
    /// heads, which are passed over, and may be in half precision.
    ///
    /// # Errors
    ///
    /// The file cannot be read, lacks a tensor, or holds one of another shape or of a further layer.
    pub fn read_pretrained(&mut self, path: &Path) -> Result<(), WeightsError> {
        let renames = Renames::hugging_face().with_prefix("", "roberta.").with_prefix("", "bert.");
        read_part(&mut self.m, path, &renames, "encoder.")
    }
}

impl Encoder for Roberta {
    fn embed(&self, input: &Input) -> Tensor<2> {
        let Input::Tokens { ids, mask } = input else { panic!("a RoBERTa reads tokens only") };
        self.hidden_states(ids.clone(), mask.clone()).narrow(1, 0, 1).squeeze_dim(1)
    }

    fn has_running_statistics(&self) -> bool {
        false
    }
}
