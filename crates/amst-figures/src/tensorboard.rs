//! A run's metrics as a TensorBoard event file.
//!
//! The file is a sequence of TFRecords (length, its checksum, data, its checksum) whose data are
//! `tensorflow.Event` messages. They need few fields of few messages, so the protocol buffers are
//! written by hand; `tests/read_tensorboard.py` reads the file back with PyPI's `tensorboard`.

mod hyperparameters;
mod image;
mod message;

use amst_recipe::Modality;

pub use self::image::EventImage;
use self::message::{bytes, double, float, message, text, whole};
use crate::outputs::FUSED;
use crate::{EpochMetrics, Metric, RunLog, Split};

/// The name that TensorBoard looks for; the same for every run, so that exporting again replaces
/// the file instead of adding a second one.
pub const TENSORBOARD_FILE: &str = "events.out.tfevents.0000000000.amst";

/// Every metric of every output by epoch, the learning rate, whether each modality was trained, and
/// for the HPARAMS tab the settings that runs are compared by.
///
/// The step is the epoch, from 0, whatever interrupted the run, and so is the wall time in seconds:
/// the same run gives the same bytes. Tags are `train/audio/accuracy`, `val/fused/loss`,
/// `learning_rate`, `trained/audio`, and of a finished run `result/test/fused/accuracy` at the
/// selected epoch. What was not measured, or was not finite, is left out.
pub fn tensorboard_events(run: &RunLog) -> Vec<u8> {
    tensorboard_events_with(run, &[])
}

/// [`tensorboard_events`] with pictures at the last epoch.
pub fn tensorboard_events_with(run: &RunLog, images: &[EventImage]) -> Vec<u8> {
    let mut file = Vec::new();
    record(&mut file, &event(0, &text(3, "brain.Event:2")));
    add_summary(&mut file, 0, &hyperparameters::start(run));
    for (epoch, log) in &run.epochs {
        let mut values = Vec::new();
        for split in Split::ALL {
            for (output, metrics) in log.split(split) {
                for (metric, value) in measured(metrics) {
                    let tag = format!("{}/{output}/{}", split.name(), metric.name());
                    values.extend(scalar(&tag, value));
                }
            }
        }
        values.extend(scalar("learning_rate", log.learning_rate));
        for modality in &run.recipe.modalities {
            let trained = f64::from(u8::from(log.active.contains(modality)));
            values.extend(scalar(&trained_tag(*modality), trained));
        }
        let result = run.result.as_ref();
        let selected = result.filter(|result| result.selected.epoch == *epoch);
        if let Some(fused) = selected.and_then(|result| result.test.outputs.get(FUSED)) {
            values.extend(scalar(hyperparameters::TEST_ACCURACY, fused.accuracy));
        }
        add_summary(&mut file, *epoch, &values);
    }
    let last = run.epochs.keys().last().copied().unwrap_or(0);
    if !images.is_empty() {
        let values: Vec<_> = images.iter().map(EventImage::value).collect();
        add_summary(&mut file, last, &values.concat());
    }
    if run.result.is_some() {
        add_summary(&mut file, last, &hyperparameters::end(last as f64));
    }
    file
}

/// An event with a `Summary` (5) of values that are encoded already.
fn add_summary(file: &mut Vec<u8>, epoch: usize, values: &[u8]) {
    record(file, &event(epoch, &bytes(5, values)));
}

fn trained_tag(modality: Modality) -> String {
    format!("trained/{modality}")
}

/// The metrics that are there.
pub(crate) fn measured(metrics: &EpochMetrics) -> impl Iterator<Item = (Metric, f64)> {
    let all = Metric::ALL.map(|metric| (metric, metric.of(metrics)));
    all.into_iter()
        .filter_map(|(metric, value)| Some((metric, value?)))
}

/// `Summary.Value` as the repeated field 1 of a `Summary`: tag (1) and simple_value (2).
fn scalar(tag: &str, value: f64) -> Vec<u8> {
    message(1, &[text(1, tag), float(2, value)])
}

/// `Event`: wall_time (1), step (2), and one more field that is encoded already.
fn event(epoch: usize, what: &[u8]) -> Vec<u8> {
    [
        double(1, epoch as f64).as_slice(),
        &whole(2, epoch as u64),
        what,
    ]
    .concat()
}

fn record(file: &mut Vec<u8>, data: &[u8]) {
    let length = (data.len() as u64).to_le_bytes();
    file.extend(length);
    file.extend(masked_checksum(&length).to_le_bytes());
    file.extend(data);
    file.extend(masked_checksum(data).to_le_bytes());
}

/// CRC-32C, rotated and shifted as TFRecords have it.
fn masked_checksum(bytes: &[u8]) -> u32 {
    crc32c::crc32c(bytes)
        .rotate_right(15)
        .wrapping_add(0xa282_ead8)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The checksum of the length of an empty record, as TensorFlow writes it.
    #[test]
    fn checksums_are_masked() {
        // CRC-32C of nothing is 0, and its mask is the constant alone.
        assert_eq!(masked_checksum(&[]), 0xa282_ead8);
        // The check value of CRC-32C is that of the nine digits.
        assert_eq!(crc32c::crc32c(b"123456789"), 0xe306_9283);
    }
}
