//! Layers of settings, merged into one recipe.

use serde_json::{Map, Value};

use crate::folder_name::{check_folder_name, check_unless_empty};
use crate::suggest::hint;
use crate::{Methods, Preset, Recipe, RecipeError};

/// The key under which a layer, such as a descriptor's `[recipe]`, has settings for single methods.
const BY_METHOD: &str = "by_method";
/// The key of the name that a run's folder begins with.
const DATASET: &str = "dataset";

impl Methods {
    /// Merges the layers over [`Methods::defaults`], applies `key=value` assignments, and checks
    /// the outcome.
    ///
    /// # Errors
    ///
    /// An unknown key (with the nearest known one), a value of the wrong kind, a recipe that
    /// contradicts itself.
    pub fn resolve(&self, layers: &[Value], assignments: &[String]) -> Result<Recipe, RecipeError> {
        let recipe = self.merged(layers, assignments)?;
        self.validate(&recipe)?;
        Ok(recipe)
    }

    /// [`Methods::resolve`] with a preset of the method between two groups of layers: `below` (the
    /// data set's), then the preset, then `above` (a table's row) and the assignments. Which method
    /// and data set it is for is decided by all of these together. On the paper's data sets the
    /// method's own values for them are below everything
    /// ([`MethodCard::defaults`](crate::MethodCard::defaults)).
    ///
    /// # Errors
    ///
    /// As [`Methods::resolve`]; [`RecipeError::NoPreset`] where the method that the layers choose
    /// has none.
    pub fn resolve_preset(
        &self,
        below: &[Value],
        preset: Preset,
        above: &[Value],
        assignments: &[String],
    ) -> Result<Recipe, RecipeError> {
        let recipe = self.unchecked(below, preset, above, assignments)?;
        self.validate(&recipe)?;
        Ok(recipe)
    }

    /// [`Methods::resolve_preset`] without asking whether the recipe can be run.
    pub(crate) fn unchecked(
        &self,
        below: &[Value],
        preset: Preset,
        above: &[Value],
        assignments: &[String],
    ) -> Result<Recipe, RecipeError> {
        let chosen = self.merged(&[below, above].concat(), assignments)?;
        let card = self.card(chosen.method.name())?;
        let own = [card.defaults(&chosen.dataset)];
        let preset = [card.preset(preset, &chosen.dataset, &chosen.modalities)?];
        self.merged(&[&own, below, &preset, above].concat(), assignments)
    }

    /// A recipe that was read from a file, its methods' settings complete and in order.
    ///
    /// # Errors
    ///
    /// A key or method that is not known, a setting that does not fit.
    pub fn known(&self, recipe: &Recipe) -> Result<Recipe, RecipeError> {
        let layer = serde_json::to_value(recipe).expect("a recipe is plain data");
        self.merged(&[layer], &[])
    }

    /// All layers and assignments, not yet checked against each other. What a layer has for the
    /// method that they choose follows that layer.
    fn merged(&self, layers: &[Value], assignments: &[String]) -> Result<Recipe, RecipeError> {
        let mut plain = Vec::new();
        let mut of_methods = Vec::new();
        for layer in layers {
            let mut layer = layer.clone();
            let own = layer
                .as_object_mut()
                .and_then(|keys| keys.remove(BY_METHOD));
            self.check_by_method(own.as_ref())?;
            plain.push(layer);
            of_methods.push(own);
        }
        let recipe = self.merged_in_order(&plain, assignments)?;
        let mut all = Vec::new();
        let mut has_own = false;
        for (layer, own) in plain.into_iter().zip(of_methods) {
            all.push(layer);
            if let Some(own) = own.and_then(|own| own.get(recipe.method.name()).cloned()) {
                all.push(own);
                has_own = true;
            }
        }
        if has_own {
            self.merged_in_order(&all, assignments)
        } else {
            Ok(recipe)
        }
    }

    /// Refuses settings for a method that is not known, and a choice of another method among them.
    fn check_by_method(&self, by_method: Option<&Value>) -> Result<(), RecipeError> {
        let Some(by_method) = by_method else {
            return Ok(());
        };
        let sections = by_method.as_object().ok_or_else(|| {
            RecipeError::value(BY_METHOD, "has a section for each method: by_method.NAME")
        })?;
        for (name, settings) in sections {
            if self.names().all(|known| known != name) {
                let known = self.names().collect::<Vec<_>>().join(", ");
                let hint = hint(name, self.names());
                let why = format!("no method has this name{hint}; there is: {known}");
                return Err(RecipeError::value(&format!("{BY_METHOD}.{name}"), why));
            }
            if settings.get("method").is_some() {
                let why = "it says which method it is for already: leave `method` out";
                return Err(RecipeError::value(&format!("{BY_METHOD}.{name}"), why));
            }
        }
        Ok(())
    }

    fn merged_in_order(
        &self,
        layers: &[Value],
        assignments: &[String],
    ) -> Result<Recipe, RecipeError> {
        let known = serde_json::to_value(self.defaults()).expect("a recipe is plain data");
        let mut merged = known.clone();
        for layer in layers {
            self.merge(&mut merged, layer, &known, "")?;
        }
        for assignment in assignments {
            let (key, value) = assignment
                .split_once('=')
                .ok_or_else(|| RecipeError::NotAnAssignment(assignment.clone()))?;
            let (key, value) = (key.trim(), literal(value.trim()));
            if let (DATASET, Some(name)) = (key, value.as_str()) {
                // Empty, it means that no data set was named.
                check_folder_name(&format!("`{DATASET}`"), name)?;
            }
            let layer = nest(key, value);
            self.merge(&mut merged, &layer, &known, "")?;
        }
        let mut recipe = parse(merged)?;
        recipe.modalities.sort();
        let mut methods = crate::Section::default();
        for settings in self.written(&recipe.method) {
            let given = recipe.methods.get(settings.section());
            let given = given.map_or(Value::Object(Map::new()), |given| given.to_value());
            let own = settings.normalised(given);
            let unfit = |why: String| RecipeError::value(settings.section(), why);
            methods.set(settings.section(), own.map_err(unfit)?);
        }
        recipe.methods = methods;
        Ok(recipe)
    }

    fn merge(
        &self,
        target: &mut Value,
        layer: &Value,
        known: &Value,
        path: &str,
    ) -> Result<(), RecipeError> {
        let (Value::Object(target), Value::Object(layer), Value::Object(known)) =
            (target, layer, known)
        else {
            return Err(RecipeError::value(
                path,
                "is a section: set one of its keys",
            ));
        };
        for (key, value) in layer {
            let full = join(path, key);
            let Some(shape) = known.get(key) else {
                return Err(self.unknown_key(leaf(full, value)));
            };
            match (target.get_mut(key), shape) {
                (Some(inner @ Value::Object(_)), Value::Object(_)) => {
                    self.merge(inner, value, shape, &full)?
                }
                _ => {
                    let value = listed(value, shape);
                    self.check_one(&full, &value)?;
                    target.insert(key.clone(), value);
                }
            }
        }
        Ok(())
    }

    /// Tries one key alone, so that the error can name it.
    fn check_one(&self, key: &str, value: &Value) -> Result<(), RecipeError> {
        let unfit = |why: String| RecipeError::value(key, format!("{value} does not fit: {why}"));
        if let Some((section, rest)) = key.split_once('.')
            && let Some(settings) = self.settings().find(|s| s.section() == section)
        {
            let own = settings
                .normalised(nest(rest, value.clone()))
                .map_err(unfit)?;
            let own = own.to_value();
            let read = rest.split('.').fold(&own, |value, part| &value[part]);
            // An alias, which only recorded cases may use.
            if value.is_string() && read != value {
                return Err(unfit(format!("it is written {read}")));
            }
            return Ok(());
        }
        if let (DATASET, Some(name)) = (key, value.as_str()) {
            check_unless_empty(DATASET, name)?;
        }
        if let ("method", Some(name)) = (key, value.as_str())
            && self.names().all(|known| known != name)
        {
            let known = self.names().collect::<Vec<_>>().join(", ");
            let hint = hint(name, self.names());
            return Err(unfit(format!(
                "no method has this name{hint}; there is: {known}"
            )));
        }
        serde_json::from_value::<Recipe>(nest(key, value.clone()))
            .map_err(|e| unfit(e.to_string()))?;
        Ok(())
    }

    fn unknown_key(&self, key: String) -> RecipeError {
        let all = self.keys();
        let hint = hint(&key, all.iter().map(String::as_str));
        RecipeError::UnknownKey { key, hint }
    }

    /// Every dotted key of a recipe, as `--set` takes it.
    pub fn keys(&self) -> Vec<String> {
        fn walk(value: &Value, path: &str, out: &mut Vec<String>) {
            match value {
                Value::Object(map) => {
                    for (key, inner) in map {
                        walk(inner, &join(path, key), out);
                    }
                }
                _ => out.push(path.to_string()),
            }
        }
        let mut out = Vec::new();
        let all = serde_json::to_value(self.defaults()).expect("a recipe is plain data");
        walk(&all, "", &mut out);
        out
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.into()
    } else {
        format!("{path}.{key}")
    }
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

fn parse(merged: Value) -> Result<Recipe, RecipeError> {
    serde_json::from_value(merged)
        .map_err(|e| RecipeError::Contradiction(format!("the recipe does not fit: {e}")))
}
