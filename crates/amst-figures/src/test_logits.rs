//! What a run said about each test sample: its logits, with the classes' names.

use std::collections::BTreeMap;
use std::path::Path;

use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};

use crate::run_log::{damaged, read_if_there};
use crate::{FigureError, RunLog};

/// The test split at the selected epoch, sample by sample.
#[derive(Clone, Debug, PartialEq)]
pub struct TestLogits {
    /// The classes' names, in their order.
    pub class_names: Vec<String>,
    /// The class of each sample.
    pub labels: Vec<usize>,
    /// `[samples][classes]` logits by output.
    pub outputs: BTreeMap<String, Vec<Vec<f32>>>,
}

impl TestLogits {
    /// Reads `logits.safetensors` and the head of `predictions.csv` of a finished run.
    ///
    /// # Errors
    ///
    /// The run has no logits, or a file cannot be read or understood.
    pub fn read(run: &RunLog) -> Result<Self, FigureError> {
        Self::read_folder(&run.folder)
    }

    /// The same of a run directory.
    ///
    /// # Errors
    ///
    /// Those of [`read`](Self::read).
    pub fn read_folder(folder: &Path) -> Result<Self, FigureError> {
        let file = folder.join("logits.safetensors");
        let Some(bytes) = read_if_there(&file)? else {
            return Err(FigureError::NoLogits {
                folder: folder.into(),
            });
        };
        let class_names = class_names(&folder.join("predictions.csv"))?;
        let found = parse(&bytes, class_names).map_err(|why| damaged(&file, why))?;
        Ok(found)
    }

    /// Probabilities of an output, `[samples][classes]`; `None` where there is no such output.
    pub fn probabilities(&self, output: &str) -> Option<Vec<Vec<f64>>> {
        let logits = self.outputs.get(output)?;
        Some(logits.iter().map(|own| softmax(own)).collect())
    }
}

/// The headings `p:NAME` of the fused probabilities are the classes in their order.
fn class_names(file: &Path) -> Result<Vec<String>, FigureError> {
    let Some(bytes) = read_if_there(file)? else {
        return Err(damaged(file, "it is not there".into()));
    };
    let mut reader = csv::Reader::from_reader(bytes.as_slice());
    let headings = reader.headers().map_err(|e| damaged(file, e.to_string()))?;
    let names = headings.iter().filter_map(|name| name.strip_prefix("p:"));
    Ok(names.map(String::from).collect())
}

fn parse(bytes: &[u8], class_names: Vec<String>) -> Result<TestLogits, String> {
    let file = SafeTensors::deserialize(bytes).map_err(|e| e.to_string())?;
    let mut labels = None;
    let mut outputs = BTreeMap::new();
    for (name, tensor) in file.tensors() {
        if name == "labels" {
            labels = Some(whole_numbers(&tensor)?);
        } else {
            outputs.insert(name.clone(), rows(&name, &tensor)?);
        }
    }
    let labels = labels.ok_or("there is no tensor `labels`")?;
    let classes = class_names.len();
    if let Some(label) = labels.iter().find(|label| **label >= classes) {
        return Err(format!(
            "a sample is of class {label}, of {classes} classes"
        ));
    }
    for (name, logits) in &outputs {
        if logits.len() != labels.len() || logits.iter().any(|own| own.len() != classes) {
            return Err(format!(
                "`{name}` is not of {} samples and {classes} classes",
                labels.len()
            ));
        }
    }
    Ok(TestLogits {
        class_names,
        labels,
        outputs,
    })
}

fn rows(name: &str, tensor: &TensorView) -> Result<Vec<Vec<f32>>, String> {
    let [_, classes] = *tensor.shape() else {
        return Err(format!("`{name}` is not [samples, classes]"));
    };
    if tensor.dtype() != Dtype::F32 || classes == 0 {
        return Err(format!("`{name}` is not of 32-bit floats"));
    }
    let numbers = tensor.data().chunks_exact(4);
    let numbers: Vec<f32> = numbers
        .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
        .collect();
    Ok(numbers.chunks_exact(classes).map(<[f32]>::to_vec).collect())
}

fn whole_numbers(tensor: &TensorView) -> Result<Vec<usize>, String> {
    if tensor.dtype() != Dtype::I64 {
        return Err("`labels` are not 64-bit integers".into());
    }
    let mut numbers = Vec::new();
    for bytes in tensor.data().chunks_exact(8) {
        let bytes: [u8; 8] = bytes.try_into().expect("chunks of eight");
        let number = usize::try_from(i64::from_le_bytes(bytes));
        numbers.push(number.map_err(|_| "a label is negative")?);
    }
    Ok(numbers)
}

/// Probabilities of one sample's logits, in double precision.
pub(crate) fn softmax(logits: &[f32]) -> Vec<f64> {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max) as f64;
    let exponentials: Vec<f64> = logits.iter().map(|v| (*v as f64 - largest).exp()).collect();
    let total: f64 = exponentials.iter().sum();
    exponentials.into_iter().map(|e| e / total).collect()
}

/// Index of the largest value, the first of equals.
pub(crate) fn argmax<T: PartialOrd + Copy>(values: &[T]) -> usize {
    let mut best = 0;
    for (index, value) in values.iter().enumerate() {
        if *value > values[best] {
            best = index;
        }
    }
    best
}
