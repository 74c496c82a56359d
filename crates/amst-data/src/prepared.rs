//! A data set that is ready to be read.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use amst_recipe::{Layout, Modality, Recipe, ResolvedDataset, TextEncoder, TextModel};

use crate::collate::Shaper;
use crate::drawn::Drawn;
use crate::sample::Input;
use crate::store::key::{Hash, Plan, StoreKey};
use crate::store::ledger::Ledger;
use crate::store::make::open_or_make;
use crate::store::read::Store;
use crate::synthetic::{Generator, entries_of};
use crate::tokenizer::tokenizer;
use crate::{DataError, Raw, Row, Split, SplitName, layout, record};

/// How far the preparation of one modality is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The modality.
    pub modality: Modality,
    /// Sources done; a recording shared by several samples counts once.
    pub done: usize,
    /// Sources in all.
    pub total: usize,
}

/// A data set that is ready to be read: its samples, and where their inputs come from.
///
/// Cheap to clone; clones share the mapped files.
#[derive(Clone)]
pub struct Prepared {
    shared: Arc<Shared>,
    text_model: Option<TextModel>,
    /// The one that was trained here.
    tokenizer: Option<Arc<str>>,
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

enum Source {
    Stores(BTreeMap<Modality, Store>),
    Generated(Generator),
    Drawn(Drawn),
}

/// Makes what is missing of a data set's features and opens them.
///
/// Each of `recipe.modalities` has one file in `store_dir`, named by what it was made of, so
/// preparing again finds it, and another configuration, a changed source file or another
/// manifest makes another one. A file appears under its name only when it is complete; two
/// processes that prepare at once end with one file. `progress` is called from several
/// threads, after each source. `text_model` is the model of a recipe whose text encoder is
/// pretrained; the tokenizer is its. Synthetic data needs no `store_dir`.
///
/// # Errors
///
/// A manifest with faults (all of them listed), sources that cannot be used (likewise), a
/// store file that is damaged or not what its name says, no room or permission.
pub fn prepare(
    dataset: &ResolvedDataset,
    recipe: &Recipe,
    text_model: Option<&TextModel>,
    store_dir: &Path,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Prepared, DataError> {
    let mut shaper = Shaper::new(recipe)?;
    if dataset.spec.layout == Layout::Synthetic {
        return Prepared::synthetic(recipe);
    }
    let rows = layout::csv::read(dataset, &recipe.modalities)?;
    let content = content(dataset, recipe, &rows, store_dir)?;
    let tokenizer = tokenizer(recipe, text_model, &rows, store_dir)?;
    if let Some(tokenizer) = &tokenizer {
        shaper = shaper.padding_with(tokenizer.pad_id());
    }
    let mut stores = BTreeMap::new();
    for &modality in &recipe.modalities {
        let encoder = record::encoder(modality, recipe, tokenizer.as_ref())?;
        let plan = Plan::new(modality, &rows, recipe, &encoder.configuration(), &dataset.root, &content);
        stores.insert(modality, open_or_make(&plan, &*encoder, store_dir, progress)?);
    }
    let entries = rows.into_iter().map(|row| Entry { id: row.id, label: row.label, split: row.split }).collect();
    let mut data = Prepared::new(dataset.spec.classes.clone(), entries, recipe, Source::Stores(stores), shaper);
    data.text_model = text_model.cloned();
    if let (Some(tokenizer), TextEncoder::Transformer) = (&tokenizer, &recipe.text.encoder) {
        data.tokenizer = Some(tokenizer.to_json()?.into());
    }
    Ok(data)
}

/// Length and hash of every file in use.
fn content(
    dataset: &ResolvedDataset,
    recipe: &Recipe,
    rows: &[Row],
    store_dir: &Path,
) -> Result<BTreeMap<String, (u64, Hash)>, DataError> {
    let files: BTreeSet<String> = rows
        .iter()
        .flat_map(|row| row.raw.values())
        .filter(|raw| matches!(raw, Raw::Files(_)))
        .flat_map(|raw| record::used(raw, recipe))
        .collect();
    std::fs::create_dir_all(store_dir).map_err(|source| DataError::Write { path: store_dir.into(), source })?;
    let mut ledger = Ledger::open(store_dir);
    let content = ledger.look(&dataset.root, files.into_iter().collect())?;
    ledger.keep();
    Ok(content)
}

impl Prepared {
    /// The generated data set of `recipe.synthetic`, in the shapes of the recipe.
    ///
    /// # Errors
    ///
    /// [`DataError::Setting`]: too few classes or samples, a vocabulary without room, a dial beyond 0..1.
    pub fn synthetic(recipe: &Recipe) -> Result<Self, DataError> {
        let shaper = Shaper::new(recipe)?;
        let generator = Generator::new(recipe)?;
        let (classes, entries) = entries_of(&recipe.synthetic);
        Ok(Self::new(classes, entries, recipe, Source::Generated(generator), shaper))
    }

    /// Random contents in the shapes of the recipe, for timing what is done with them: as many samples
    /// and classes as `recipe.synthetic` says, in which there is nothing to learn. Pictures are JPEG
    /// files in memory, decoded and transformed like others; a few dozen inputs stand for all.
    ///
    /// # Errors
    ///
    /// [`DataError::Setting`]: too few classes or samples, settings that fit no shape.
    pub fn shapes(recipe: &Recipe) -> Result<Self, DataError> {
        let shaper = Shaper::new(recipe)?;
        let drawn = Drawn::new(recipe)?;
        let (classes, entries) = entries_of(&recipe.synthetic);
        Ok(Self::new(classes, entries, recipe, Source::Drawn(drawn), shaper))
    }

    fn new(classes: Vec<String>, entries: Vec<Entry>, recipe: &Recipe, source: Source, shaper: Shaper) -> Self {
        let modalities = recipe.modalities.clone();
        let shared = Shared { classes, entries, modalities, source, shaper };
        Self { shared: Arc::new(shared), text_model: None, tokenizer: None }
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
            Source::Stores(stores) => stores.iter().map(|(&modality, store)| (modality, store.key())).collect(),
            Source::Generated(_) | Source::Drawn(_) => BTreeMap::new(),
        }
    }

    /// One of the three parts, in the manifest's order.
    pub fn split(&self, name: SplitName) -> Split {
        let members = self.shared.entries.iter().enumerate().filter(|(_, e)| e.split == name).map(|(at, _)| at);
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
            let prepared = self.modalities.iter().map(|m| m.name()).collect::<Vec<_>>().join(", ");
            return Err(DataError::NotPrepared { modality, prepared });
        }
        match &self.source {
            Source::Stores(stores) => stores[&modality].input(sample, self.shaper.frames()),
            Source::Drawn(drawn) => drawn.input(modality, sample),
            Source::Generated(generator) => Ok(generator.input(modality, sample, self.entries[sample].label)),
        }
    }
}
