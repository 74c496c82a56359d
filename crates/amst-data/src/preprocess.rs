//! Files that belong to no data set, made into what a network reads.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use amst_annotations::lfs_pointer;
use amst_recipe::{Modality, Recipe};
use amst_tokens::Tokenizer;

use crate::collator::Collator;
use crate::layout::Raw;
use crate::record::source::picked;
use crate::record::{self, Encode, Extracted, Unmade};
use crate::sample::HostInput;
use crate::{DataError, HostBatch};

/// Where one modality of a sample comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// A recording, a text or a picture; several pictures are the frames of one sample.
    Files(Vec<PathBuf>),
    /// The text itself.
    Text(String),
    /// Anything that a data set's row can name: a video, a part of a recording or of a picture.
    Raw {
        /// What is named.
        raw: Raw,
        /// The folder that its paths are relative to.
        root: PathBuf,
    },
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
    collator: Collator,
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
        let collator = Collator::new(recipe)?;
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
        let videos = Default::default();
        let mut encoders = BTreeMap::new();
        for &modality in &recipe.modalities {
            let encoder = record::encoder(modality, recipe, tokenizer.as_ref(), &videos)?;
            encoders.insert(modality, encoder);
        }
        Ok(Self {
            collator: collator.padding_as(tokenizer.as_ref()),
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
    pub fn read(&self, modality: Modality, source: &Source) -> Result<HostInput, DataError> {
        let Some(encoder) = self.encoders.get(&modality) else {
            return Err(DataError::not_prepared(modality, &self.recipe.modalities));
        };
        let unusable = |why| DataError::Unusable { modality, why };
        let mut records = Vec::new();
        match source {
            Source::Text(text) => records.push(text_record(&**encoder, text).map_err(unusable)?),
            Source::Raw { raw, root } => {
                for part in raw.in_use(&self.recipe) {
                    records.push(raw_record(modality, &**encoder, &part, root)?);
                }
            }
            Source::Files(files) => {
                let used = match modality {
                    Modality::Visual if !files.is_empty() => picked(files.len(), &self.recipe),
                    _ => (0..files.len()).collect(),
                };
                for path in used.into_iter().map(|number| &files[number]) {
                    let bytes = std::fs::read(path).map_err(DataError::reading(path))?;
                    let name = path.display().to_string();
                    if let Some(why) = lfs_pointer(&bytes, path) {
                        return Err(unusable(format!("{name} is {why}")));
                    }
                    records.push(file_record(modality, &**encoder, &bytes, path)?);
                }
            }
        }
        let records: Vec<&[u8]> = records.iter().map(Vec::as_slice).collect();
        record::decode(modality, &records, self.collator.frames()).map_err(unusable)
    }

    /// What was noticed since the last call of files that could be read all the same: a length in a
    /// header that is not the file's, several sample rates.
    pub fn notes(&self) -> Vec<String> {
        let encoders = self.encoders.values();
        encoders.flat_map(|encoder| encoder.notes()).collect()
    }

    /// One modality of several samples side by side; labels are 0.
    pub fn batch(&self, modality: Modality, inputs: &[&HostInput]) -> Result<HostBatch, DataError> {
        let mut features = self.collator.empty(modality, inputs.len());
        for (slot, input) in inputs.iter().enumerate() {
            self.collator.put(input, &mut features, slot, None)?;
        }
        Ok(HostBatch {
            indices: (0..inputs.len()).collect(),
            labels: vec![0; inputs.len()],
            inputs: [(modality, features)].into(),
        })
    }
}

/// The record of what a row names. What ffmpeg complained of although everything came out is not
/// told: there is no preparation whose warnings could be read.
fn raw_record(
    modality: Modality,
    encoder: &dyn Encode,
    raw: &Raw,
    root: &Path,
) -> Result<Vec<u8>, DataError> {
    match raw {
        Raw::Text(text) => {
            text_record(encoder, text).map_err(|why| DataError::Unusable { modality, why })
        }
        Raw::Files(files) => {
            let path = root.join(files.concat());
            let bytes = std::fs::read(&path).map_err(DataError::reading(&path))?;
            file_record(modality, encoder, &bytes, &path)
        }
        other => record_of(modality, encoder.extract(other, root)),
    }
}

fn text_record(encoder: &dyn Encode, text: &str) -> Result<Vec<u8>, String> {
    let name = "the text";
    encoder.encode(words(text.as_bytes(), name)?, name)
}

fn file_record(
    modality: Modality,
    encoder: &dyn Encode,
    bytes: &[u8],
    path: &Path,
) -> Result<Vec<u8>, DataError> {
    if modality == Modality::Text {
        let name = path.display().to_string();
        return words(bytes, &name)
            .and_then(|text| encoder.encode(text, &name))
            .map_err(|why| DataError::Unusable { modality, why });
    }
    record_of(modality, encoder.encode_file(bytes, path))
}

fn record_of(modality: Modality, made: Result<Extracted, Unmade>) -> Result<Vec<u8>, DataError> {
    match made {
        Ok(extracted) => Ok(extracted.record),
        Err(Unmade::Bad(why)) => Err(DataError::Unusable { modality, why }),
        Err(Unmade::Stop(error)) => Err(error),
    }
}

/// A text without the white space around it, and without the mark that some editors begin a file
/// with.
fn words<'a>(bytes: &'a [u8], name: &str) -> Result<&'a [u8], String> {
    let text = std::str::from_utf8(bytes)
        .map_err(|_| format!("{name} is not UTF-8 text; save it as UTF-8"))?;
    Ok(text.trim_start_matches('\u{feff}').trim().as_bytes())
}
