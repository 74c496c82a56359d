//! RoBERTa (Liu et al. 2019), and with it BERT (Devlin et al. 2019): a post-layer-norm transformer
//! over tokens.

mod config;
mod dropout;
mod embeddings;
mod layer;
mod prefix;
mod prefix_cache;
mod pretrained;

use burn::module::Module;
use burn::tensor::{Device, Int, Tensor};

pub use config::{Architecture, ConfigError, RobertaConfig};
use dropout::{Draws, part};
use embeddings::Embeddings;
use layer::{Layer, Tokens};
use prefix::Fingerprint;
pub use prefix_cache::PrefixCache;
pub use pretrained::{PretrainedError, pretrained_weights};

use crate::{Encoder, Input, Normal, TrainingStep};

/// Hugging Face's `RobertaModel` or `BertModel` without its pooler, as an encoder: a text's
/// embedding is the first token's last hidden state (docs/paper.md §2.1).
///
/// With [`RobertaConfig::unfrozen_layers`], only that many last layers train. The frozen part
/// before them, the *prefix*, is computed without autodiff: it costs a forward pass, but no graph,
/// no backward pass and no optimiser state. Its dropout is active in training, unless
/// [`RobertaConfig::frozen_eval`] is set; then a [`PrefixCache`] can keep its output. It is part of
/// the weights.
///
/// Dropout is active only in [`Encoder::embed_in_step`] on an autodiff device.
#[derive(Module, Debug)]
pub struct Roberta {
    /// Named after files of weights, `encoder.t.m.embeddings.word_embeddings.weight`: after `m.`
    /// come Hugging Face's names.
    m: Transformer,
    /// How many first layers are frozen, together with the embeddings.
    #[module(skip)]
    frozen: Option<usize>,
    /// [`RobertaConfig::dropout_seed`].
    #[module(skip)]
    dropout_seed: u64,
    /// [`RobertaConfig::frozen_eval`].
    #[module(skip)]
    frozen_eval: bool,
    #[module(skip)]
    cache: Option<PrefixCache>,
    #[module(skip)]
    fingerprint: Fingerprint,
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
    /// Values are drawn in the order of the parameters in Hugging Face's state dictionary.
    ///
    /// # Errors
    ///
    /// Settings that fit no network, such as a width that the heads do not divide.
    pub fn init(&self, normal: Normal<'_>, device: &Device) -> Result<Roberta, ConfigError> {
        self.check()?;
        let mut embeddings = Embeddings::new(self, normal, device);
        let mut layer: Vec<_> = (0..self.num_hidden_layers)
            .map(|_| Layer::new(self, normal, device))
            .collect();
        let frozen = self
            .unfrozen_layers
            .map(|unfrozen| self.num_hidden_layers - unfrozen);
        if let Some(frozen) = frozen {
            embeddings = embeddings.no_grad();
            layer = layer
                .into_iter()
                .enumerate()
                .map(|(i, l)| if i < frozen { l.no_grad() } else { l })
                .collect();
        }
        Ok(Roberta {
            m: Transformer {
                embeddings,
                encoder: Layers { layer },
            },
            frozen,
            dropout_seed: self.dropout_seed,
            frozen_eval: self.frozen_eval,
            cache: None,
            fingerprint: Fingerprint::default(),
        })
    }
}

/// The embeddings' part of the dropout masks; a layer's part is its index.
const EMBEDDINGS: u64 = u64::MAX;

impl Roberta {
    /// The last layer's hidden states, `[batch, length, hidden]`, of `ids` and `mask`, `[batch,
    /// length]`. Without dropout.
    ///
    /// # Panics
    ///
    /// If the texts are longer than [`RobertaConfig::max_length`].
    pub fn hidden_states(&self, ids: Tensor<2, Int>, mask: Tensor<2>) -> Tensor<3> {
        let before = self.before(ids, mask.clone(), None);
        self.after(before, mask, Tokens::All, None)
    }

    /// The hidden states before the first layer that trains, on the device of `ids`: with nothing
    /// frozen, those of the embeddings.
    fn before(&self, ids: Tensor<2, Int>, mask: Tensor<2>, draws: Option<Draws>) -> Tensor<3> {
        if self.frozen.is_none() {
            return self.m.embeddings.forward(ids, part(draws, EMBEDDINGS));
        }
        self.without_autodiff(ids, mask, |ids, mask| self.frozen_part(ids, mask, draws))
    }

    /// The hidden states after the layers that train, of some tokens: of all of them if there are no
    /// such layers.
    fn after(
        &self,
        hidden: Tensor<3>,
        mask: Tensor<2>,
        tokens: Tokens,
        draws: Option<Draws>,
    ) -> Tensor<3> {
        let (first, last) = (
            self.frozen.unwrap_or(0),
            self.m.encoder.layer.len().saturating_sub(1),
        );
        let layers = self.m.encoder.layer.iter().enumerate().skip(first);
        layers.fold(hidden, |x, (index, layer)| {
            let tokens = if index == last { tokens } else { Tokens::All };
            layer.forward(x, &mask, tokens, part(draws, index as u64))
        })
    }
}

/// `[batch, length, hidden]` to the first tokens' `[batch, hidden]`.
fn first_token(hidden: Tensor<3>) -> Tensor<2> {
    hidden.narrow(1, 0, 1).squeeze_dim(1)
}

fn tokens(input: &Input) -> (Tensor<2, Int>, Tensor<2>) {
    let Input::Tokens { ids, mask } = input else {
        panic!("a RoBERTa reads tokens only")
    };
    (ids.clone(), mask.clone())
}

impl Encoder for Roberta {
    fn embed(&self, input: &Input) -> Tensor<2> {
        let (ids, mask) = tokens(input);
        let before = self.cached_prefix(ids, mask.clone());
        first_token(self.after(before, mask, Tokens::First, None))
    }

    fn embed_in_step(&self, input: &Input, step: TrainingStep) -> Tensor<2> {
        if !input.device().is_autodiff() {
            return self.embed(input);
        }
        let (ids, mask) = tokens(input);
        let draws = Some(Draws::new(self.dropout_seed, step));
        let before = if self.frozen_eval && self.frozen.is_some() {
            self.cached_prefix(ids, mask.clone())
        } else {
            self.before(ids, mask.clone(), draws)
        };
        first_token(self.after(before, mask, Tokens::First, draws))
    }

    fn has_running_statistics(&self) -> bool {
        false
    }
}
