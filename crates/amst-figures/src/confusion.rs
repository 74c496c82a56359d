//! The numbers of a confusion matrix.

use crate::test_logits::argmax;
use crate::{FigureError, Panel, TestLogits};

/// How often samples of a class were given each class, on the test split at the selected epoch,
/// added up over a panel's runs.
///
/// ```no_run
/// use amst_figures::{Confusion, Panel, RunLog};
///
/// let panel = Panel::new("Joint", RunLog::read_below("runs".as_ref())?)?;
/// let confusion = Confusion::of(&panel, "fused")?;
/// println!("{:.1} % of class 0 are found", 100.0 * confusion.share(0, 0));
/// # Ok::<(), amst_figures::FigureError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Confusion {
    /// The classes' names.
    pub class_names: Vec<String>,
    /// `[actual][predicted]` samples.
    pub counts: Vec<Vec<u64>>,
}

impl Confusion {
    /// The matrix of an output, `fused` for the whole system's.
    ///
    /// # Errors
    ///
    /// A run is unfinished, has no logits, lacks the output, or has other classes than the first.
    pub fn of(panel: &Panel, output: &str) -> Result<Self, FigureError> {
        let mut confusion = Self {
            class_names: Vec::new(),
            counts: Vec::new(),
        };
        for logits in panel.test_logits()? {
            confusion.add(panel, &logits, output)?;
        }
        Ok(confusion)
    }

    /// Share of a class's samples that were given a class; 0 where it has none.
    pub fn share(&self, actual: usize, predicted: usize) -> f64 {
        let all: u64 = self.counts[actual].iter().sum();
        if all == 0 {
            return 0.0;
        }
        self.counts[actual][predicted] as f64 / all as f64
    }

    fn add(&mut self, panel: &Panel, logits: &TestLogits, output: &str) -> Result<(), FigureError> {
        let classes = logits.class_names.len();
        if self.counts.is_empty() {
            self.class_names = logits.class_names.clone();
            self.counts = vec![vec![0; classes]; classes];
        }
        panel.check_classes(classes, self.class_names.len())?;
        let own = panel.output_of(logits, output)?;
        for (sample, label) in own.iter().zip(&logits.labels) {
            self.counts[*label][argmax(sample)] += 1;
        }
        Ok(())
    }
}
