//! How `crop_scale` is written in a settings file: a pair, or `false`.
//!
//! TOML has no null, and a missing key means the default, which is to crop. So
//! switching the crop off needs a value.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Written {
    Range([f32; 2]),
    Switch(bool),
    Nothing,
}

pub(crate) fn serialize<S: Serializer>(
    scale: &Option<[f32; 2]>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    scale
        .map_or(Written::Switch(false), Written::Range)
        .serialize(serializer)
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<[f32; 2]>, D::Error> {
    match Written::deserialize(deserializer) {
        Ok(Written::Range(range)) => Ok(Some(range)),
        Ok(Written::Switch(false) | Written::Nothing) => Ok(None),
        Ok(Written::Switch(true)) | Err(_) => Err(de::Error::custom(
            "crop_scale must be a pair of area shares such as [0.08, 1.0], or false for no crop",
        )),
    }
}
