//! From a data set's files to stores.

mod left_out;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use amst_recipe::{Layout, Modality, Recipe, ResolvedDataset, TextEncoder, TextModel};
use amst_tokens::Tokenizer;

use self::left_out::Accepted;
pub use self::left_out::LeftOut;
use crate::collate::Shaper;
use crate::error::{Listing, Lost};
use crate::layout::check::{Findings, place};
use crate::prepared::{Entry, Source};
use crate::record::{self, Encode, videos::Videos};
use crate::store::key::Plan;
use crate::store::ledger::{Ledger, Seen};
use crate::store::line::Bad;
use crate::store::lock::Lock;
use crate::store::make::Workshop;
use crate::store::read::Store;
use crate::tokenizer::tokenizer;
use crate::{DataError, Prepared, Row, layout};

/// What is told while a data set is prepared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Source files are looked at; those that changed are read.
    Looking {
        /// Files done.
        done: usize,
        /// Files in all.
        total: usize,
    },
    /// Another process prepares in the same folder; it is waited for.
    Waiting {
        /// Its number, where it said so.
        process: Option<u32>,
    },
    /// Features of one modality are made.
    Making {
        /// The modality.
        modality: Modality,
        /// Sources done; a recording shared by several samples counts once.
        done: usize,
        /// Sources that there were no features of.
        total: usize,
    },
    /// Something about a source that could be used all the same.
    Note(String),
}

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
///
/// # Errors
///
/// As [`Preparation::run`].
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

/// One modality's features.
struct Job {
    encoder: Box<dyn Encode>,
    plan: Plan,
}

/// What all modalities are made of.
struct Materials {
    content: BTreeMap<String, Seen>,
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
    /// (likewise), a store file that is damaged or not what its name says, no room or permission,
    /// no ffmpeg where there are videos.
    pub fn run(&self) -> Result<Prepared, DataError> {
        let mut shaper = Shaper::new(self.recipe)?;
        if self.dataset.spec.layout == Layout::Synthetic {
            return Prepared::synthetic(self.recipe);
        }
        let mut rows = layout::read(self.dataset, &self.recipe.modalities)?;
        let materials = Materials {
            content: self.look(&rows)?,
            videos: Arc::default(),
        };
        let mut left_out = Vec::new();
        let (jobs, tokenizer) = self.make(&mut rows, &materials, &mut left_out)?;
        if let Some(tokenizer) = &tokenizer {
            shaper = shaper.padding_with(tokenizer.pad_id());
        }
        let mut stores = BTreeMap::new();
        for job in &jobs {
            stores.insert(
                job.plan.modality,
                Store::open(&job.plan.path(self.store_dir), job.plan.key)?,
            );
        }
        let entries = rows
            .into_iter()
            .map(|row| Entry {
                id: row.id,
                label: row.label,
                split: row.split,
            })
            .collect();
        let classes = self.dataset.spec.classes.clone();
        let mut data = Prepared::new(
            classes,
            entries,
            self.recipe,
            Source::Stores(stores),
            shaper,
        );
        data.left_out = left_out.into();
        data.text_model = self.text_model.cloned();
        if let (Some(tokenizer), TextEncoder::Transformer) = (&tokenizer, &self.recipe.text.encoder)
        {
            data.tokenizer = Some(tokenizer.to_json()?.into());
        }
        Ok(data)
    }

    /// Sees to it that the stores are there. Rows that are left out go from `rows` to `left_out`:
    /// with them the plan changes, so it is made anew until nothing more is lost.
    fn make(
        &self,
        rows: &mut Vec<Row>,
        materials: &Materials,
        left_out: &mut Vec<LeftOut>,
    ) -> Result<(Vec<Job>, Option<Tokenizer>), DataError> {
        let mut accepted = Accepted::open(self.store_dir);
        let mut lock = None;
        let mut sources = None;
        loop {
            let tokenizer = tokenizer(self.recipe, self.text_model, rows, self.store_dir)?;
            let jobs = self.jobs(rows, materials, tokenizer.as_ref())?;
            // The first time, before any row is gone, all of them are there.
            let sources = sources.get_or_insert_with(|| sources_of(&jobs));
            let gone = accepted.leave_out(rows, jobs.iter().map(|job| &job.plan));
            if !gone.is_empty() {
                left_out.extend(gone);
                self.allow(left_out, sources)?;
                refuse_emptiness(rows, self.dataset)?;
                continue;
            }
            if jobs
                .iter()
                .all(|job| job.plan.path(self.store_dir).exists())
            {
                return Ok((jobs, tokenizer));
            }
            if lock.is_none() {
                lock = Some(Lock::take(self.store_dir, self.progress)?);
                // Whoever held it may have made the stores, or left samples out.
                accepted = Accepted::open(self.store_dir);
                continue;
            }
            let lost = self.make_stores(&jobs)?;
            if lost.is_empty() {
                return Ok((jobs, tokenizer));
            }
            self.judge(&jobs, lost, left_out, &mut accepted)?;
        }
    }

    /// One job for each modality.
    fn jobs(
        &self,
        rows: &[Row],
        from: &Materials,
        tokenizer: Option<&Tokenizer>,
    ) -> Result<Vec<Job>, DataError> {
        let job = |&modality: &Modality| {
            let encoder = record::encoder(modality, self.recipe, tokenizer, &from.videos)?;
            let plan = Plan::new(
                modality,
                rows,
                self.recipe,
                &encoder.configuration(),
                &from.content,
            );
            Ok(Job { encoder, plan })
        };
        self.recipe.modalities.iter().map(job).collect()
    }

    /// Makes the records of every modality, then the stores, unless a source turned out to be of no
    /// use.
    fn make_stores(&self, jobs: &[Job]) -> Result<Vec<(usize, Vec<Bad>)>, DataError> {
        let mut workshops = Vec::new();
        let mut lost = Vec::new();
        for (number, job) in jobs.iter().enumerate() {
            if job.plan.path(self.store_dir).exists() {
                continue;
            }
            let mut workshop = Workshop::open(&job.plan, self.store_dir)?;
            let bad =
                workshop.records(&job.plan, &*job.encoder, &self.dataset.root, self.progress)?;
            if !bad.is_empty() {
                lost.push((number, bad));
            }
            workshops.push((workshop, &job.plan));
        }
        if lost.is_empty() {
            workshops
                .into_iter()
                .try_for_each(|(workshop, plan)| workshop.assemble(plan))?;
        }
        Ok(lost)
    }

    /// Leaves the samples out that are lost, if so many may be; else says what is wrong with all of
    /// them.
    fn judge(
        &self,
        jobs: &[Job],
        lost: Vec<(usize, Vec<Bad>)>,
        left_out: &[LeftOut],
        accepted: &mut Accepted,
    ) -> Result<(), DataError> {
        let mut samples = BTreeSet::new();
        let mut listed = Vec::new();
        for (number, bad) in &lost {
            let plan = &jobs[*number].plan;
            for (row, sources) in plan.samples.iter().enumerate() {
                if sources
                    .iter()
                    .any(|source| bad.iter().any(|b| b.source == *source))
                {
                    samples.insert(row);
                }
            }
            let words = |bad: &Bad| format!("{}: {}", plan.sources[bad.source].of, bad.why);
            let bad = Listing(bad.iter().map(words).collect());
            listed.push(Lost {
                modality: plan.modality,
                bad,
                total: plan.sources.len(),
            });
        }
        let samples = samples.len() + left_out.len();
        if self.max_bad.is_none_or(|most| samples > most) {
            return Err(DataError::BadSamples {
                lost: listed,
                samples,
            });
        }
        for (number, bad) in lost {
            accepted.add(&jobs[number].plan, bad);
        }
        accepted.keep(self.store_dir)
    }

    /// Refuses more samples left out than may be; they were left out by an earlier preparation.
    /// `sources` has how many there are of each modality.
    fn allow(
        &self,
        left_out: &[LeftOut],
        sources: &BTreeMap<Modality, usize>,
    ) -> Result<(), DataError> {
        if self.max_bad.is_none_or(|most| left_out.len() <= most) {
            return Ok(());
        }
        let of = |&modality: &Modality| {
            let words = |out: &LeftOut| format!("{}: {}", out.id, out.why);
            let bad: Vec<String> = left_out
                .iter()
                .filter(|out| out.modality == modality)
                .map(words)
                .collect();
            (!bad.is_empty()).then_some(Lost {
                modality,
                total: sources[&modality],
                bad: Listing(bad),
            })
        };
        let lost = self.recipe.modalities.iter().filter_map(of).collect();
        Err(DataError::BadSamples {
            lost,
            samples: left_out.len(),
        })
    }

    /// What every file in use is now.
    fn look(&self, rows: &[Row]) -> Result<BTreeMap<String, Seen>, DataError> {
        let files: BTreeSet<String> = rows
            .iter()
            .flat_map(|row| row.raw.values())
            .flat_map(|raw| record::used(raw, self.recipe))
            .flat_map(|part| {
                part.files()
                    .into_iter()
                    .map(String::from)
                    .collect::<Vec<_>>()
            })
            .collect();
        let unwritable = |source| DataError::Write {
            path: self.store_dir.into(),
            source,
        };
        std::fs::create_dir_all(self.store_dir).map_err(unwritable)?;
        let (done, total) = (AtomicUsize::new(0), files.len());
        let looked = || {
            let done = done.fetch_add(1, Ordering::Relaxed) + 1;
            (self.progress)(Progress::Looking { done, total });
        };
        let mut ledger = Ledger::open(self.store_dir);
        let content = ledger.look(&self.dataset.root, files.into_iter().collect(), &looked)?;
        ledger.keep();
        Ok(content)
    }
}

/// Distinct sources of each modality.
fn sources_of(jobs: &[Job]) -> BTreeMap<Modality, usize> {
    jobs.iter()
        .map(|job| (job.plan.modality, job.plan.sources.len()))
        .collect()
}

/// What is left must still be a data set.
fn refuse_emptiness(rows: &[Row], dataset: &ResolvedDataset) -> Result<(), DataError> {
    let mut findings = Findings::default();
    findings.check_presence(
        rows.iter().map(|row| (Some(row.split), Some(row.label))),
        &dataset.spec,
    );
    if findings.is_empty() {
        Ok(())
    } else {
        Err(findings.into_error(place(dataset)))
    }
}
