//! What recordings were found to be like while they were read, told of all of them at once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use amst_fbank::HeaderMismatch;
use amst_recipe::AudioSpec;

use crate::error::Listing;

/// What was seen since it was last told of. Threads share it.
#[derive(Default)]
pub(super) struct Observed(Mutex<Recordings>);

#[derive(Default)]
struct Recordings {
    /// The files of each sample rate.
    rates: BTreeMap<u32, BTreeSet<String>>,
    /// The files with a wrong length in their header.
    mismatches: BTreeMap<String, HeaderMismatch>,
}

impl Observed {
    /// A file that was read, or a part of one: it counts once.
    pub(super) fn add(&self, name: &str, rate: u32, mismatch: Option<HeaderMismatch>) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of_rate = seen.rates.entry(rate).or_default();
        if !of_rate.contains(name) {
            of_rate.insert(name.into());
        }
        if let Some(mismatch) = mismatch {
            seen.mismatches.insert(name.into(), mismatch);
        }
    }

    /// One line for each kind of thing that was seen; none where all is as it should be.
    pub(super) fn notes(&self) -> Vec<String> {
        let seen = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        [wrong_lengths(&seen.mismatches), several_rates(&seen.rates)]
            .into_iter()
            .flatten()
            .collect()
    }
}

fn wrong_lengths(mismatches: &BTreeMap<String, HeaderMismatch>) -> Option<String> {
    let which = match mismatches.len() {
        0 => return None,
        1 => "1 recording is not as long as its header states".to_owned(),
        several => format!("{several} recordings are not as long as their headers state"),
    };
    let lines = mismatches
        .iter()
        .map(|(name, mismatch)| format!("{name}: {mismatch}"));
    Some(format!(
        "{which}; the samples that are there were used. Compare sizes with those of the originals, \
         in case a copy was cut short:{}",
        Listing(lines.collect())
    ))
}

/// A mel filter covers the same frequencies at every rate only up to half of the lowest one.
fn several_rates(rates: &BTreeMap<u32, BTreeSet<String>>) -> Option<String> {
    if rates.len() < 2 {
        return None;
    }
    let counts: Vec<String> = rates
        .iter()
        .map(|(rate, files)| format!("{rate} Hz ({})", files.len()))
        .collect();
    let rate = one_rate(rates);
    Some(format!(
        "recordings have {} sample rates: {}; mel filters reach up to half of a recording's rate, \
         so that a bin means other frequencies at each: train with `audio.resample = {rate}` (below \
         `[recipe]` in dataset.toml, or `--set audio.resample={rate}`), which brings all of them to \
         one rate",
        rates.len(),
        counts.join(", "),
    ))
}

/// The lowest of the rates, at which every mel filter lies in what every recording has; the usual
/// one of speech where that is not to be had.
fn one_rate(rates: &BTreeMap<u32, BTreeSet<String>>) -> u32 {
    const OF_SPEECH: u32 = 16_000;
    let lowest = rates.keys().next().copied().unwrap_or(OF_SPEECH);
    if AudioSpec::RESAMPLE_HZ.contains(&lowest) {
        lowest
    } else {
        OF_SPEECH
    }
}

#[cfg(test)]
mod tests {
    use amst_fbank::{Part, Recording};

    use super::*;

    /// A WAV file of two samples whose header states another length.
    fn cut_short(announced: u32) -> Option<HeaderMismatch> {
        let mut wav = b"RIFF\x28\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0".to_vec();
        wav.extend([8000_u32, 16_000].map(u32::to_le_bytes).concat());
        wav.extend(b"\x02\0\x10\0data");
        wav.extend(announced.to_le_bytes());
        wav.extend([1, 0, 2, 0]);
        Recording::decode(&wav, Part::Whole, "x").unwrap().mismatch
    }

    #[test]
    fn what_is_as_it_should_be_is_not_told() {
        let observed = Observed::default();
        observed.add("a.wav", 8000, cut_short(4));
        assert!(observed.notes().is_empty());
    }

    #[test]
    fn wrong_lengths_and_rates_are_told_once_with_their_counts() {
        let observed = Observed::default();
        for number in 0..12 {
            // Two parts of each file.
            for _ in 0..2 {
                observed.add(&format!("{number:02}.wav"), 8000, cut_short(400));
            }
        }
        observed.add("x.wav", 44_100, None);
        let notes = observed.notes();
        assert_eq!(notes.len(), 2);
        assert!(
            notes[0].starts_with("12 recordings are not as long as their headers"),
            "{}",
            notes[0]
        );
        assert!(
            notes[0].contains("09.wav: its header states 400 bytes"),
            "{}",
            notes[0]
        );
        assert!(notes[0].ends_with("… and 2 more") && !notes[0].contains("10.wav"));
        assert!(
            notes[1].contains("2 sample rates: 8000 Hz (12), 44100 Hz (1)"),
            "{}",
            notes[1]
        );
        assert!(
            notes[1].contains("`--set audio.resample=8000`"),
            "{}",
            notes[1]
        );
        assert!(observed.notes().is_empty());
    }

    #[test]
    fn the_rate_that_is_proposed_can_be_set() {
        let observed = Observed::default();
        observed.add("a.wav", 7, None);
        observed.add("b.wav", 44_100, None);
        let note = observed.notes().concat();
        assert!(note.contains("`audio.resample = 16000`"), "{note}");
    }
}
