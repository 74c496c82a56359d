//! A panel of a figure: a title and the runs whose mean it shows.

use crate::groups::{differing_keys, settings};
use crate::outputs;
use crate::{FigureError, RunLog, TestLogits};

/// Runs of one recipe with several seeds (each on a split of its own, if their `fold` differs), under
/// a title.
#[derive(Clone, Debug, PartialEq)]
pub struct Panel {
    title: String,
    runs: Vec<RunLog>,
}

impl Panel {
    /// A panel of runs that differ in their seed only, in any order.
    ///
    /// # Errors
    ///
    /// There are no runs, their recipes differ in more than the seed, the fold and the initial
    /// weights, or a seed is there twice.
    pub fn new(title: impl Into<String>, mut runs: Vec<RunLog>) -> Result<Self, FigureError> {
        let title = title.into();
        // By seed, so that the order given changes nothing.
        runs.sort_by(|a, b| (a.seed(), &a.folder).cmp(&(b.seed(), &b.folder)));
        let Some(first) = runs.first() else {
            return Err(FigureError::EmptyPanel { panel: title });
        };
        for other in &runs[1..] {
            if first.is_published != other.is_published {
                return Err(FigureError::PublishedAmongRuns {
                    panel: title,
                    first: first.folder.clone(),
                    other: other.folder.clone(),
                });
            }
            if first.recipe == other.recipe {
                continue;
            }
            let differs = differing_keys(&settings(first), &settings(other));
            if !differs.is_empty() {
                return Err(FigureError::MixedRuns {
                    panel: title,
                    first: first.folder.clone(),
                    other: other.folder.clone(),
                    differs: differs.into_iter().collect::<Vec<_>>().join(", "),
                });
            }
        }
        for pair in runs.windows(2) {
            if pair[0].seed() == pair[1].seed() {
                return Err(FigureError::SeedTwice {
                    panel: title,
                    seed: pair[0].seed(),
                    first: pair[0].folder.clone(),
                    second: pair[1].folder.clone(),
                });
            }
        }
        Ok(Self { title, runs })
    }

    /// The title.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// The runs in the order of their seeds, at least one.
    pub fn runs(&self) -> &[RunLog] {
        &self.runs
    }

    /// The logits of every run, in the order of the seeds.
    ///
    /// # Errors
    ///
    /// A run is unfinished, or its logits cannot be [read](TestLogits::read).
    pub fn test_logits(&self) -> Result<Vec<TestLogits>, FigureError> {
        let mut all = Vec::new();
        for run in &self.runs {
            if run.result.is_none() {
                return Err(FigureError::Unfinished {
                    panel: self.title.clone(),
                    folder: run.folder.clone(),
                });
            }
            all.push(TestLogits::read(run)?);
        }
        Ok(all)
    }

    /// `[samples][classes]` logits of one output of a run.
    pub(crate) fn output_of<'a>(
        &self,
        logits: &'a TestLogits,
        output: &str,
    ) -> Result<&'a [Vec<f32>], FigureError> {
        let found = logits.outputs.get(output);
        found
            .map(Vec::as_slice)
            .ok_or_else(|| FigureError::NoOutput {
                panel: self.title.clone(),
                wanted: format!("`{output}`"),
                known: outputs::listed(logits.outputs.keys()),
            })
    }

    /// # Errors
    ///
    /// The panel's runs have another number of classes than the rest.
    pub(crate) fn check_classes(&self, found: usize, expected: usize) -> Result<(), FigureError> {
        if found == expected {
            return Ok(());
        }
        Err(FigureError::OtherClasses {
            panel: self.title.clone(),
            found,
            expected,
        })
    }

    /// What the runs are: `amst-alt on spoken-digits, seeds 100, 101`.
    pub(crate) fn description(&self) -> String {
        let first = &self.runs[0];
        let seeds: Vec<String> = self.runs.iter().map(|run| run.seed().to_string()).collect();
        let word = if seeds.len() == 1 { "seed" } else { "seeds" };
        format!(
            "{} on {}, {word} {}",
            first.recipe.method,
            first.dataset(),
            seeds.join(", ")
        )
    }
}
