//! Loss, accuracy, confidence and entropy of one output.

use amst_recipe::OutputMetrics;
use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

/// Adds up the metrics of one output over the batches of a split.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutputScores {
    samples: usize,
    loss: f64,
    true_probability: f64,
    classes: Vec<ClassScores>,
}

/// What is added up by class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ClassScores {
    /// Samples of the class.
    samples: usize,
    /// Samples for which it was predicted.
    predicted: usize,
    /// Both.
    correct: usize,
    /// Sum of the largest probabilities of those.
    confidence: f64,
    /// Sum over its samples of the entropy of what was predicted.
    entropy: f64,
}

impl ClassScores {
    fn confidence(&self) -> f64 {
        if self.correct > 0 {
            self.confidence / self.correct as f64
        } else {
            0.0
        }
    }

    /// `2·correct/(samples + predicted)`.
    fn f1(&self) -> f64 {
        let either = self.samples + self.predicted;
        if either > 0 {
            2.0 * self.correct as f64 / either as f64
        } else {
            0.0
        }
    }

    fn mean_entropy(&self) -> f64 {
        if self.samples > 0 {
            self.entropy / self.samples as f64
        } else {
            0.0
        }
    }
}

impl OutputScores {
    /// Adds a batch: `[batch, classes]` logits and the class of each sample.
    pub fn add(&mut self, logits: &Tensor<2>, labels: &[i64]) {
        let [_, classes] = logits.dims();
        let values: Vec<f32> = logits
            .clone()
            .into_data()
            .try_to_vec()
            .expect("logits are 32-bit floats");
        for (row, label) in values.chunks_exact(classes).zip(labels) {
            self.add_sample(row, *label as usize);
        }
    }

    fn add_sample(&mut self, logits: &[f32], label: usize) {
        let probabilities = softmax(logits);
        let predicted = argmax(logits);
        self.samples += 1;
        self.loss -= log_softmax(logits, label);
        self.true_probability += probabilities[label];
        if self.classes.len() < logits.len() {
            self.classes.resize(logits.len(), ClassScores::default());
        }
        let class = &mut self.classes[label];
        class.samples += 1;
        class.entropy -= probabilities
            .iter()
            .filter(|p| **p > 0.0)
            .map(|p| p * p.ln())
            .sum::<f64>();
        if predicted == label {
            class.correct += 1;
            class.confidence += probabilities[label];
        }
        self.classes[predicted].predicted += 1;
    }

    /// The metrics of everything added so far; `None` of nothing.
    pub fn metrics(&self) -> Option<OutputMetrics> {
        let samples = self.samples as f64;
        let mean = |of: fn(&ClassScores) -> f64| {
            self.classes.iter().map(of).sum::<f64>() / self.classes.len() as f64
        };
        (self.samples > 0).then(|| OutputMetrics {
            loss: self.loss / samples,
            accuracy: self
                .classes
                .iter()
                .map(|class| class.correct)
                .sum::<usize>() as f64
                / samples,
            confidence: mean(ClassScores::confidence),
            macro_f1: mean(ClassScores::f1),
            true_probability: self.true_probability / samples,
            entropy: self.classes.iter().map(|class| class.entropy).sum::<f64>() / samples,
            class_entropy: self.classes.iter().map(ClassScores::mean_entropy).collect(),
            mean_average_precision: None,
        })
    }
}

/// Index of the largest value, the first of equals.
pub(crate) fn argmax(values: &[f32]) -> usize {
    values
        .iter()
        .enumerate()
        .fold((0, f32::NEG_INFINITY), |best, (i, v)| {
            if *v > best.1 { (i, *v) } else { best }
        })
        .0
}

/// Probabilities of one sample's logits, in double precision.
pub(crate) fn softmax(logits: &[f32]) -> Vec<f64> {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max) as f64;
    let exponentials: Vec<f64> = logits.iter().map(|v| (*v as f64 - largest).exp()).collect();
    let total: f64 = exponentials.iter().sum();
    exponentials.into_iter().map(|e| e / total).collect()
}

fn log_softmax(logits: &[f32], class: usize) -> f64 {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max) as f64;
    let total: f64 = logits.iter().map(|v| (*v as f64 - largest).exp()).sum();
    logits[class] as f64 - largest - total.ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scores(rows: &[(&[f32], usize)]) -> OutputMetrics {
        let mut scores = OutputScores::default();
        rows.iter()
            .for_each(|(logits, label)| scores.add_sample(logits, *label));
        scores.metrics().unwrap()
    }

    #[test]
    fn metrics_equal_those_computed_by_hand() {
        // Probabilities 3/4 and 1/4 (logits ln 3 and 0), and 1/2 each.
        let ln3 = 3f32.ln();
        let m = scores(&[(&[ln3, 0.0], 0), (&[0.0, 0.0], 1)]);
        assert!((m.loss - ((4f64 / 3.0).ln() + 2f64.ln()) / 2.0).abs() < 1e-7);
        assert_eq!(m.accuracy, 0.5); // A tie goes to the first class.
        assert!((m.confidence - 0.375).abs() < 1e-7); // (0.75 + nothing correct in class 1) / 2
        let entropy = -(0.75 * 0.75f64.ln() + 0.25 * 0.25f64.ln());
        assert!((m.entropy - (entropy + 2f64.ln()) / 2.0).abs() < 1e-7);
        assert!(
            (m.class_entropy[0] - entropy).abs() < 1e-7
                && (m.class_entropy[1] - 2f64.ln()).abs() < 1e-7
        );
        assert!((m.true_probability - 0.625).abs() < 1e-7);
        // Class 0: one sample, predicted twice, once rightly: 2/3. Class 1: never predicted: 0.
        assert!((m.macro_f1 - 1.0 / 3.0).abs() < 1e-12);
    }

    #[test]
    fn a_class_that_does_not_occur_has_no_entropy_and_an_f1_of_zero() {
        let m = scores(&[(&[1.0, 0.0, 0.0], 0), (&[0.0, 1.0, 0.0], 1)]);
        assert_eq!(m.class_entropy[2], 0.0);
        assert!((m.macro_f1 - 2.0 / 3.0).abs() < 1e-12);
    }

    #[test]
    fn confidence_is_averaged_over_classes_not_samples() {
        let (strong, weak) = ([9f32.ln(), 0.0], [0.0, 3f32.ln()]);
        let m = scores(&[(&strong, 0), (&strong, 0), (&strong, 0), (&weak, 1)]);
        assert!((m.confidence - (0.9 + 0.75) / 2.0).abs() < 1e-7);
    }

    #[test]
    fn nothing_has_no_metrics() {
        assert_eq!(OutputScores::default().metrics(), None);
    }

    #[test]
    fn huge_logits_give_finite_numbers() {
        let m = scores(&[(&[3e38, -3e38], 1)]);
        assert!(m.entropy == 0.0 && m.loss.is_finite());
    }
}
