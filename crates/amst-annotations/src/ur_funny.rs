//! UR-FUNNY's own folds, in which no speaker stands in two splits.
//!
//! The owners ship them as `data_folds.pkl`, a Python pickle, and reading a pickle can run what it holds. So this reads
//! the same lists as JSON, which four lines of Python make without running anything: `docs/datasets.md` has them.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{AnnotationError, Split};

/// Reads `{"train": [1, 2], "dev": [3], "test": [4]}`: the fold of every clip, by its number.
///
/// # Errors
/// [`AnnotationError::Folds`] where it is something else, a fold is empty, or a clip stands in two.
pub fn folds(json: &str, file: &str) -> Result<BTreeMap<String, Split>, AnnotationError> {
    let wrong = |why: String| AnnotationError::Folds { file: file.into(), why };
    let value: Value = serde_json::from_str(json).map_err(|error| wrong(format!("no JSON ({error})")))?;
    let object = value.as_object().ok_or_else(|| wrong("no object".into()))?;
    let mut folds = BTreeMap::new();
    for (name, split) in [("train", Split::Train), ("dev", Split::Val), ("test", Split::Test)] {
        let clips = object.get(name).and_then(Value::as_array).filter(|clips| !clips.is_empty());
        for clip in clips.ok_or_else(|| wrong(format!("no clips in `{name}`")))? {
            let number = number(clip).ok_or_else(|| wrong(format!("{clip} in `{name}` is no clip's number")))?;
            if let Some(other) = folds.insert(number.clone(), split) {
                return Err(wrong(format!("clip {number} stands in `{name}` and before that in {other}")));
            }
        }
    }
    let others: Vec<_> = object.keys().filter(|key| !["train", "dev", "test"].contains(&key.as_str())).collect();
    if others.is_empty() { Ok(folds) } else { Err(wrong(format!("{others:?} is none of the folds"))) }
}

fn number(clip: &Value) -> Option<String> {
    match clip {
        Value::Number(number) => number.as_u64().map(|number| number.to_string()),
        Value::String(text) => {
            let plain = !text.is_empty() && text.len() < 20 && text.bytes().all(|b| b.is_ascii_digit());
            plain.then(|| text.clone())
        }
        _ => None,
    }
}
