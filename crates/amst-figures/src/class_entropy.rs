//! The numbers of a panel of bars: how sure each modality is of each class.

use std::collections::BTreeSet;

use amst_recipe::CellResult;

use crate::outputs;
use crate::{FigureError, Panel, Spread};

/// Mean entropy of the predictions for the samples of each class, on the test split at the selected
/// epoch.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassEntropy {
    /// One set of bars an output, in the order asked for.
    pub series: Vec<ClassSeries>,
    /// Number of classes.
    pub classes: usize,
}

/// The bars of one output.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassSeries {
    /// The output's name in `result.json`.
    pub output: String,
    /// By class: mean and range over the runs, in nats. A class without test samples has 0.
    pub classes: Vec<Spread>,
}

impl ClassEntropy {
    /// The bars of a panel; `outputs` empty means every modality's.
    ///
    /// # Errors
    ///
    /// A run is not finished, none has any of these outputs, or they have different classes.
    pub fn of(panel: &Panel, outputs: &[String]) -> Result<Self, FigureError> {
        let mut results = Vec::new();
        for run in panel.runs() {
            results.push(run.result.as_ref().ok_or_else(|| FigureError::Unfinished {
                panel: panel.title().into(),
                folder: run.folder.clone(),
            })?);
        }
        let names = results.iter().flat_map(|result| result.test.outputs.keys());
        let known: BTreeSet<String> = names.cloned().collect();
        let wanted = if outputs.is_empty() {
            outputs::usual(&known, false)
        } else {
            outputs.to_vec()
        };
        let mut entropies = Self {
            series: Vec::new(),
            classes: 0,
        };
        for output in &wanted {
            entropies.take(panel, &results, output)?;
        }
        if entropies.classes == 0 {
            return Err(FigureError::NoOutput {
                panel: panel.title().into(),
                wanted: outputs::listed(&wanted),
                known: outputs::listed(&known),
            });
        }
        Ok(entropies)
    }

    /// Adds the bars of an output, where there is such an output.
    fn take(
        &mut self,
        panel: &Panel,
        results: &[&CellResult],
        output: &str,
    ) -> Result<(), FigureError> {
        let of_runs: Vec<&[f64]> = results
            .iter()
            .filter_map(|result| result.test.outputs.get(output))
            .map(|metrics| metrics.class_entropy.as_slice())
            .collect();
        let Some(first) = of_runs.first() else {
            return Ok(());
        };
        if self.classes == 0 {
            self.classes = first.len();
        }
        if let Some(other) = of_runs.iter().find(|values| values.len() != self.classes) {
            return Err(FigureError::OtherClasses {
                panel: panel.title().into(),
                found: other.len(),
                expected: self.classes,
            });
        }
        let by_class = |class: usize| Spread::of(of_runs.iter().map(|values| values[class]));
        self.series.push(ClassSeries {
            output: output.into(),
            classes: (0..self.classes).filter_map(by_class).collect(),
        });
        Ok(())
    }
}
