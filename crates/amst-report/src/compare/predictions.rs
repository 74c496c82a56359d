//! `predictions.csv`: what a run said of each test sample, accepted only beside its own result.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;

use amst_recipe::CellResult;

/// Why a run's predictions cannot be used. Each message can stand below a table.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unpaired {
    /// The run has no result, so there is nothing to compare.
    #[error("no result")]
    NoResult,
    /// There is no `predictions.csv` beside the result.
    #[error("no predictions.csv beside its result.json; remove the run's folder to run it again")]
    Absent,
    /// The file is damaged.
    #[error("predictions.csv is unreadable: {0}; remove the run's folder to run it again")]
    Unreadable(String),
    /// The file does not say what the result says.
    #[error("predictions.csv is not of this result: {0}; remove the run's folder to run it again")]
    OtherRun(String),
    /// Another seed of the row was tested on something else.
    #[error(
        "its test samples or their labels are not those of its other seeds; remove the older run's folder"
    )]
    OtherSamples,
}

/// One run on the test split, in the order of the ids, whatever the order in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Predictions {
    /// Id and label of each sample.
    pub samples: Vec<(String, String)>,
    /// Whether the fused output predicts the label.
    pub right: Vec<bool>,
}

/// Reads the predictions beside a `result.json` and makes sure that they are that result's:
/// as many samples, and the same fused accuracy.
pub(crate) fn read(result_file: &Path, result: &CellResult) -> Result<Predictions, Unpaired> {
    let file = result_file.with_file_name("predictions.csv");
    let bytes = match std::fs::read(&file) {
        Ok(bytes) => bytes,
        Err(e) if e.kind() == ErrorKind::NotFound => return Err(Unpaired::Absent),
        Err(e) => return Err(Unpaired::Unreadable(e.to_string())),
    };
    let predictions = parse(&bytes).map_err(Unpaired::Unreadable)?;
    belongs(&predictions, result).map_err(Unpaired::OtherRun)?;
    Ok(predictions)
}

fn parse(bytes: &[u8]) -> Result<Predictions, String> {
    let mut reader = csv::Reader::from_reader(bytes);
    let head = reader.headers().map_err(|e| e.to_string())?.clone();
    let (id, label, fused) = (
        column(&head, "id")?,
        column(&head, "label")?,
        column(&head, "fused")?,
    );
    let mut by_id = BTreeMap::new();
    for line in reader.records() {
        let line = line.map_err(|e| e.to_string())?;
        let sample = (line[label].to_string(), line[label] == line[fused]);
        if by_id.insert(line[id].to_string(), sample).is_some() {
            return Err(format!("sample `{}` is there twice", &line[id]));
        }
    }
    let (ids, of_sample): (Vec<_>, Vec<_>) = by_id.into_iter().unzip();
    let (labels, right): (Vec<_>, Vec<_>) = of_sample.into_iter().unzip();
    Ok(Predictions {
        samples: ids.into_iter().zip(labels).collect(),
        right,
    })
}

fn column(head: &csv::StringRecord, name: &str) -> Result<usize, String> {
    head.iter()
        .position(|heading| heading == name)
        .ok_or_else(|| format!("it has no column `{name}`"))
}

fn belongs(predictions: &Predictions, result: &CellResult) -> Result<(), String> {
    let (found, expected) = (predictions.right.len(), result.test.samples);
    if found != expected || found == 0 {
        return Err(format!("{found} samples, not {expected}"));
    }
    let right = predictions.right.iter().filter(|r| **r).count();
    let accuracy = right as f64 / found as f64;
    let stated = result
        .test
        .outputs
        .get("fused")
        .map_or(f64::NAN, |m| m.accuracy);
    // Half an answer: far more than rounding, and less than any other set of answers.
    if (accuracy - stated).abs() < 0.5 / found as f64 {
        return Ok(());
    }
    Err(format!(
        "accuracy {:.2} %, not {:.2} %",
        100.0 * accuracy,
        100.0 * stated
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_right_where_the_fused_class_is_the_label_and_order_does_not_matter() {
        let text = "id,label,fused,audio,p:a,p:b\nz,a,a,b,0.9,0.1\ny,\"b, c\",\"b, c\",a,0,1\nx,a,b,a,0,1\n";
        let found = parse(text.as_bytes()).unwrap();
        let ids: Vec<_> = found.samples.iter().map(|(id, _)| id.as_str()).collect();
        assert_eq!(
            (ids, found.right),
            (vec!["x", "y", "z"], vec![false, true, true])
        );
        assert_eq!(found.samples[1].1, "b, c");
    }

    #[test]
    fn what_is_malformed_is_named() {
        for (text, why) in [
            ("", "no column `id`"),
            ("id,label,audio\n1,a,a\n", "no column `fused`"),
            ("id,label,fused\n1,a,a\n1,a,b\n", "`1` is there twice"),
            ("id,label,fused\n1,a\n", "1"),
        ] {
            let message = parse(text.as_bytes()).unwrap_err();
            assert!(message.contains(why), "{text:?}: {message}");
        }
        assert!(parse(b"id,label,fused\n1,a,\xff\n").is_err(), "not UTF-8");
    }
}
