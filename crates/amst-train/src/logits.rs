//! `logits.safetensors`: what every output said about each test sample, in full.

use std::collections::BTreeMap;

use amst::Outputs;
use amst_data::Split;
use safetensors::tensor::{Dtype, TensorView, serialize};

/// The bytes of the file: `[samples, classes]` 32-bit logits an output under its name, and `labels`,
/// `[samples]` 64-bit classes. Samples are in the order of `predictions.csv`.
pub(crate) fn file(split: &Split, outputs: &Outputs) -> Vec<u8> {
    let mut tensors = BTreeMap::new();
    for (name, logits) in outputs.iter() {
        let shape = logits.dims().to_vec();
        let values: Vec<f32> = logits
            .clone()
            .into_data()
            .try_to_vec()
            .expect("logits are 32-bit floats");
        let bytes: Vec<u8> = values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        tensors.insert(name.to_string(), (Dtype::F32, shape, bytes));
    }
    let labels = split.labels().into_iter();
    let labels: Vec<u8> = labels
        .flat_map(|label| (label as i64).to_le_bytes())
        .collect();
    tensors.insert("labels".into(), (Dtype::I64, vec![split.len()], labels));
    let mut views = Vec::new();
    for (name, (dtype, shape, bytes)) in &tensors {
        let view = TensorView::new(*dtype, shape.clone(), bytes);
        views.push((name, view.expect("the bytes are those of the shape")));
    }
    serialize(views, None).expect("names and shapes are plain")
}
