//! `predictions.csv`: what the network said about each test sample.

use amst::Outputs;
use amst_data::Split;

use crate::metrics::{argmax, softmax};

/// One row a sample: id, label, the class that each output predicts, and the fused probability of
/// each class.
pub(crate) fn table(split: &Split, classes: &[String], outputs: &Outputs) -> Vec<u8> {
    let named: Vec<(&str, Vec<f32>)> = outputs
        .iter()
        .map(|(name, logits)| {
            (
                name,
                logits
                    .clone()
                    .into_data()
                    .try_to_vec()
                    .expect("logits are 32-bit floats"),
            )
        })
        .collect();
    let mut header = vec!["id".to_string(), "label".to_string()];
    header.extend(named.iter().map(|(name, _)| name.to_string()));
    header.extend(classes.iter().map(|class| format!("p:{class}")));
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut write = |row: Vec<String>| {
        writer
            .write_record(row)
            .expect("writing to memory does not fail")
    };
    write(header);
    for sample in 0..split.len() {
        let row = |values: &[f32]| values[sample * classes.len()..][..classes.len()].to_vec();
        let mut cells = vec![
            split.id(sample).to_string(),
            classes[split.label(sample)].clone(),
        ];
        cells.extend(
            named
                .iter()
                .map(|(_, values)| classes[argmax(&row(values))].clone()),
        );
        let fused = named
            .iter()
            .find(|(name, _)| *name == "fused")
            .map(|(_, values)| row(values));
        cells.extend(
            fused
                .map(|f| softmax(&f))
                .into_iter()
                .flatten()
                .map(|p| format!("{p:.6}")),
        );
        write(cells);
    }
    writer
        .into_inner()
        .expect("writing to memory does not fail")
}
