//! A layer of the transformer: attention, then a map of each token by itself.

use amst_kernels::attention::attention;
use amst_kernels::layer_norm::add_layer_norm;
use amst_kernels::linear::{Activation, linear};
use burn::module::Module;
use burn::nn::{Initializer, LayerNorm, LayerNormConfig, Linear, LinearConfig};
use burn::tensor::{Device, Tensor};

use super::RobertaConfig;
use super::dropout::{Draws, Places, dropout, part};
use crate::Normal;
use crate::init::normal_param;

/// Which tokens' hidden states a layer computes. All are attended to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tokens {
    All,
    /// Only the first: its state is the embedding, so that the last layer needs no other.
    First,
}

impl Tokens {
    /// Their hidden states, of `[batch, length, hidden]`.
    fn select(self, x: Tensor<3>) -> Tensor<3> {
        match self {
            Self::All => x,
            Self::First => x.narrow(1, 0, 1),
        }
    }

    /// Where their values are among those of all tokens, which lie in `count` blocks of `length`
    /// tokens of `width` values: what dropout drops is the same, whichever tokens are computed.
    fn places(self, count: usize, length: usize, width: usize) -> Places {
        let block = length * width;
        match self {
            Self::All => Places::all(count * block),
            Self::First => Places {
                runs: count,
                length: width,
                distance: block,
            },
        }
    }
}

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
    /// The norm's.
    epsilon: f64,
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
                dense: initial_linear([hidden, wide], config, normal, device),
            },
            output: Output::new(wide, config, normal, device),
        }
    }

    /// `[batch, length, hidden]` to the same of some tokens. Where `mask`, `[batch, length]`, is 0,
    /// there is no attention. Without `draws` there is no dropout.
    pub(super) fn forward(
        &self,
        x: Tensor<3>,
        mask: &Tensor<2>,
        tokens: Tokens,
        draws: Option<Draws>,
    ) -> Tensor<3> {
        let [batch, length, hidden] = x.dims();
        let places = tokens.places(batch, length, hidden);
        let own = tokens.select(x.clone());
        let attention = &self.attention;
        let context =
            attention
                .self_attention
                .forward([own.clone(), x], mask, tokens, part(draws, 0));
        let x = attention
            .output
            .forward(context, own, places, part(draws, 1));
        let wide = apply(&self.intermediate.dense, x.clone(), Activation::Gelu);
        self.output.forward(wide, x, places, part(draws, 2))
    }
}

impl SelfAttention {
    fn new(config: &RobertaConfig, normal: Normal<'_>, device: &Device) -> Self {
        let mut square = || initial_linear([config.hidden_size; 2], config, &mut *normal, device);
        Self {
            query: square(),
            key: square(),
            value: square(),
            dropout: config.attention_probs_dropout_prob,
            heads: config.num_attention_heads,
        }
    }

    /// Attention of `own`, the states of some tokens, to `x`, those of all.
    fn forward(
        &self,
        [own, x]: [Tensor<3>; 2],
        mask: &Tensor<2>,
        tokens: Tokens,
        draws: Option<Draws>,
    ) -> Tensor<3> {
        let [batch, length, _] = x.dims();
        let places = tokens.places(batch * self.heads, length, length);
        let linears = [(&self.query, own), (&self.key, x.clone()), (&self.value, x)];
        let inputs = linears.map(|(linear, x)| apply(linear, x, Activation::Nothing));
        let dropout = dropout(places, self.dropout, draws);
        attention(inputs, mask.clone(), self.heads, dropout)
    }
}

impl Output {
    fn new(input: usize, config: &RobertaConfig, normal: Normal<'_>, device: &Device) -> Self {
        Self {
            dense: initial_linear([input, config.hidden_size], config, normal, device),
            layer_norm: LayerNormConfig::new(config.hidden_size)
                .with_epsilon(config.layer_norm_eps)
                .init(device),
            epsilon: config.layer_norm_eps,
            dropout: config.hidden_dropout_prob,
        }
    }

    /// Of values that are at some `places` among those of all tokens.
    fn forward(
        &self,
        x: Tensor<3>,
        shortcut: Tensor<3>,
        places: Places,
        draws: Option<Draws>,
    ) -> Tensor<3> {
        let LayerNorm { gamma, beta, .. } = &self.layer_norm;
        let added = apply(&self.dense, x, Activation::Nothing);
        let dropout = dropout(places, self.dropout, draws);
        let beta = beta.as_ref().expect("made with a shift").val();
        add_layer_norm(added, shortcut, dropout, [gamma.val(), beta], self.epsilon)
    }
}

/// A linear map with its activation.
fn apply(map: &Linear, x: Tensor<3>, activation: Activation) -> Tensor<3> {
    let bias = map.bias.as_ref().expect("made with a bias").val();
    linear(x, map.weight.val(), bias, activation)
}

/// A linear map with normal weights and bias 0.
fn initial_linear(
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
