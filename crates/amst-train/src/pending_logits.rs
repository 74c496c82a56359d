//! Logits that stay on the device until their metrics are needed.

use std::collections::BTreeMap;

use burn::tensor::Tensor;

use crate::OutputScores;

/// The logits of an epoch's steps, by output, that were not read yet: reading is waiting for the
/// device, so it is done once an epoch, or before a checkpoint, and not after each step.
#[derive(Debug, Default)]
pub(crate) struct PendingLogits(BTreeMap<String, Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    logits: Vec<Tensor<2>>,
    labels: Vec<i64>,
}

impl PendingLogits {
    /// Keeps a batch: `[batch, classes]` logits and the class of each sample.
    pub fn keep(&mut self, output: &str, logits: &Tensor<2>, labels: &[i64]) {
        let waiting = self.0.entry(output.to_string()).or_default();
        // Without the graph that would keep the batch's embeddings alive.
        waiting.logits.push(logits.clone().without_autodiff());
        waiting.labels.extend(labels);
    }

    /// Reads everything into the sums, in the order in which it was kept.
    pub fn read_into(&mut self, scores: &mut BTreeMap<String, OutputScores>) {
        for (output, waiting) in std::mem::take(&mut self.0) {
            scores
                .entry(output)
                .or_default()
                .add(&Tensor::cat(waiting.logits, 0), &waiting.labels);
        }
    }
}
