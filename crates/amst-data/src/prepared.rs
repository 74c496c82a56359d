//! A data set that is ready to be read.

use std::collections::BTreeMap;
use std::sync::Arc;

use amst_recipe::{Modality, Recipe, TextModel};

use crate::collator::Collator;
use crate::left_out::LeftOut;
use crate::random_inputs::RandomInputs;
use crate::samples::{InputProvider, PreparedSamples};
use crate::store::key::StoreKey;
use crate::store::read::Store;
use crate::synthetic::{Generator, class_names, sample_infos};
use crate::{DataError, Split, SplitName};

/// A data set that is ready to be read: its samples, and where their inputs come from.
///
/// Cheap to clone; clones share the mapped files.
#[derive(Clone)]
pub struct Prepared {
    samples: Arc<PreparedSamples>,
    pub(crate) text_model: Option<TextModel>,
    /// The one that was trained here.
    pub(crate) tokenizer: Option<Arc<str>>,
    pub(crate) left_out: Arc<[LeftOut]>,
}

impl Prepared {
    /// The generated data set of `recipe.synthetic`, in the shapes of the recipe.
    ///
    /// # Errors
    ///
    /// [`DataError::Setting`]: too few classes or samples, too small a vocabulary, a dial beyond
    /// 0..1.
    pub fn synthetic(recipe: &Recipe) -> Result<Self, DataError> {
        let collator = Collator::new(recipe)?;
        let inputs = InputProvider::Synthetic(Generator::new(recipe)?);
        Ok(Self::generated(recipe, inputs, collator))
    }

    /// Random contents in the shapes of the recipe, for timing what is done with them: as many
    /// samples and classes as `recipe.synthetic` says, in which there is nothing to learn. Pictures
    /// are JPEG files in memory, decoded and transformed like others; a few dozen inputs are used
    /// for all samples.
    ///
    /// # Errors
    ///
    /// [`DataError::Setting`]: too few classes or samples, settings that fit no shape.
    pub fn shapes(recipe: &Recipe) -> Result<Self, DataError> {
        let collator = Collator::new(recipe)?;
        let inputs = InputProvider::Random(RandomInputs::new(recipe)?);
        Ok(Self::generated(recipe, inputs, collator))
    }

    fn generated(recipe: &Recipe, inputs: InputProvider, collator: Collator) -> Self {
        Self::new(PreparedSamples {
            classes: class_names(&recipe.synthetic),
            samples: sample_infos(&recipe.synthetic),
            modalities: recipe.modalities.clone(),
            inputs,
            collator,
        })
    }

    pub(crate) fn new(samples: PreparedSamples) -> Self {
        Self {
            samples: Arc::new(samples),
            text_model: None,
            tokenizer: None,
            left_out: [].into(),
        }
    }

    /// The text of the `tokenizer.json` that was trained on the training split, if one was: a
    /// network that learnt its tokens is of no use without it.
    pub fn tokenizer(&self) -> Option<&str> {
        self.tokenizer.as_deref()
    }

    /// The pretrained model whose tokenizer made the text's records, and whose weights read them.
    pub fn text_model(&self) -> Option<&TextModel> {
        self.text_model.as_ref()
    }

    /// Whether there are shapes without data ([`Prepared::shapes`]).
    pub fn is_drawn(&self) -> bool {
        matches!(self.samples.inputs, InputProvider::Random(_))
    }

    /// The class names, by index.
    pub fn classes(&self) -> &[String] {
        &self.samples.classes
    }

    /// The modalities that can be read.
    pub fn modalities(&self) -> &[Modality] {
        &self.samples.modalities
    }

    /// The keys of the store files; none for generated data.
    pub fn keys(&self) -> BTreeMap<Modality, StoreKey> {
        self.stores().map(|(&m, store)| (m, store.key())).collect()
    }

    /// The samples that are listed and not here, because a source of theirs cannot be used.
    pub fn left_out(&self) -> &[LeftOut] {
        &self.left_out
    }

    /// Length of the store files together; 0 for generated data.
    pub fn bytes(&self) -> u64 {
        self.stores().map(|(_, store)| store.bytes()).sum()
    }

    fn stores(&self) -> impl Iterator<Item = (&Modality, &Store)> {
        let stores = match &self.samples.inputs {
            InputProvider::Stores(stores) => Some(stores),
            InputProvider::Synthetic(_) | InputProvider::Random(_) => None,
        };
        stores.into_iter().flatten()
    }

    /// One of the three parts, in the manifest's order.
    pub fn split(&self, name: SplitName) -> Split {
        let samples = self.samples.samples.iter().enumerate();
        let members = samples.filter(|(_, sample)| sample.split == name);
        let members = members.map(|(number, _)| number).collect();
        Split::new(Arc::clone(&self.samples), name, members)
    }
}
