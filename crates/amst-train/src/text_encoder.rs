//! The encoder of text that a recipe asks for.

use amst_data::{Purpose, Stream};
use amst_encoders::{
    AnyEncoder, PrefixCache, PretrainedError, Roberta, RobertaConfig, TokenMeanConfig,
};
use amst_recipe::{Modality, Recipe, RecipeError, TextEncoder, TextModel, TextSpec};
use burn::tensor::Device;

use crate::TrainError;

/// Bytes of what frozen layers make of texts that are kept in memory under `text.frozen_eval`: a
/// million tokens of `roberta-base`. Further texts are computed each time, with the same result.
const PREFIX_CACHE: usize = 3 << 30;

/// Makes the text encoder of each branch.
pub(crate) struct TextEncoders<'a> {
    recipe: &'a Recipe,
    model: Option<&'a TextModel>,
    /// Whether a pretrained model's weights are drawn, in the sizes that the recipe names.
    drawn: bool,
    /// Branches that start from one pretrained model have one frozen part.
    cache: PrefixCache,
}

impl<'a> TextEncoders<'a> {
    pub(crate) fn new(recipe: &'a Recipe, model: Option<&'a TextModel>) -> Self {
        Self {
            recipe,
            model,
            drawn: false,
            cache: PrefixCache::new(PREFIX_CACHE),
        }
    }

    /// The same where a pretrained model is wanted for its sizes alone.
    pub(crate) fn drawn(recipe: &'a Recipe) -> Self {
        Self {
            drawn: true,
            ..Self::new(recipe, None)
        }
    }

    /// The encoder of a branch with initial weights: drawn, or those of the pretrained model.
    ///
    /// # Errors
    ///
    /// A pretrained model whose files cannot be read, contradict each other or do not fit the
    /// recipe.
    pub(crate) fn encoder(
        &self,
        branch: usize,
        normal: &mut dyn FnMut() -> f64,
        device: &Device,
    ) -> Result<AnyEncoder, TrainError> {
        let text = &self.recipe.text;
        let dropout_seed = Stream::new(self.recipe.seed, Purpose::Dropout, 0, branch as u64)
            .part(Modality::Text as u64)
            .next_u64();
        match &text.encoder {
            TextEncoder::Bag => {
                let config = TokenMeanConfig {
                    vocabulary: text.vocabulary,
                    width: text.width,
                    embed: self.recipe.embed(),
                };
                Ok(AnyEncoder::TokenMean(config.init(normal, device)))
            }
            TextEncoder::Transformer => {
                let config = RobertaConfig {
                    dropout_seed,
                    ..from_scratch(text)
                };
                Ok(AnyEncoder::Roberta(config.init(normal, device)?))
            }
            TextEncoder::Pretrained(_) if self.drawn => {
                let unfrozen_layers = Some(text.unfrozen_layers);
                let config = RobertaConfig {
                    dropout_seed,
                    unfrozen_layers,
                    frozen_eval: text.frozen_eval,
                    ..from_scratch(text)
                };
                Ok(AnyEncoder::Roberta(config.init(normal, device)?))
            }
            TextEncoder::Pretrained(name) => {
                let why = "its files were not looked up: a program must pass the model it found"
                    .to_string();
                let model = self.model.ok_or(RecipeError::NoTextModel {
                    name: name.clone(),
                    why,
                })?;
                let encoder = pretrained(text, model, dropout_seed, device)?;
                Ok(AnyEncoder::Roberta(if text.frozen_eval {
                    encoder.with_prefix_cache(self.cache.clone())
                } else {
                    encoder
                }))
            }
        }
    }
}

/// The small RoBERTa of a recipe.
pub(crate) fn from_scratch(text: &TextSpec) -> RobertaConfig {
    RobertaConfig {
        hidden_dropout_prob: text.dropout,
        attention_probs_dropout_prob: text.dropout,
        ..RobertaConfig::small(
            text.vocabulary,
            text.width,
            text.layers,
            text.heads,
            text.max_length,
        )
    }
}

/// The configuration of a pretrained model under a recipe.
pub(crate) fn config(text: &TextSpec, model: &TextModel) -> Result<RobertaConfig, TrainError> {
    let config = RobertaConfig {
        unfrozen_layers: Some(text.unfrozen_layers),
        frozen_eval: text.frozen_eval,
        ..RobertaConfig::read(&model.config())?
    };
    if text.max_length > config.max_length() {
        let why = format!(
            "is {}, and the model reads up to {} tokens",
            text.max_length,
            config.max_length()
        );
        return Err(RecipeError::Value {
            key: "text.max_length".into(),
            why,
        }
        .into());
    }
    Ok(config)
}

fn pretrained(
    text: &TextSpec,
    model: &TextModel,
    dropout_seed: u64,
    device: &Device,
) -> Result<Roberta, TrainError> {
    let config = RobertaConfig {
        dropout_seed,
        ..config(text, model)?
    };
    config
        .load(model.folder(), device)
        .map_err(|error| match error {
            PretrainedError::Config(error) => error.into(),
            PretrainedError::Weights(error) => error.into(),
        })
}
