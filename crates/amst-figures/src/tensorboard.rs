//! A run's metrics as a TensorBoard event file.
//!
//! The file is a sequence of TFRecords (length, its checksum, data, its checksum) whose data are
//! `tensorflow.Event` messages. Three fields of two messages are all that scalars need, so the
//! protocol buffers are written by hand; `tests/read_tensorboard.py` reads the file back with
//! PyPI's `tensorboard`.

use amst_recipe::Modality;

use crate::{EpochMetrics, Metric, RunLog, Split};

/// The name that TensorBoard looks for; the same for every run, so that exporting again replaces
/// the file instead of adding a second one.
pub const TENSORBOARD_FILE: &str = "events.out.tfevents.0000000000.amst";

/// Every metric of every output by epoch, the learning rate, and whether each modality was trained.
///
/// The step is the epoch, from 0, whatever interrupted the run, and so is the wall time in seconds:
/// the same run gives the same bytes. Tags are `train/audio/accuracy`, `val/fused/loss`,
/// `learning_rate`, `trained/audio`. What was not measured, or was not finite, is left out.
pub fn tensorboard_events(run: &RunLog) -> Vec<u8> {
    let mut file = Vec::new();
    record(&mut file, &event(0.0, 0, &text_field(3, "brain.Event:2")));
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
        let summary = bytes_field(5, &values);
        record(&mut file, &event(*epoch as f64, *epoch as u64, &summary));
    }
    file
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
    let mut message = text_field(1, tag);
    message.push(key(2, FIXED_32));
    message.extend((value as f32).to_le_bytes());
    bytes_field(1, &message)
}

/// `Event`: wall_time (1), step (2), and one more field that is encoded already.
fn event(wall_time: f64, step: u64, what: &[u8]) -> Vec<u8> {
    let mut message = vec![key(1, FIXED_64)];
    message.extend(wall_time.to_le_bytes());
    message.push(key(2, VARINT));
    varint(&mut message, step);
    message.extend(what);
    message
}

const VARINT: u8 = 0;
const FIXED_64: u8 = 1;
const LENGTH_DELIMITED: u8 = 2;
const FIXED_32: u8 = 5;

fn key(field: u8, wire_type: u8) -> u8 {
    field << 3 | wire_type
}

fn text_field(field: u8, text: &str) -> Vec<u8> {
    bytes_field(field, text.as_bytes())
}

fn bytes_field(field: u8, bytes: &[u8]) -> Vec<u8> {
    let mut encoded = vec![key(field, LENGTH_DELIMITED)];
    varint(&mut encoded, bytes.len() as u64);
    encoded.extend(bytes);
    encoded
}

fn varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
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

    #[test]
    fn numbers_of_seven_bits_take_a_byte() {
        for (number, bytes) in [(0, vec![0]), (127, vec![127]), (300, vec![0xac, 0x02])] {
            let mut out = Vec::new();
            varint(&mut out, number);
            assert_eq!(out, bytes);
        }
    }

    /// The checksum of the length of an empty record, as TensorFlow writes it.
    #[test]
    fn checksums_are_masked() {
        // CRC-32C of nothing is 0, and its mask is the constant alone.
        assert_eq!(masked_checksum(&[]), 0xa282_ead8);
        // The check value of CRC-32C is that of the nine digits.
        assert_eq!(crc32c::crc32c(b"123456789"), 0xe306_9283);
    }
}
