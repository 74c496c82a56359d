//! `audio.resample` as it is written: a rate in Hz, or `off`.

use std::fmt;

use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserializer, Serializer};

/// What stands for no rate.
const OFF: &str = "off";

/// Writes the rate, or `off`.
pub(crate) fn serialize<S: Serializer>(rate: &Option<u32>, out: S) -> Result<S::Ok, S::Error> {
    match rate {
        Some(hz) => out.serialize_u32(*hz),
        None => out.serialize_str(OFF),
    }
}

/// Reads what [`serialize`] writes.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(source: D) -> Result<Option<u32>, D::Error> {
    source.deserialize_any(RateOrOff)
}

struct RateOrOff;

impl Visitor<'_> for RateOrOff {
    type Value = Option<u32>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a sample rate in Hz, such as 16000, or \"{OFF}\"")
    }

    fn visit_u64<E: Error>(self, hz: u64) -> Result<Self::Value, E> {
        // A rate that no number of 32 bits has is far beyond the range that is checked.
        Ok(Some(u32::try_from(hz).unwrap_or(u32::MAX)))
    }

    fn visit_i64<E: Error>(self, hz: i64) -> Result<Self::Value, E> {
        match u64::try_from(hz) {
            Ok(hz) => self.visit_u64(hz),
            Err(_) => Err(E::invalid_value(Unexpected::Signed(hz), &self)),
        }
    }

    fn visit_str<E: Error>(self, word: &str) -> Result<Self::Value, E> {
        match word {
            OFF => Ok(None),
            other => Err(E::invalid_value(Unexpected::Str(other), &self)),
        }
    }
}

/// The same for the schema.
#[cfg(feature = "schema")]
#[derive(schemars::JsonSchema)]
#[serde(untagged)]
#[allow(dead_code, reason = "only its schema is used")]
pub(crate) enum Written {
    /// The rate in Hz.
    Hz(#[schemars(range(min = 4000, max = 192000))] u32),
    /// Each recording keeps its rate.
    Off(Off),
}

/// The word `off`.
#[cfg(feature = "schema")]
#[derive(schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
#[allow(dead_code, reason = "only its schema is used")]
pub(crate) enum Off {
    /// No resampling.
    Off,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::{AudioSpec, Recipe};

    #[test]
    fn a_rate_and_off_are_read_and_written() {
        for (written, rate) in [(json!(16_000), Some(16_000)), (json!("off"), None)] {
            let spec: AudioSpec =
                serde_json::from_value(json!({ "resample": written.clone() })).unwrap();
            assert_eq!(spec.resample, rate);
            assert_eq!(serde_json::to_value(&spec).unwrap()["resample"], written);
            let text = toml::to_string(&spec).unwrap();
            assert_eq!(toml::from_str::<AudioSpec>(&text).unwrap(), spec);
        }
        // What was written before there was the setting.
        assert_eq!(
            toml::from_str::<AudioSpec>("mels = 20").unwrap().resample,
            None
        );
    }

    #[test]
    fn what_is_neither_is_told_what_can_be_written() {
        for (text, given) in [("\"16k\"", "\"16k\""), ("-1", "-1"), ("44.1", "44.1")] {
            let error = toml::from_str::<Recipe>(&format!("audio.resample = {text}")).unwrap_err();
            let said = error.to_string();
            assert!(
                said.contains("a sample rate in Hz, such as 16000, or \"off\"")
                    && said.contains(given),
                "{said}"
            );
        }
    }

    #[test]
    fn rates_that_no_recording_has_are_refused() {
        let toys = crate::toy::toys();
        for rate in ["0", "16", "3999", "192001", "16000000", "99999999999"] {
            let error = toys
                .resolve(&[], &[format!("audio.resample={rate}")])
                .unwrap_err()
                .to_string();
            assert!(
                error.starts_with("`audio.resample`:")
                    && error.contains("4000 to 192000")
                    && error.contains("16000")
                    && error.contains("off"),
                "{error}"
            );
        }
        for rate in ["4000", "16000", "192000", "off"] {
            toys.resolve(&[], &[format!("audio.resample={rate}")])
                .unwrap();
        }
    }

    #[test]
    fn a_cell_keeps_its_identity_unless_the_rate_is_set() {
        let toys = crate::toy::toys();
        let lock = serde_json::from_value(json!("aa")).unwrap();
        let id = |settings: &[&str]| {
            let settings: Vec<String> = settings.iter().map(|s| s.to_string()).collect();
            toys.cell_id(&toys.resolve(&[], &settings).unwrap(), &lock)
        };
        assert_eq!(id(&[]), id(&["audio.resample=off"]));
        assert_ne!(id(&[]), id(&["audio.resample=16000"]));
        let visual = "modalities=visual";
        assert_eq!(id(&[visual]), id(&[visual, "audio.resample=16000"]));
    }
}
