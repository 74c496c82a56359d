use burn::module::Module;
use burn::tensor::Tensor;

use crate::{Encoder, Input, ResNet18, Roberta, TokenMean, TrainingStep};

macro_rules! any_encoder {
    ($($(#[$doc:meta])* $encoder:ident,)*) => {
        /// An encoder chosen at run time.
        #[derive(Module, Debug)]
        // A run has a handful of them; burn's derive does not look into a `Box`.
        #[allow(clippy::large_enum_variant)]
        pub enum AnyEncoder {
            $($(#[$doc])* $encoder($encoder),)*
        }

        impl Encoder for AnyEncoder {
            fn embed(&self, input: &Input) -> Tensor<2> {
                match self {
                    $(Self::$encoder(encoder) => encoder.embed(input),)*
                }
            }

            fn embed_in_step(&self, input: &Input, step: TrainingStep) -> Tensor<2> {
                match self {
                    $(Self::$encoder(encoder) => encoder.embed_in_step(input, step),)*
                }
            }

            fn has_running_statistics(&self) -> bool {
                match self {
                    $(Self::$encoder(encoder) => encoder.has_running_statistics(),)*
                }
            }
        }
    };
}

// A new encoder is a file of its own and a line here.
any_encoder! {
    /// Spectrograms and pictures.
    ResNet18,
    /// Text as a bag of tokens.
    TokenMean,
    /// Text through a transformer.
    Roberta,
}
