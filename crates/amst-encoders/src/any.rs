use burn::module::Module;
use burn::tensor::Tensor;

use crate::{Encoder, Input, ResNet18, Roberta, TokenMean, TrainingStep};

/// An encoder chosen at run time. A new encoder is one file and one arm here.
#[derive(Module, Debug)]
#[allow(clippy::large_enum_variant)] // A handful exist in a run; boxing would hide the module from burn.
pub enum AnyEncoder {
    /// Spectrograms and pictures.
    ResNet18(ResNet18),
    /// Text as a bag of tokens.
    TokenMean(TokenMean),
    /// Text through a transformer.
    Roberta(Roberta),
}

impl Encoder for AnyEncoder {
    fn embed(&self, input: &Input) -> Tensor<2> {
        match self {
            AnyEncoder::ResNet18(encoder) => encoder.embed(input),
            AnyEncoder::TokenMean(encoder) => encoder.embed(input),
            AnyEncoder::Roberta(encoder) => encoder.embed(input),
        }
    }

    fn embed_in_step(&self, input: &Input, step: TrainingStep) -> Tensor<2> {
        match self {
            AnyEncoder::ResNet18(encoder) => encoder.embed_in_step(input, step),
            AnyEncoder::TokenMean(encoder) => encoder.embed_in_step(input, step),
            AnyEncoder::Roberta(encoder) => encoder.embed_in_step(input, step),
        }
    }

    fn has_running_statistics(&self) -> bool {
        match self {
            AnyEncoder::ResNet18(encoder) => encoder.has_running_statistics(),
            AnyEncoder::TokenMean(encoder) => encoder.has_running_statistics(),
            AnyEncoder::Roberta(encoder) => encoder.has_running_statistics(),
        }
    }
}
