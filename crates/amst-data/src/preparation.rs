//! From a data set's files to stores.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use amst_recipe::{Layout, Modality, Recipe, ResolvedDataset, TextEncoder, TextModel};
use amst_tokens::Tokenizer;

use crate::collator::Collator;
use crate::error::{Listing, Lost};
use crate::layout::check::{no_such_fold, refuse_emptiness};
use crate::left_out::{AcceptedFailures, LeftOut};
use crate::progress::Progress;
use crate::record::{self, Encode, videos::Videos};
use crate::sample::SampleInfo;
use crate::samples::{InputProvider, PreparedSamples};
use crate::store::contents::StoreContents;
use crate::store::hash_cache::{FileState, HashCache};
use crate::store::key::StorePlan;
use crate::store::lock::StoreLock;
use crate::store::read::Store;
use crate::store::record_maker::FailedRecord;
use crate::store::writer::StoreWriter;
use crate::tokenizer::tokenizer;
use crate::{DataError, Prepared, Row, layout};

/// What is to be prepared, and how.
pub struct Preparation<'a> {
    /// The data set.
    pub dataset: &'a ResolvedDataset,
    /// The recipe, which says which modalities and which features.
    pub recipe: &'a Recipe,
    /// The model of a recipe whose text encoder is pretrained; the tokenizer is its.
    pub text_model: Option<&'a TextModel>,
    /// Where stores are kept. Synthetic data needs none.
    pub store_dir: &'a Path,
    /// How many samples may be left out because a source of theirs cannot be used. `None`: those
    /// and no others that an earlier preparation left out.
    pub max_bad: Option<usize>,
    /// Called from several threads.
    pub progress: &'a (dyn Fn(Progress) + Sync),
}

/// Makes what is missing of a data set's features and opens them: [`Preparation::run`] with what
/// was left out before left out again, and nothing else.
pub fn prepare(
    dataset: &ResolvedDataset,
    recipe: &Recipe,
    text_model: Option<&TextModel>,
    store_dir: &Path,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Prepared, DataError> {
    Preparation {
        dataset,
        recipe,
        text_model,
        store_dir,
        max_bad: None,
        progress,
    }
    .run()
}

/// How one modality's store is made.
struct ModalityJob {
    encoder: Box<dyn Encode>,
    plan: StorePlan,
}

/// The files of all modalities.
struct SourceFiles {
    states: BTreeMap<String, FileState>,
    videos: Arc<Videos>,
}

impl Preparation<'_> {
    /// Makes what is missing of a data set's features and opens them.
    ///
    /// Each of `recipe.modalities` has one file in `store_dir`, named by what it was made of, so
    /// preparing again finds it, and another configuration, a changed source file or another
    /// manifest makes another one, for which only what is new is made. A preparation that was
    /// interrupted goes on. A file appears under its name only when it is complete; two processes
    /// that prepare at once end with one file. What is held in memory does not grow with the number
    /// of sources.
    ///
    /// # Errors
    ///
    /// A manifest or lists with faults (all of them listed), sources that cannot be used
    /// (likewise), a store file that is damaged or not what its name says, no disk space or
    /// permission, no ffmpeg where there are videos.
    pub fn run(&self) -> Result<Prepared, DataError> {
        let collator = Collator::new(self.recipe)?;
        if self.dataset.spec.layout == Layout::Synthetic {
            if self.recipe.fold > 0 {
                return Err(no_such_fold(self.dataset, self.recipe.fold));
            }
            return Prepared::synthetic(self.recipe);
        }
        let mut rows = layout::read(self.dataset, self.recipe)?;
        let files = SourceFiles {
            states: self.look_at_files(&rows)?,
            videos: Arc::default(),
        };
        let mut left_out = Vec::new();
        let (jobs, tokenizer) = self.make_stores(&mut rows, &files, &mut left_out)?;
        let mut stores = BTreeMap::new();
        for ModalityJob { plan, .. } in &jobs {
            let store = Store::open(&plan.path(self.store_dir), plan.key)?;
            stores.insert(plan.modality, store);
        }
        let samples = rows.into_iter().map(|row| SampleInfo {
            id: row.id,
            label: row.label,
            split: row.split,
        });
        let samples: Vec<_> = samples.collect();
        let collator = collator.padding_as(tokenizer.as_ref());
        self.write_contents(&jobs, &samples, &collator);
        let mut data = Prepared::new(PreparedSamples {
            classes: self.dataset.spec.classes.clone(),
            samples,
            modalities: self.recipe.modalities.clone(),
            inputs: InputProvider::Stores(stores),
            collator,
        });
        data.left_out = left_out.into();
        data.text_model = self.text_model.cloned();
        if let (Some(tokenizer), TextEncoder::Transformer) = (&tokenizer, &self.recipe.text.encoder)
        {
            data.tokenizer = Some(tokenizer.to_json()?.into());
        }
        Ok(data)
    }

    /// Says beside the stores what is in them. No run needs it, so one whose folder can only be read
    /// goes on.
    fn write_contents(&self, jobs: &[ModalityJob], samples: &[SampleInfo], collator: &Collator) {
        let stores = jobs
            .iter()
            .map(|job| (job.plan.modality, job.plan.file_name()));
        let contents = StoreContents::new(
            &self.dataset.spec,
            self.recipe,
            stores.collect(),
            samples,
            collator.pad(),
        );
        if let Err(error) = contents.write(self.store_dir) {
            let note = format!("other programs cannot read these stores: {error}");
            (self.progress)(Progress::Note(note));
        }
    }

    /// Makes the stores that are missing. Rows that are left out go from `rows` to `left_out`, and
    /// then the plan is made anew, until nothing more is lost.
    fn make_stores(
        &self,
        rows: &mut Vec<Row>,
        files: &SourceFiles,
        left_out: &mut Vec<LeftOut>,
    ) -> Result<(Vec<ModalityJob>, Option<Tokenizer>), DataError> {
        let mut accepted = AcceptedFailures::read(self.store_dir);
        let mut lock = None;
        let mut totals = None;
        loop {
            let tokenizer = tokenizer(self.recipe, self.text_model, rows, self.store_dir)?;
            let jobs = self.jobs(rows, files, tokenizer.as_ref())?;
            // The first time, before any row is left out, all of them are there.
            let totals = totals.get_or_insert_with(|| distinct_sources(&jobs));
            let newly_left_out = accepted.leave_out(rows, jobs.iter().map(|job| &job.plan));
            if !newly_left_out.is_empty() {
                left_out.extend(newly_left_out);
                self.refuse_too_many(left_out, totals)?;
                refuse_emptiness(rows, self.dataset)?;
                continue;
            }
            if jobs.iter().all(|job| self.has_store(job)) {
                return Ok((jobs, tokenizer));
            }
            if lock.is_none() {
                lock = Some(StoreLock::take(self.store_dir, self.progress)?);
                // The process that held it may have made the stores, or left samples out.
                accepted = AcceptedFailures::read(self.store_dir);
                continue;
            }
            let failed = self.write_stores(&jobs)?;
            if failed.is_empty() {
                return Ok((jobs, tokenizer));
            }
            self.accept(failed, left_out, &mut accepted)?;
        }
    }

    fn has_store(&self, job: &ModalityJob) -> bool {
        job.plan.path(self.store_dir).exists()
    }

    /// One job for each modality.
    fn jobs(
        &self,
        rows: &[Row],
        files: &SourceFiles,
        tokenizer: Option<&Tokenizer>,
    ) -> Result<Vec<ModalityJob>, DataError> {
        let mut jobs = Vec::new();
        for &modality in &self.recipe.modalities {
            let encoder = record::encoder(modality, self.recipe, tokenizer, &files.videos)?;
            let configuration = encoder.configuration();
            let plan = StorePlan::new(modality, rows, self.recipe, &configuration, &files.states);
            jobs.push(ModalityJob { encoder, plan });
        }
        Ok(jobs)
    }

    /// Makes the records of every modality, then the stores, unless a record failed.
    fn write_stores<'a>(
        &self,
        jobs: &'a [ModalityJob],
    ) -> Result<Vec<(&'a StorePlan, Vec<FailedRecord>)>, DataError> {
        let mut writers = Vec::new();
        let mut failed = Vec::new();
        for job in jobs {
            if self.has_store(job) {
                continue;
            }
            let mut writer = StoreWriter::open(&job.plan, self.store_dir)?;
            let bad = writer.make_records(&*job.encoder, &self.dataset.root, self.progress)?;
            for note in job.encoder.notes() {
                (self.progress)(Progress::Note(note));
            }
            if !bad.is_empty() {
                failed.push((&job.plan, bad));
            }
            writers.push(writer);
        }
        if failed.is_empty() {
            writers.into_iter().try_for_each(StoreWriter::write_store)?;
        }
        Ok(failed)
    }

    /// Accepts the failed records if so many samples may be left out; else lists them all.
    fn accept(
        &self,
        failed: Vec<(&StorePlan, Vec<FailedRecord>)>,
        left_out: &[LeftOut],
        accepted: &mut AcceptedFailures,
    ) -> Result<(), DataError> {
        let mut samples = BTreeSet::new();
        let mut lost = Vec::new();
        for (plan, failed) in &failed {
            let numbers: BTreeSet<usize> = failed.iter().map(|failed| failed.number).collect();
            for (sample, records) in plan.samples.iter().enumerate() {
                if records.iter().any(|record| numbers.contains(record)) {
                    samples.insert(sample);
                }
            }
            let bad = failed.iter().map(|FailedRecord { number, why }| {
                format!("{}: {why}", plan.records[*number].sample)
            });
            lost.push(Lost {
                modality: plan.modality,
                bad: Listing(bad.collect()),
                total: plan.records.len(),
            });
        }
        let samples = samples.len() + left_out.len();
        if self.max_bad.is_none_or(|most| samples > most) {
            return Err(DataError::BadSamples { lost, samples });
        }
        for (plan, failed) in failed {
            accepted.add(plan, failed);
        }
        accepted.write(self.store_dir)
    }

    /// Refuses more samples left out (by an earlier preparation) than may be. `totals` counts the
    /// sources of each modality.
    fn refuse_too_many(
        &self,
        left_out: &[LeftOut],
        totals: &BTreeMap<Modality, usize>,
    ) -> Result<(), DataError> {
        if self.max_bad.is_none_or(|most| left_out.len() <= most) {
            return Ok(());
        }
        let mut lost = Vec::new();
        for &modality in &self.recipe.modalities {
            let bad = left_out.iter().filter(|out| out.modality == modality);
            let bad: Vec<_> = bad.map(|out| format!("{}: {}", out.id, out.why)).collect();
            if !bad.is_empty() {
                lost.push(Lost {
                    modality,
                    total: totals[&modality],
                    bad: Listing(bad),
                });
            }
        }
        Err(DataError::BadSamples {
            lost,
            samples: left_out.len(),
        })
    }

    /// The state of every file in use.
    fn look_at_files(&self, rows: &[Row]) -> Result<BTreeMap<String, FileState>, DataError> {
        let mut files = BTreeSet::new();
        for raw in rows.iter().flat_map(|row| row.raw.values()) {
            for source in raw.in_use(self.recipe) {
                files.extend(source.files().into_iter().map(String::from));
            }
        }
        std::fs::create_dir_all(self.store_dir).map_err(DataError::writing(self.store_dir))?;
        let (done, total) = (AtomicUsize::new(0), files.len());
        let mut cache = HashCache::open(self.store_dir);
        let files = files.into_iter().collect();
        let states = cache.look_at(&self.dataset.root, files, &|| {
            let done = done.fetch_add(1, Ordering::Relaxed) + 1;
            (self.progress)(Progress::Looking { done, total });
        })?;
        cache.save();
        Ok(states)
    }
}

/// How many sources each modality has.
fn distinct_sources(jobs: &[ModalityJob]) -> BTreeMap<Modality, usize> {
    jobs.iter()
        .map(|job| (job.plan.modality, job.plan.records.len()))
        .collect()
}
