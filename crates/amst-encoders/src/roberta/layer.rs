use burn::module::Module;
use burn::nn::{Initializer, LayerNorm, LayerNormConfig, Linear, LinearConfig};
use burn::tensor::activation::{gelu, softmax};
use burn::tensor::{Bool, Device, Tensor};

use super::RobertaConfig;
use super::dropout::{Draws, dropout, part};
use crate::Normal;
use crate::init::normal_param;

/// The score of a masked position: its weight is exactly 0 beside any unmasked one. Where all
/// positions are masked, all weights are equal; minus infinity would give NaN.
const MASKED_SCORE: f64 = -1e4;

/// Attention, then two linear maps around an exact GELU; a sum and a layer norm after each half.
#[derive(Module, Debug)]
pub(super) struct Layer {
    attention: Attention,
    intermediate: Intermediate,
    output: Output,
}

#[derive(Module, Debug)]
struct Attention {
    self_attention: SelfAttention,
    output: Output,
}

/// Scaled dot-product attention of several heads (Vaswani et al. 2017), without the linear map
/// after it.
#[derive(Module, Debug)]
struct SelfAttention {
    query: Linear,
    key: Linear,
    value: Linear,
    /// Probability that a weight is dropped.
    dropout: f64,
    heads: usize,
}

#[derive(Module, Debug)]
struct Intermediate {
    dense: Linear,
}

/// The end of each half of a layer: linear map, dropout, sum with the half's input, layer norm.
#[derive(Module, Debug)]
struct Output {
    dense: Linear,
    layer_norm: LayerNorm,
    /// Probability that an output of the map is dropped.
    dropout: f64,
}

impl Layer {
    pub(super) fn new(config: &RobertaConfig, normal: Normal<'_>, device: &Device) -> Self {
        let (hidden, wide) = (config.hidden_size, config.intermediate_size);
        Self {
            attention: Attention {
                self_attention: SelfAttention::new(config, normal, device),
                output: Output::new(hidden, config, normal, device),
            },
            intermediate: Intermediate {
                dense: linear([hidden, wide], config, normal, device),
            },
            output: Output::new(wide, config, normal, device),
        }
    }

    /// `[batch, length, hidden]` to the same. `padding`, `[batch, 1, 1, length]`, gets no
    /// attention. Without `draws` there is no dropout.
    pub(super) fn forward(
        &self,
        x: Tensor<3>,
        padding: &Tensor<4, Bool>,
        draws: Option<Draws>,
    ) -> Tensor<3> {
        let context = self
            .attention
            .self_attention
            .forward(x.clone(), padding, part(draws, 0));
        let x = self.attention.output.forward(context, x, part(draws, 1));
        let wide = gelu(self.intermediate.dense.forward(x.clone()));
        self.output.forward(wide, x, part(draws, 2))
    }
}

impl SelfAttention {
    fn new(config: &RobertaConfig, normal: Normal<'_>, device: &Device) -> Self {
        let mut square = || linear([config.hidden_size; 2], config, &mut *normal, device);
        Self {
            query: square(),
            key: square(),
            value: square(),
            dropout: config.attention_probs_dropout_prob,
            heads: config.num_attention_heads,
        }
    }

    fn forward(&self, x: Tensor<3>, padding: &Tensor<4, Bool>, draws: Option<Draws>) -> Tensor<3> {
        let [batch, length, hidden] = x.dims();
        let width = hidden / self.heads;
        let [query, key, value] = [&self.query, &self.key, &self.value].map(|linear| {
            linear
                .forward(x.clone())
                .reshape([batch, length, self.heads, width])
                .swap_dims(1, 2)
        });
        let scores = query
            .matmul(key.transpose())
            .div_scalar((width as f64).sqrt());
        let weights = softmax(scores.mask_fill(padding.clone(), MASKED_SCORE), 3);
        dropout(weights, self.dropout, draws)
            .matmul(value)
            .swap_dims(1, 2)
            .reshape([batch, length, hidden])
    }
}

impl Output {
    fn new(input: usize, config: &RobertaConfig, normal: Normal<'_>, device: &Device) -> Self {
        Self {
            dense: linear([input, config.hidden_size], config, normal, device),
            layer_norm: LayerNormConfig::new(config.hidden_size)
                .with_epsilon(config.layer_norm_eps)
                .init(device),
            dropout: config.hidden_dropout_prob,
        }
    }

    fn forward(&self, x: Tensor<3>, shortcut: Tensor<3>, draws: Option<Draws>) -> Tensor<3> {
        self.layer_norm
            .forward(dropout(self.dense.forward(x), self.dropout, draws) + shortcut)
    }
}

/// A linear map with normal weights and bias 0.
fn linear(
    [input, output]: [usize; 2],
    config: &RobertaConfig,
    normal: Normal<'_>,
    device: &Device,
) -> Linear {
    let mut linear = LinearConfig::new(input, output)
        .with_initializer(Initializer::Zeros)
        .init(device);
    linear.weight = normal_param([input, output], config.initializer_range, normal, device);
    linear
}
