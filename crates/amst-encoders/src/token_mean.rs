//! The smallest text encoder: a bag of tokens.

use burn::module::Module;
use burn::nn::{Embedding, EmbeddingConfig, Linear};
use burn::tensor::{Device, Tensor};

use crate::init::normal_param;
use crate::{Encoder, Input, Normal, xavier_linear};

/// Settings of a [`TokenMean`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenMeanConfig {
    /// Number of token ids.
    pub vocabulary: usize,
    /// Width of a token's embedding.
    pub width: usize,
    /// Width D of the sample's embedding.
    pub embed: usize,
}

/// Mean of the tokens' embeddings, then one linear layer. Order is lost; this is enough to tell
/// words apart by their letters, and trains from scratch in seconds.
#[derive(Module, Debug)]
pub struct TokenMean {
    embedding: Embedding,
    linear: Linear,
}

impl TokenMeanConfig {
    /// Initialises: token embeddings standard normal, linear layer Xavier normal with bias 0.
    pub fn init(&self, normal: Normal<'_>, device: &Device) -> TokenMean {
        let mut embedding = EmbeddingConfig::new(self.vocabulary, self.width)
            .with_initializer(burn::nn::Initializer::Zeros)
            .init(device);
        embedding.weight = normal_param([self.vocabulary, self.width], 1.0, normal, device);
        TokenMean {
            embedding,
            linear: xavier_linear(self.width, self.embed, true, normal, device),
        }
    }
}

impl Encoder for TokenMean {
    fn embed(&self, input: &Input) -> Tensor<2> {
        let Input::Tokens { ids, mask } = input else {
            panic!("a bag of tokens reads tokens only")
        };
        let tokens = self.embedding.forward(ids.clone());
        let weights = mask.clone().unsqueeze_dim::<3>(2);
        // A sample without a single token gives the zero vector, not a division by zero.
        let count = mask.clone().sum_dim(1).clamp_min(1.0);
        let mean = (tokens * weights).sum_dim(1).squeeze_dim::<2>(1) / count;
        self.linear.forward(mean)
    }

    fn has_running_statistics(&self) -> bool {
        false
    }
}
