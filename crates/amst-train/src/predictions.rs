//! `predictions.csv`: what the network said about each test sample.

use amst::Outputs;
use amst_data::Split;

use crate::metrics::{argmax, softmax};

/// One row a sample: id, label, the class that each output predicts, and the fused probability of
/// each class.
pub(crate) fn table(split: &Split, classes: &[String], outputs: &Outputs) -> Vec<u8> {
    let mut header = vec!["id".to_string(), "label".to_string()];
    let mut named: Vec<(&str, Vec<f32>)> = Vec::new();
    for (name, logits) in outputs.iter() {
        let values = logits.clone().into_data().try_to_vec();
        named.push((name, values.expect("logits are 32-bit floats")));
        header.push(name.to_string());
    }
    header.extend(classes.iter().map(|class| format!("p:{class}")));
    let mut rows = vec![header];
    for sample in 0..split.len() {
        let own = sample * classes.len()..(sample + 1) * classes.len();
        let mut row = vec![
            split.id(sample).to_string(),
            classes[split.label(sample)].clone(),
        ];
        for (_, values) in &named {
            row.push(classes[argmax(&values[own.clone()])].clone());
        }
        if let Some((_, values)) = named.iter().find(|(name, _)| *name == "fused") {
            let probabilities = softmax(&values[own]);
            row.extend(probabilities.iter().map(|p| format!("{p:.6}")));
        }
        rows.push(row);
    }
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer
            .write_record(row)
            .expect("writing to memory does not fail");
    }
    writer
        .into_inner()
        .expect("writing to memory does not fail")
}
