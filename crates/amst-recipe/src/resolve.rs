//! Layers of settings, merged into one recipe.

use serde_json::{Map, Value};

use crate::suggest::hint;
use crate::{MethodCard, Preset, Recipe, RecipeError};

/// Merges the layers over [`Recipe::default`], applies `key=value` assignments, and checks the
/// outcome.
///
/// # Errors
///
/// An unknown key (with the nearest known one), a value of the wrong kind, a recipe that
/// contradicts itself.
pub fn resolve(layers: &[Value], assignments: &[String]) -> Result<Recipe, RecipeError> {
    let recipe = merged(layers, assignments)?;
    recipe.validate()?;
    Ok(recipe)
}

/// [`resolve`] with a preset of the method between two groups of layers: `below` (the data
/// set's), then the preset, then `above` (a table's row) and the assignments. Which method and
/// data set it is for is decided by all of these together. On the paper's data sets the method's
/// own values for them lie below everything ([`MethodCard::defaults`]).
///
/// # Errors
///
/// As [`resolve`]; [`RecipeError::NoPreset`] where the method that the layers choose has none.
pub fn resolve_preset(
    below: &[Value],
    preset: Preset,
    above: &[Value],
    assignments: &[String],
) -> Result<Recipe, RecipeError> {
    let recipe = unchecked(below, preset, above, assignments)?;
    recipe.validate()?;
    Ok(recipe)
}

/// [`resolve_preset`] without asking whether the recipe can be run.
pub(crate) fn unchecked(
    below: &[Value],
    preset: Preset,
    above: &[Value],
    assignments: &[String],
) -> Result<Recipe, RecipeError> {
    let chosen = merged(&[below, above].concat(), assignments)?;
    let card = MethodCard::of(chosen.method);
    let own = [card.defaults(&chosen.dataset)];
    let preset = [card.preset(preset, &chosen.dataset, &chosen.modalities)?];
    merged(&[&own, below, &preset, above].concat(), assignments)
}

/// All layers and assignments, not yet checked against each other.
fn merged(layers: &[Value], assignments: &[String]) -> Result<Recipe, RecipeError> {
    let known = serde_json::to_value(Recipe::default()).expect("a recipe is plain data");
    let mut merged = known.clone();
    for layer in layers {
        merge(&mut merged, layer, &known, "")?;
    }
    for assignment in assignments {
        let (key, value) = assignment
            .split_once('=')
            .ok_or_else(|| RecipeError::NotAnAssignment(assignment.clone()))?;
        merge(
            &mut merged,
            &nest(key.trim(), literal(value.trim())),
            &known,
            "",
        )?;
    }
    let mut recipe = parse(merged)?;
    recipe.modalities.sort();
    Ok(recipe)
}

/// `a.b.c` and a value, as nested objects.
fn nest(key: &str, value: Value) -> Value {
    key.rsplit('.').fold(value, |inner, part| {
        let mut object = Map::new();
        object.insert(part.to_string(), inner);
        Value::Object(object)
    })
}

/// A value as TOML writes it; a bare word is a string, `a,b` a list of words.
fn literal(text: &str) -> Value {
    let parsed = toml::from_str::<Map<String, Value>>(&format!("v = {text}"));
    match parsed {
        Ok(mut table) => table.remove("v").unwrap_or(Value::Null),
        Err(_) if text.contains(',') => text.split(',').map(|part| literal(part.trim())).collect(),
        Err(_) => Value::String(text.to_string()),
    }
}

fn merge(target: &mut Value, layer: &Value, known: &Value, path: &str) -> Result<(), RecipeError> {
    let (Value::Object(target), Value::Object(layer), Value::Object(known)) =
        (target, layer, known)
    else {
        return Err(RecipeError::Value {
            key: path.into(),
            why: "is a section: set one of its keys".into(),
        });
    };
    for (key, value) in layer {
        let full = if path.is_empty() {
            key.clone()
        } else {
            format!("{path}.{key}")
        };
        let Some(shape) = known.get(key) else {
            return Err(unknown(leaf(full, value)));
        };
        match (target.get_mut(key), shape) {
            (Some(inner @ Value::Object(_)), Value::Object(_)) => {
                merge(inner, value, shape, &full)?
            }
            _ => {
                let value = listed(value, shape);
                check_one(&full, &value)?;
                target.insert(key.clone(), value);
            }
        }
    }
    Ok(())
}

/// A single value where a list belongs is a list of one: `modalities=audio`.
fn listed(value: &Value, shape: &Value) -> Value {
    if shape.is_array() && !value.is_array() {
        Value::Array(vec![value.clone()])
    } else {
        value.clone()
    }
}

/// The whole key as it was written, which is what a slip in its first part must be compared by.
fn leaf(key: String, value: &Value) -> String {
    match value.as_object().and_then(|inner| inner.iter().next()) {
        Some((first, inner)) => leaf(format!("{key}.{first}"), inner),
        None => key,
    }
}

/// Tries one key alone, so that the error can name it.
fn check_one(key: &str, value: &Value) -> Result<(), RecipeError> {
    serde_json::from_value::<Recipe>(nest(key, value.clone()))
        .map(|_| ())
        .map_err(|e| RecipeError::Value {
            key: key.into(),
            why: format!("{value} does not fit: {e}"),
        })
}

fn parse(merged: Value) -> Result<Recipe, RecipeError> {
    serde_json::from_value(merged)
        .map_err(|e| RecipeError::Contradiction(format!("the recipe does not fit: {e}")))
}

fn unknown(key: String) -> RecipeError {
    let all = keys();
    let hint = hint(&key, all.iter().map(String::as_str));
    RecipeError::UnknownKey { key, hint }
}

/// Every dotted key of a recipe, as `--set` takes it.
pub fn keys() -> Vec<String> {
    fn walk(value: &Value, path: &str, out: &mut Vec<String>) {
        match value {
            Value::Object(map) => {
                for (key, inner) in map {
                    let full = if path.is_empty() {
                        key.clone()
                    } else {
                        format!("{path}.{key}")
                    };
                    walk(inner, &full, out);
                }
            }
            _ => out.push(path.to_string()),
        }
    }
    let mut out = Vec::new();
    walk(
        &serde_json::to_value(Recipe::default()).expect("a recipe is plain data"),
        "",
        &mut out,
    );
    out
}
