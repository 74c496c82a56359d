//! `state.toml`: the state of a run, besides its tensors.

use std::collections::BTreeMap;
use std::path::Path;

use amst::Modality;
use serde::{Deserialize, Serialize};

use super::CheckpointError;
use crate::metrics::OutputScores;

/// Everything, but for tensors, that the rest of a run and its result depend on. TOML, because its
/// numbers are read back to the last bit, infinite ones included.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct State {
    /// The current epoch, counted from 0.
    pub epoch: usize,
    /// Steps done in it; 0 if it has not begun.
    pub step: usize,
    /// Steps done since the first.
    pub steps: u64,
    /// Bytes of `events.jsonl` that were written before.
    pub events: u64,
    /// Bytes of the log of steps, where there is one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub log: Option<u64>,
    /// Updates of encoders.
    pub updates: usize,
    /// Time that was spent on training, in nanoseconds.
    pub training: u64,
    /// Seconds since the run began, the times between its sittings left out.
    pub seconds: f64,
    /// The same since the epoch began.
    pub epoch_seconds: f64,
    /// The best epoch so far.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub best: Option<BestState>,
    /// Training losses by output, each of its last active epoch.
    pub last_train: BTreeMap<String, f64>,
    /// Accuracy and mean probability of the right class by modality, each of its last active epoch.
    pub balance: BTreeMap<Modality, (f64, f64)>,
    /// Seconds by phase of the epochs that are over.
    pub phases: BTreeMap<String, f64>,
    /// The same of the epoch that is not.
    pub epoch_phases: BTreeMap<String, f64>,
    /// What the steps of the epoch that is not over computed.
    pub sums: EpochSums,
    /// What the method remembers, but for its tensors.
    pub method: BTreeMap<String, Vec<f64>>,
}

/// The best epoch so far, but for its network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BestState {
    pub epoch: usize,
    pub val_accuracy: f64,
    pub balance: BTreeMap<String, f64>,
}

/// What an epoch's steps computed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EpochSums {
    pub scores: BTreeMap<String, OutputScores>,
    /// Sums and numbers of what the method reports of its balancing.
    pub method: BTreeMap<String, (f64, usize)>,
}

/// The file's name.
pub(crate) const STATE: &str = "state.toml";

impl State {
    pub fn to_text(&self) -> String {
        toml::to_string(self).expect("plain data")
    }

    pub fn parse(bytes: &[u8], path: &Path) -> Result<Self, CheckpointError> {
        toml::from_slice(bytes).map_err(|e| CheckpointError::Damaged {
            path: path.into(),
            why: e.to_string(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use amst_data::{Purpose, Stream};

    /// Any bits may turn up in a sum.
    #[test]
    fn numbers_come_back_to_the_last_bit() {
        let mut stream = Stream::new(0, Purpose::Noise, 0, 0);
        let mut numbers: Vec<f64> = (0..20_000)
            .map(|_| f64::from_bits(stream.next_u64()))
            .collect();
        numbers.retain(|number| !number.is_nan());
        numbers.extend([
            0.1 + 0.2,
            f64::INFINITY,
            f64::NEG_INFINITY,
            -0.0,
            f64::MIN_POSITIVE / 3.0,
            f64::MAX,
            1e21,
        ]);
        let mut state = State {
            seconds: 1.0 / 3.0,
            ..State::default()
        };
        state.balance.insert(Modality::Audio, (0.1, 1.0 / 7.0));
        state.sums.method.insert("k.audio".into(), (0.7, 3));
        state.best = Some(BestState {
            epoch: 1,
            val_accuracy: 0.25,
            balance: BTreeMap::new(),
        });
        state.method.insert("numbers".into(), numbers.clone());
        let read = State::parse(state.to_text().as_bytes(), Path::new("here")).unwrap();
        assert_eq!(read, state);
        let bits = |numbers: &[f64]| numbers.iter().map(|n| n.to_bits()).collect::<Vec<_>>();
        assert!(bits(&read.method["numbers"]) == bits(&numbers));
    }

    #[test]
    fn what_is_no_state_is_named() {
        for wrong in [&b"epoch = 1"[..], b"\xff", b"{"] {
            let error = State::parse(wrong, Path::new("a/state.toml")).unwrap_err();
            assert!(
                error.to_string().contains("a/state.toml is damaged"),
                "{error}"
            );
        }
    }
}
