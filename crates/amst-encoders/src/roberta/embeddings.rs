use amst_kernels::layer_norm::add_layer_norm;
use burn::module::Module;
use burn::nn::{Embedding, EmbeddingConfig, Initializer, LayerNorm, LayerNormConfig};
use burn::tensor::{Bool, Device, Int, Tensor};

use super::dropout::{Draws, Places, dropout};
use super::{Architecture, RobertaConfig};
use crate::Normal;
use crate::init::normal_param;

/// Word + position + type of a token, normalised; every token is of the first type.
#[derive(Module, Debug)]
pub(super) struct Embeddings {
    word_embeddings: Embedding,
    position_embeddings: Embedding,
    token_type_embeddings: Embedding,
    layer_norm: LayerNorm,
    /// The norm's.
    epsilon: f64,
    /// Probability that a value is dropped.
    dropout: f64,
    #[module(skip)]
    architecture: Architecture,
    /// The token id of padding.
    padding: usize,
    /// Tokens of the longest text.
    max_length: usize,
}

impl Embeddings {
    pub(super) fn new(config: &RobertaConfig, normal: Normal<'_>, device: &Device) -> Self {
        let mut table = |rows, padding| {
            table(
                [rows, config.hidden_size],
                padding,
                config,
                &mut *normal,
                device,
            )
        };
        let padding = Some(config.pad_token_id);
        let padding_position = padding.filter(|_| config.architecture == Architecture::Roberta);
        Self {
            word_embeddings: table(config.vocab_size, padding),
            position_embeddings: table(config.max_position_embeddings, padding_position),
            token_type_embeddings: table(config.type_vocab_size, None),
            layer_norm: LayerNormConfig::new(config.hidden_size)
                .with_epsilon(config.layer_norm_eps)
                .init(device),
            epsilon: config.layer_norm_eps,
            dropout: config.hidden_dropout_prob,
            architecture: config.architecture,
            padding: config.pad_token_id,
            max_length: config.max_length(),
        }
    }

    /// `[batch, length]` to `[batch, length, hidden]`. Without `draws` there is no dropout.
    pub(super) fn forward(&self, ids: Tensor<2, Int>, draws: Option<Draws>) -> Tensor<3> {
        let length = ids.dims()[1];
        assert!(
            length <= self.max_length,
            "a text of {length} tokens; the model reads up to {}",
            self.max_length
        );
        let words = self.word_embeddings.forward(ids.clone());
        let first_type = self
            .token_type_embeddings
            .weight
            .val()
            .narrow(0, 0, 1)
            .unsqueeze();
        let padding = ids.clone().equal_elem(self.padding as i64);
        let words = without_padding_gradient(words, padding.clone().unsqueeze_dim(2));
        let positions = match self.architecture {
            Architecture::Roberta => {
                let token = padding.clone().bool_not().int();
                let positions = token.clone().cumsum(1) * token + self.padding as i64;
                without_padding_gradient(
                    self.position_embeddings.forward(positions),
                    padding.unsqueeze_dim(2),
                )
            }
            Architecture::Bert => {
                let positions = Tensor::<1, Int>::arange(0..length as i64, &ids.device());
                let positions = self.position_embeddings.forward(positions.unsqueeze());
                positions.expand(words.dims())
            }
        };
        let LayerNorm { gamma, beta, .. } = &self.layer_norm;
        let beta = beta.as_ref().expect("made with a shift").val();
        let normalised = add_layer_norm(
            words + first_type,
            positions,
            None,
            [gamma.val(), beta],
            self.epsilon,
        );
        let places = Places::all(normalised.dims().iter().product());
        match dropout(places, self.dropout, draws) {
            Some(dropout) => dropout.apply(normalised),
            None => normalised,
        }
    }
}

/// The same values, without a gradient at padding: its rows of the tables do not train, as with
/// PyTorch's `padding_idx`.
fn without_padding_gradient(rows: Tensor<3>, padding: Tensor<3, Bool>) -> Tensor<3> {
    if !rows.device().is_autodiff() {
        return rows;
    }
    let detached = rows.clone().detach();
    rows.mask_where(padding, detached)
}

/// A table of normal values. The row of padding is drawn like the others and then set to 0.
fn table(
    shape: [usize; 2],
    padding: Option<usize>,
    config: &RobertaConfig,
    normal: Normal<'_>,
    device: &Device,
) -> Embedding {
    let mut embedding = EmbeddingConfig::new(shape[0], shape[1])
        .with_initializer(Initializer::Zeros)
        .init(device);
    let mut drawn = 0;
    embedding.weight = normal_param(
        shape,
        config.initializer_range,
        &mut || {
            let (value, row) = (normal(), drawn / shape[1]);
            drawn += 1;
            if padding == Some(row) { 0.0 } else { value }
        },
        device,
    );
    embedding
}
