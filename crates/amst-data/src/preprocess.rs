//! Files that belong to no data set, made into what a network reads.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use amst_recipe::{Modality, Recipe};
use amst_tokens::Tokenizer;

use crate::collate::Shaper;
use crate::record::{self, Encode};
use crate::sample::Input;
use crate::{Batch, DataError};

/// Where one modality of a sample comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A recording, a text or a picture; several pictures are the frames of one sample.
    Files(Vec<PathBuf>),
    /// The text itself.
    Text(String),
}

/// Makes inputs exactly as [`prepare`](crate::prepare) and a [`Loader`](crate::Loader) do in
/// evaluation, without a store: the same records, decoded and shaped by the same code, so a file
/// gives the same bits as it does in a data set.
///
/// ```
/// use amst_data::{Features, Preprocessor, Source};
/// use amst_recipe::{Modality, Recipe};
///
/// let recipe = Recipe { modalities: vec![Modality::Text], ..Recipe::default() };
/// let preprocessor = Preprocessor::new(&recipe, None)?;
/// let text = preprocessor.read(Modality::Text, &Source::Text("drei".into()))?;
/// let batch = preprocessor.batch(Modality::Text, &[&text])?;
/// let Features::Tokens { shape, .. } = &batch.inputs[&Modality::Text] else { unreachable!() };
/// assert_eq!(*shape, [1, 128]);
/// # Ok::<(), amst_data::DataError>(())
/// ```
pub struct Preprocessor {
    recipe: Recipe,
    encoders: BTreeMap<Modality, Box<dyn Encode>>,
    shaper: Shaper,
}

impl Preprocessor {
    /// What a recipe makes of files. `tokenizer` is the file or folder of its text's tokenizer:
    /// that of its pretrained model, or what [`Prepared::tokenizer`](crate::Prepared::tokenizer)
    /// was when its network was trained.
    ///
    /// # Errors
    ///
    /// [`DataError::Setting`]: settings that fit no data, a transformer without its tokenizer;
    /// [`DataError::Tokens`]: a tokenizer that cannot be read.
    pub fn new(recipe: &Recipe, tokenizer: Option<&Path>) -> Result<Self, DataError> {
        let mut shaper = Shaper::new(recipe)?;
        let tokenizer = match (recipe.has_transformer(), tokenizer) {
            (false, _) => None,
            (true, Some(path)) => {
                Some(Tokenizer::read(path)?.with_max_length(recipe.text.max_length)?)
            }
            (true, None) => {
                let why = "the tokenizer that this network's texts went through is not there; generated texts have none";
                return Err(DataError::setting("text.encoder", why));
            }
        };
        if let Some(tokenizer) = &tokenizer {
            shaper = shaper.padding_with(tokenizer.pad_id());
        }
        let videos = Default::default();
        let encoder = |m: &Modality| {
            Ok((
                *m,
                record::encoder(*m, recipe, tokenizer.as_ref(), &videos)?,
            ))
        };
        let encoders = recipe
            .modalities
            .iter()
            .map(encoder)
            .collect::<Result<_, DataError>>()?;
        Ok(Self {
            shaper,
            encoders,
            recipe: recipe.clone(),
        })
    }

    /// One modality of one sample. White space around a text does not count, as in a manifest; of
    /// many pictures those are read that the recipe picks.
    ///
    /// # Errors
    ///
    /// [`DataError::NotPrepared`] for a modality that is not the recipe's; a file that cannot be
    /// read or used.
    pub fn read(&self, modality: Modality, source: &Source) -> Result<Input, DataError> {
        let encoder = self.encoders.get(&modality).ok_or_else(|| {
            let prepared = self
                .recipe
                .modalities
                .iter()
                .map(|m| m.name())
                .collect::<Vec<_>>()
                .join(", ");
            DataError::NotPrepared { modality, prepared }
        })?;
        let bad = |why: String| DataError::Unusable { modality, why };
        let record = |bytes: &[u8], name: &str| {
            let bytes = if modality == Modality::Text {
                words(bytes, name).map_err(bad)?
            } else {
                bytes
            };
            encoder.encode(bytes, name).map_err(bad)
        };
        let read = |path: &PathBuf| {
            let bytes = std::fs::read(path).map_err(|source| DataError::Read {
                path: path.clone(),
                source,
            })?;
            record(&bytes, &path.display().to_string())
        };
        let records = match source {
            Source::Text(text) => vec![record(text.as_bytes(), "the text")?],
            Source::Files(files) if modality == Modality::Visual && !files.is_empty() => {
                let picked = record::part::picked(files.len(), &self.recipe);
                picked
                    .into_iter()
                    .map(|at| read(&files[at]))
                    .collect::<Result<_, _>>()?
            }
            Source::Files(files) => files.iter().map(read).collect::<Result<_, _>>()?,
        };
        let records: Vec<&[u8]> = records.iter().map(Vec::as_slice).collect();
        record::decode(modality, &records, self.shaper.frames()).map_err(bad)
    }

    /// One modality of several samples side by side; labels are 0.
    ///
    /// # Errors
    ///
    /// Inputs of another recipe.
    pub fn batch(&self, modality: Modality, inputs: &[&Input]) -> Result<Batch, DataError> {
        let mut features = self.shaper.empty(modality, inputs.len());
        for (at, input) in inputs.iter().enumerate() {
            self.shaper.put(input, &mut features, at, None)?;
        }
        let indices = (0..inputs.len()).collect();
        Ok(Batch {
            indices,
            labels: vec![0; inputs.len()],
            inputs: [(modality, features)].into(),
        })
    }
}

/// A text without the white space around it, and without the mark that some editors begin a file
/// with.
fn words<'a>(bytes: &'a [u8], name: &str) -> Result<&'a [u8], String> {
    let text = std::str::from_utf8(bytes)
        .map_err(|_| format!("{name} is not UTF-8 text; save it as UTF-8"))?;
    Ok(text.trim_start_matches('\u{feff}').trim().as_bytes())
}
