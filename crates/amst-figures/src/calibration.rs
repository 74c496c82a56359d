//! The numbers of a reliability diagram, and the expected calibration error.

use crate::test_logits::{argmax, softmax};
use crate::{FigureError, Panel, Spread};

/// Bins of equal width between confidence 0 and 1.
pub const CALIBRATION_BINS: usize = 10;

/// How often predictions of some confidence are right, on the test split at the selected epoch.
#[derive(Clone, Debug, PartialEq)]
pub struct Calibration {
    /// [`CALIBRATION_BINS`], by ascending confidence, over the samples of all runs.
    pub bins: Vec<CalibrationBin>,
    /// Expected calibration error of each run in 0..1: the mean over its samples of the gap between
    /// their bin's mean confidence and accuracy.
    pub error: Spread,
}

/// The predictions whose largest probability lies in an interval, open below and closed above.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CalibrationBin {
    /// Predictions.
    pub samples: usize,
    /// Of these, how many are right.
    pub right: usize,
    /// Sum of their largest probabilities.
    pub confidence_sum: f64,
}

impl CalibrationBin {
    /// Share of right predictions; `None` of no prediction.
    pub fn accuracy(&self) -> Option<f64> {
        (self.samples > 0).then(|| self.right as f64 / self.samples as f64)
    }

    /// Mean largest probability; `None` of no prediction.
    pub fn confidence(&self) -> Option<f64> {
        (self.samples > 0).then(|| self.confidence_sum / self.samples as f64)
    }

    /// Its samples' part of the sum over all samples of the gap.
    fn gap(&self) -> f64 {
        (self.confidence_sum - self.right as f64).abs()
    }

    fn add(&mut self, other: &Self) {
        self.samples += other.samples;
        self.right += other.right;
        self.confidence_sum += other.confidence_sum;
    }
}

impl Calibration {
    /// The calibration of an output, `fused` for the whole system's.
    ///
    /// # Errors
    ///
    /// A run is unfinished, has no logits, or lacks the output.
    pub fn of(panel: &Panel, output: &str) -> Result<Self, FigureError> {
        let mut bins = vec![CalibrationBin::default(); CALIBRATION_BINS];
        let mut errors = Vec::new();
        for logits in panel.test_logits()? {
            let own = run_bins(panel.output_of(&logits, output)?, &logits.labels);
            let gaps: f64 = own.iter().map(CalibrationBin::gap).sum();
            errors.push(gaps / logits.labels.len() as f64);
            for (bin, own) in bins.iter_mut().zip(&own) {
                bin.add(own);
            }
        }
        let error = Spread::of(errors).ok_or_else(|| FigureError::EmptyPanel {
            panel: panel.title().into(),
        })?;
        Ok(Self { bins, error })
    }
}

fn run_bins(logits: &[Vec<f32>], labels: &[usize]) -> Vec<CalibrationBin> {
    let mut bins = vec![CalibrationBin::default(); CALIBRATION_BINS];
    for (sample, label) in logits.iter().zip(labels) {
        let predicted = argmax(sample);
        let confidence = softmax(sample)[predicted];
        bins[bin(confidence)].add(&CalibrationBin {
            samples: 1,
            right: usize::from(predicted == *label),
            confidence_sum: confidence,
        });
    }
    bins
}

/// The bin of a confidence, whose upper end belongs to it.
fn bin(confidence: f64) -> usize {
    let above = (confidence * CALIBRATION_BINS as f64).ceil() as usize;
    above.saturating_sub(1).min(CALIBRATION_BINS - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upper_end_belongs_to_its_bin() {
        let bins = [0.0, 0.05, 0.1, 0.1000001, 0.99, 1.0].map(bin);
        assert_eq!(bins, [0, 0, 0, 1, 9, 9]);
    }

    /// Two sure predictions of which one is wrong, and a toss between two classes that is right.
    #[test]
    fn the_error_is_the_mean_gap() {
        let sure = vec![100.0, 0.0];
        let bins = run_bins(&[sure.clone(), sure, vec![0.0, 0.0]], &[0, 1, 0]);
        assert_eq!(bins[9].accuracy(), Some(0.5));
        assert_eq!(bins[9].confidence(), Some(1.0));
        assert_eq!(bins[4].accuracy(), Some(1.0));
        assert_eq!(bins[0].accuracy(), None);
        let gaps: f64 = bins.iter().map(CalibrationBin::gap).sum();
        assert!((gaps / 3.0 - (1.0 + 0.5) / 3.0).abs() < 1e-12, "{gaps}");
    }
}
