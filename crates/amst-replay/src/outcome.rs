//! What a replay leaves, in memory and in files.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;
use serde_json::{Value, json};

use crate::tensors::write_tensors;
use crate::{ReplayError, Tensors};

/// A replayed run, under the names of the format.
#[derive(Debug)]
pub struct Replay {
    pub(crate) case: Value,
    /// Every step, in order.
    pub steps: Vec<Step>,
    /// The evaluation after each epoch.
    pub epochs: Vec<Evaluation>,
    /// Logits of the last evaluation, `[samples, classes]` by output.
    pub logits: Tensors,
    /// Parameters and running statistics at the end.
    pub weights: Tensors,
    /// Momentum at the end; a parameter that never moved has none.
    pub velocity: Tensors,
}

/// What one step computed.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Step {
    /// Counted from 0.
    pub epoch: usize,
    /// Counted from 0 in the epoch.
    pub step: usize,
    /// The train batch.
    pub batch: usize,
    /// What trained, by letter.
    pub active: Vec<String>,
    /// Learning rate of each encoder.
    pub lr: BTreeMap<String, f64>,
    /// Cross-entropy of each output before the update.
    pub metrics: BTreeMap<String, f64>,
    /// What was backpropagated, and what a method looked at besides.
    pub loss: BTreeMap<String, f64>,
}

/// Every output over all evaluation samples.
#[derive(Clone, Debug, Serialize)]
pub struct Evaluation {
    /// Counted from 0.
    pub epoch: usize,
    /// Mean cross-entropy.
    pub loss: BTreeMap<String, f64>,
    /// Share of right answers.
    pub accuracy: BTreeMap<String, f64>,
}

impl Evaluation {
    pub(crate) fn new(epoch: usize) -> Self {
        Self {
            epoch,
            loss: BTreeMap::new(),
            accuracy: BTreeMap::new(),
        }
    }
}

impl Replay {
    /// `result.json`, `logits.safetensors`, `weights.safetensors` and `velocity.safetensors` in a
    /// folder.
    ///
    /// # Errors
    ///
    /// A file that cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(), ReplayError> {
        let failed = |path: &Path, e: std::io::Error| ReplayError::File {
            verb: "write",
            path: path.into(),
            why: e.to_string(),
        };
        std::fs::create_dir_all(folder).map_err(|e| failed(folder, e))?;
        let path = folder.join("result.json");
        let result = json!({ "case": self.case, "dtype": "float32", "steps": self.steps, "epochs": self.epochs });
        std::fs::write(&path, format!("{result:#}\n")).map_err(|e| failed(&path, e))?;
        for (name, tensors) in [
            ("logits", &self.logits),
            ("weights", &self.weights),
            ("velocity", &self.velocity),
        ] {
            write_tensors(tensors, &folder.join(format!("{name}.safetensors")))?;
        }
        Ok(())
    }
}
