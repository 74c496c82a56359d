//! The tokenizer of a recipe's text.

use std::path::Path;

use amst_files::write_file_synced;
use amst_recipe::{Modality, Recipe, TextEncoder, TextModel};
use amst_tokens::{Embeddings, Tokenizer};

use crate::{DataError, Raw, Row, SplitName};

/// The tokenizer that a recipe asks for: none for bytes, the pretrained model's, or one that is
/// trained on the texts of the training split and kept in `store_dir`.
///
/// Training takes a moment and gives the same bytes each time, so it is repeated rather than
/// trusting a file; the one in the store is for people and other programs.
pub(crate) fn tokenizer(
    recipe: &Recipe,
    text_model: Option<&TextModel>,
    rows: &[Row],
    store_dir: &Path,
) -> Result<Option<Tokenizer>, DataError> {
    if !recipe.modalities.contains(&Modality::Text) {
        return Ok(None);
    }
    let tokenizer = match (&recipe.text.encoder, text_model) {
        (TextEncoder::Bag, _) => return Ok(None),
        (TextEncoder::Transformer, _) => {
            refuse_saved_tokens(rows)?;
            let trained = Tokenizer::train_bpe(training_texts(rows), recipe.text.vocabulary)?;
            save(&trained, store_dir)?;
            trained
        }
        (TextEncoder::Pretrained(_), Some(model)) => Tokenizer::read(model.folder())?,
        (TextEncoder::Pretrained(name), None) => {
            return Err(DataError::setting(
                "text.encoder",
                format!("the files of `{name}` were not looked up"),
            ));
        }
    };
    let tokenizer = tokenizer.with_max_length(recipe.text.max_length)?;
    if let Some(model) =
        text_model.filter(|_| matches!(recipe.text.encoder, TextEncoder::Pretrained(_)))
    {
        tokenizer.fits(&embeddings(model))?;
    }
    Ok(Some(tokenizer))
}

/// Tokens of another tokenizer are no texts to train one on.
fn refuse_saved_tokens(rows: &[Row]) -> Result<(), DataError> {
    if rows
        .iter()
        .any(|row| matches!(row.raw[&Modality::Text], Raw::Tokens { .. }))
    {
        let why = "these data bring tokens of roberta-base instead of texts: use text.encoder=roberta-base, or bag with \
                   text.vocabulary=50265";
        return Err(DataError::setting("text.encoder", why));
    }
    Ok(())
}

/// In the manifest's order, as often as they are there.
fn training_texts(rows: &[Row]) -> Vec<&str> {
    rows.iter()
        .filter(|row| row.split == SplitName::Train)
        .filter_map(|row| match &row.raw[&Modality::Text] {
            Raw::Text(text) => Some(text.as_str()),
            _ => None,
        })
        .collect()
}

fn embeddings(model: &TextModel) -> Embeddings {
    let sizes = model.sizes();
    let make = match sizes.model_type.as_str() {
        "bert" => Embeddings::bert,
        _ => Embeddings::roberta,
    };
    make(
        sizes.vocab_size,
        sizes.max_position_embeddings,
        sizes.pad_token_id,
    )
}

/// Under its hash, so that a store shows which tokens its records were made of.
fn save(tokenizer: &Tokenizer, store_dir: &Path) -> Result<(), DataError> {
    let file = store_dir.join(format!("tokenizer-{}.json", &tokenizer.digest()?[..12]));
    let json = tokenizer.to_json()?;
    if std::fs::read(&file).is_ok_and(|there| there == json.as_bytes()) {
        return Ok(());
    }
    Ok(write_file_synced(&file, json)?)
}
