//! The encoder of text that a recipe asks for.

use amst_encoders::{AnyEncoder, Architecture, Roberta, RobertaConfig, TokenMeanConfig};
use amst_recipe::{Recipe, RecipeError, TextEncoder, TextModel, TextSpec};
use burn::tensor::Device;

use crate::TrainError;

/// An encoder with initial weights: drawn, or those of the pretrained model.
///
/// # Errors
///
/// A pretrained model whose files cannot be read, contradict each other or do not fit the recipe.
pub(crate) fn text_encoder(
    recipe: &Recipe,
    model: Option<&TextModel>,
    normal: &mut dyn FnMut() -> f64,
    device: &Device,
) -> Result<AnyEncoder, TrainError> {
    let text = &recipe.text;
    match &text.encoder {
        TextEncoder::Bag => {
            let config =
                TokenMeanConfig { vocabulary: text.vocabulary, width: text.width, embed: recipe.embed() };
            Ok(AnyEncoder::TokenMean(config.init(normal, device)))
        }
        TextEncoder::Transformer => Ok(AnyEncoder::Roberta(from_scratch(text).init(normal, device)?)),
        TextEncoder::Pretrained(name) => {
            let why = || "its files were not looked up: a program must pass the model it found".to_string();
            let model = model.ok_or_else(|| RecipeError::NoTextModel { name: name.clone(), why: why() })?;
            Ok(AnyEncoder::Roberta(pretrained(text, model, device)?))
        }
    }
}

/// RoBERTa's shape at any size: four times as wide between the linear maps, two rows of positions
/// before the first token's.
pub(crate) fn from_scratch(text: &TextSpec) -> RobertaConfig {
    RobertaConfig {
        architecture: Architecture::Roberta,
        vocab_size: text.vocabulary,
        hidden_size: text.width,
        num_hidden_layers: text.layers,
        num_attention_heads: text.heads,
        intermediate_size: 4 * text.width,
        max_position_embeddings: text.max_length + 2,
        type_vocab_size: 1,
        layer_norm_eps: 1e-5,
        hidden_dropout_prob: text.dropout,
        attention_probs_dropout_prob: text.dropout,
        initializer_range: 0.02,
        pad_token_id: 1,
        unfrozen_layers: None,
    }
}

fn pretrained(text: &TextSpec, model: &TextModel, device: &Device) -> Result<Roberta, TrainError> {
    let mut config = RobertaConfig::read(&model.config())?;
    config.unfrozen_layers = Some(text.unfrozen_layers);
    if text.max_length > config.max_length() {
        let why = format!("is {}, and the model reads up to {} tokens", text.max_length, config.max_length());
        return Err(RecipeError::Value { key: "text.max_length".into(), why }.into());
    }
    // Every weight is replaced by the file's.
    let mut encoder = config.init(&mut || 0.0, device)?;
    encoder.read_pretrained(model.weights())?;
    Ok(encoder)
}
