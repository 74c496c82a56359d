//! UR-FUNNY's own folds, in which no speaker stands in two splits.
//!
//! The owners ship them as `data_folds.pkl`. Reading a pickle in Python can run what it holds;
//! `pytorch-reader` makes lists and numbers of it and runs nothing.

use std::collections::BTreeMap;
use std::path::Path;

use pytorch_reader::{PickleValue, PytorchReader};
use serde_json::Value;

use crate::{AnnotationError, Split};

/// What the owners call the splits.
const FOLDS: [(&str, Split); 3] = [
    ("train", Split::Train),
    ("dev", Split::Val),
    ("test", Split::Test),
];

/// Reads the owners' `data_folds.pkl`, or the same as JSON where the file's name ends in `.json`:
/// the fold of every clip, by its number.
///
/// # Errors
/// [`AnnotationError::Io`]; [`AnnotationError::Folds`] where it holds something else, as for
/// [`folds`].
pub fn read_folds(path: &Path) -> Result<BTreeMap<String, Split>, AnnotationError> {
    let file = path.display().to_string();
    let failed = |source| AnnotationError::Io {
        path: path.into(),
        source,
    };
    if path.extension().is_some_and(|ending| ending == "json") {
        return folds(&std::fs::read_to_string(path).map_err(failed)?, &file);
    }
    // A file that cannot be opened is another error than one that is no pickle.
    std::fs::File::open(path).map_err(failed)?;
    match PytorchReader::read_pickle_data(path, None) {
        Ok(pickle) => checked(&plain(pickle), &file),
        Err(error) => Err(wrong(&file, format!("no pickle ({error})"))),
    }
}

/// Reads `{"train": [1, 2], "dev": [3], "test": [4]}`: the fold of every clip, by its number.
///
/// # Errors
/// [`AnnotationError::Folds`] where it is something else, a fold is empty, or a clip stands in two.
pub fn folds(json: &str, file: &str) -> Result<BTreeMap<String, Split>, AnnotationError> {
    match serde_json::from_str(json) {
        Ok(value) => checked(&value, file),
        Err(error) => Err(wrong(file, format!("no JSON ({error})"))),
    }
}

fn wrong(file: &str, why: String) -> AnnotationError {
    AnnotationError::Folds {
        file: file.into(),
        why,
    }
}

fn checked(value: &Value, file: &str) -> Result<BTreeMap<String, Split>, AnnotationError> {
    let object = value
        .as_object()
        .ok_or_else(|| wrong(file, "no object".into()))?;
    let mut folds = BTreeMap::new();
    for (name, split) in FOLDS {
        let clips = object
            .get(name)
            .and_then(Value::as_array)
            .filter(|clips| !clips.is_empty());
        for clip in clips.ok_or_else(|| wrong(file, format!("no clips in `{name}`")))? {
            let number = number(clip)
                .ok_or_else(|| wrong(file, format!("{clip} in `{name}` is no clip's number")))?;
            if let Some(other) = folds.insert(number.clone(), split) {
                return Err(wrong(
                    file,
                    format!("clip {number} stands in `{name}` and before that in {other}"),
                ));
            }
        }
    }
    let others: Vec<_> = object
        .keys()
        .filter(|key| FOLDS.iter().all(|(name, _)| name != key))
        .collect();
    if others.is_empty() {
        Ok(folds)
    } else {
        Err(wrong(file, format!("{others:?} is none of the folds")))
    }
}

fn number(clip: &Value) -> Option<String> {
    match clip {
        Value::Number(number) => number.as_u64().map(|number| number.to_string()),
        Value::String(text) => {
            let plain =
                !text.is_empty() && text.len() < 20 && text.bytes().all(|b| b.is_ascii_digit());
            plain.then(|| text.clone())
        }
        _ => None,
    }
}

/// Lists, numbers and strings of a pickle; anything else by the name of its type, which no fold may
/// hold.
fn plain(value: PickleValue) -> Value {
    match value {
        PickleValue::Int(number) => number.into(),
        PickleValue::String(text) => text.into(),
        PickleValue::List(items) => items.into_iter().map(plain).collect(),
        PickleValue::Dict(entries) => Value::Object(
            entries
                .into_iter()
                .map(|(key, value)| (key, plain(value)))
                .collect(),
        ),
        PickleValue::Unsupported(name) => serde_json::json!({ "python": name }),
        PickleValue::None
        | PickleValue::Bool(_)
        | PickleValue::Float(_)
        | PickleValue::Bytes(_) => Value::Null,
    }
}
