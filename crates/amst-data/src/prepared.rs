//! A data set that is ready to be read.

use std::collections::BTreeMap;
use std::sync::Arc;

use amst_recipe::{Modality, Recipe, TextModel};

use crate::collate::Shaper;
use crate::drawn::Drawn;
use crate::preparation::LeftOut;
use crate::sample::Input;
use crate::store::key::StoreKey;
use crate::store::read::Store;
use crate::synthetic::{Generator, entries_of};
use crate::{DataError, Split, SplitName};

/// A data set that is ready to be read: its samples, and where their inputs come from.
///
/// Cheap to clone; clones share the mapped files.
#[derive(Clone)]
pub struct Prepared {
    shared: Arc<Shared>,
    pub(crate) text_model: Option<TextModel>,
    /// The one that was trained here.
    pub(crate) tokenizer: Option<Arc<str>>,
    pub(crate) left_out: Arc<[LeftOut]>,
}

pub(crate) struct Shared {
    classes: Vec<String>,
    entries: Vec<Entry>,
    modalities: Vec<Modality>,
    source: Source,
    pub(crate) shaper: Shaper,
}

/// What is known of a sample beside its inputs.
pub(crate) struct Entry {
    pub(crate) id: String,
    pub(crate) label: usize,
    pub(crate) split: SplitName,
}

pub(crate) enum Source {
    Stores(BTreeMap<Modality, Store>),
    Generated(Generator),
    Drawn(Drawn),
}

impl Prepared {
    /// The generated data set of `recipe.synthetic`, in the shapes of the recipe.
    ///
    /// # Errors
    ///
    /// [`DataError::Setting`]: too few classes or samples, a vocabulary without room, a dial beyond
    /// 0..1.
    pub fn synthetic(recipe: &Recipe) -> Result<Self, DataError> {
        let shaper = Shaper::new(recipe)?;
        let generator = Generator::new(recipe)?;
        let (classes, entries) = entries_of(&recipe.synthetic);
        Ok(Self::new(
            classes,
            entries,
            recipe,
            Source::Generated(generator),
            shaper,
        ))
    }

    /// Random contents in the shapes of the recipe, for timing what is done with them: as many
    /// samples and classes as `recipe.synthetic` says, in which there is nothing to learn. Pictures
    /// are JPEG files in memory, decoded and transformed like others; a few dozen inputs stand for
    /// all.
    ///
    /// # Errors
    ///
    /// [`DataError::Setting`]: too few classes or samples, settings that fit no shape.
    pub fn shapes(recipe: &Recipe) -> Result<Self, DataError> {
        let shaper = Shaper::new(recipe)?;
        let drawn = Drawn::new(recipe)?;
        let (classes, entries) = entries_of(&recipe.synthetic);
        Ok(Self::new(
            classes,
            entries,
            recipe,
            Source::Drawn(drawn),
            shaper,
        ))
    }

    pub(crate) fn new(
        classes: Vec<String>,
        entries: Vec<Entry>,
        recipe: &Recipe,
        source: Source,
        shaper: Shaper,
    ) -> Self {
        let modalities = recipe.modalities.clone();
        let shared = Shared {
            classes,
            entries,
            modalities,
            source,
            shaper,
        };
        Self {
            shared: Arc::new(shared),
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
        matches!(self.shared.source, Source::Drawn(_))
    }

    /// The class names, by index.
    pub fn classes(&self) -> &[String] {
        &self.shared.classes
    }

    /// The modalities that can be read.
    pub fn modalities(&self) -> &[Modality] {
        &self.shared.modalities
    }

    /// The keys of the store files; none for generated data.
    pub fn keys(&self) -> BTreeMap<Modality, StoreKey> {
        match &self.shared.source {
            Source::Stores(stores) => stores
                .iter()
                .map(|(&modality, store)| (modality, store.key()))
                .collect(),
            Source::Generated(_) | Source::Drawn(_) => BTreeMap::new(),
        }
    }

    /// The samples that are listed and not here, because a source of theirs cannot be used.
    pub fn left_out(&self) -> &[LeftOut] {
        &self.left_out
    }

    /// Length of the store files together; 0 for generated data.
    pub fn bytes(&self) -> u64 {
        match &self.shared.source {
            Source::Stores(stores) => stores.values().map(Store::bytes).sum(),
            Source::Generated(_) | Source::Drawn(_) => 0,
        }
    }

    /// One of the three parts, in the manifest's order.
    pub fn split(&self, name: SplitName) -> Split {
        let members = self
            .shared
            .entries
            .iter()
            .enumerate()
            .filter(|(_, e)| e.split == name)
            .map(|(at, _)| at);
        Split::new(Arc::clone(&self.shared), name, members.collect())
    }
}

impl Shared {
    pub(crate) fn classes(&self) -> usize {
        self.classes.len()
    }

    pub(crate) fn entry(&self, sample: usize) -> &Entry {
        &self.entries[sample]
    }

    pub(crate) fn modalities(&self) -> &[Modality] {
        &self.modalities
    }

    /// One modality of one sample; nothing of the others is touched.
    pub(crate) fn input(&self, modality: Modality, sample: usize) -> Result<Input, DataError> {
        if !self.modalities.contains(&modality) {
            let prepared = self
                .modalities
                .iter()
                .map(|m| m.name())
                .collect::<Vec<_>>()
                .join(", ");
            return Err(DataError::NotPrepared { modality, prepared });
        }
        match &self.source {
            Source::Stores(stores) => stores[&modality].input(sample, self.shaper.frames()),
            Source::Drawn(drawn) => drawn.input(modality, sample),
            Source::Generated(generator) => {
                Ok(generator.input(modality, sample, self.entries[sample].label))
            }
        }
    }
}
