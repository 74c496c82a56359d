//! One training run of a table, and the identity under which its result is kept.

use std::fmt;
use std::path::PathBuf;

use amst_files::sha256_hex;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    DataLock, Execution, MethodName, Methods, Modality, ModalitySchedule, Precision, Recipe,
    TextEncoder,
};

/// Raised whenever a change to the code changes results, so that older results are not mixed in.
pub const CODE_EPOCH: u32 = 4;

/// The same for results of text encoders that are transformers alone, so that all others keep their
/// identities. Version 1 was not written down.
const TRANSFORMER_EPOCH: u32 = 3;

/// Identity of a result: SHA-256 over the recipe, the data and [`CODE_EPOCH`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CellId(String);

impl CellId {
    /// All 64 hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first eight, for folder names.
    pub fn short(&self) -> &str {
        &self.0[..8]
    }
}

impl Methods {
    /// The identity of a recipe on a data set.
    pub fn cell_id(&self, recipe: &Recipe, data: &DataLock) -> CellId {
        let mut identity = serde_json::json!({
            "code_epoch": CODE_EPOCH,
            "data": data.as_str(),
            "recipe": essential(self, recipe),
        });
        if recipe.modalities.contains(&Modality::Text) && recipe.text.encoder != TextEncoder::Bag {
            identity["transformer_epoch"] = TRANSFORMER_EPOCH.into();
        }
        let mut text = String::new();
        canonical(&identity, &mut text);
        CellId(sha256_hex(text))
    }

    /// The cell of a recipe on a data set; the recipe is kept in its
    /// [canonical](Methods::canonical) form.
    pub fn cell(&self, recipe: Recipe, data: &DataLock) -> Cell {
        let requested = recipe.method.clone();
        let trained_as = self.trained_as(&recipe);
        let is_random = |m: &Modality| matches!(recipe.skip.of(*m), ModalitySchedule::Random(_));
        let is_drawn_from_seed = recipe.modalities.iter().any(is_random);
        let recipe = self.canonical(&recipe);
        let id = self.cell_id(&recipe, data);
        Cell {
            requested,
            trained_as,
            recipe,
            id,
            is_drawn_from_seed,
        }
    }
}

impl fmt::Display for CellId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One training run.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// The method that was asked for; `recipe` may name another one that is the same with these
    /// settings.
    pub requested: MethodName,
    /// One sentence on that, where it does.
    pub trained_as: Option<String>,
    /// Everything that decides the result.
    pub recipe: Recipe,
    /// Identity of the result.
    pub id: CellId,
    /// Whether the recipe was drawn from its seed, so that another seed has another recipe.
    pub is_drawn_from_seed: bool,
}

impl Cell {
    /// The method that was asked for, where the recipe names another one.
    pub fn requested_other(&self) -> Option<MethodName> {
        (self.requested != self.recipe.method).then(|| self.requested.clone())
    }

    /// Its run directory under the folder of all runs: `<dataset>/<method>/<seed>-<id>`.
    pub fn run_dir(&self) -> PathBuf {
        let recipe = &self.recipe;
        [
            &recipe.dataset,
            recipe.method.name(),
            &format!("{}-{}", recipe.seed, self.id.short()),
        ]
        .iter()
        .collect()
    }
}

/// The recipe without what cannot matter, so that equal systems are one cell however they were
/// written.
fn essential(methods: &Methods, recipe: &Recipe) -> Value {
    let mut recipe = methods.canonical(recipe);
    let facts = methods.find(&recipe.method);
    let own = facts.and_then(|facts| facts.settings());
    if let Some(own) = own {
        let given = recipe.methods.get(own.section());
        let given = given.map_or(Value::Object(Map::new()), |given| given.to_value());
        // A file's section may lack what has its default.
        if let Ok(whole) = own.normalised(given) {
            recipe.methods.set(own.section(), whole);
        }
    }
    let skips = recipe
        .modalities
        .iter()
        .any(|m| !recipe.skip.of(*m).is_always());
    if !skips {
        // Nothing is ever skipped: how skipping would be carried out and counted is idle.
        recipe.skip.execution = Execution::Fast;
        recipe.skip.epoch_base = 0;
    }
    if !skips || recipe.skip.execution == Execution::Official {
        recipe.skip.recalibrate = 0;
    }
    let mut value = serde_json::to_value(&recipe).expect("a recipe is plain data");
    let object = value.as_object_mut().expect("a recipe is an object");
    if recipe.fold == 0 {
        // What came later counts only where it says something, so that older identities stay.
        object.remove("fold");
    }
    if !recipe.test_every_epoch {
        object.remove("test_every_epoch");
    }
    let is_auto = |m: &Modality| *recipe.skip.of(*m) == ModalitySchedule::Auto;
    if !recipe.modalities.iter().any(is_auto)
        && let Some(skip) = object.get_mut("skip").and_then(Value::as_object_mut)
    {
        skip.remove("auto");
    }
    for modality in Modality::ALL
        .into_iter()
        .filter(|m| !recipe.modalities.contains(m))
    {
        object.remove(modality.name());
        for section in ["skip", "synthetic"] {
            object[section]
                .as_object_mut()
                .expect("a section")
                .remove(modality.name());
        }
    }
    if let (Some(audio), None) = (
        object.get_mut("audio").and_then(Value::as_object_mut),
        recipe.audio.resample,
    ) {
        audio.remove("resample");
    }
    if let Some(text) = object.get_mut("text").and_then(Value::as_object_mut) {
        recipe
            .text
            .idle()
            .iter()
            .for_each(|key| drop(text.remove(*key)));
    }
    if recipe.dataset != crate::SYNTHETIC {
        object.remove("synthetic");
    }
    if recipe.precision == Precision::F32 {
        // Results from before there was a choice are of the same cell.
        object.remove("precision");
    }
    let section = own.map(|own| own.section());
    for other in methods.settings().map(|settings| settings.section()) {
        if Some(other) != section {
            object.remove(other);
        }
    }
    for other in methods.all() {
        if other.name() != recipe.method.name() {
            other
                .further_keys()
                .iter()
                .for_each(|key| drop(object.remove(*key)));
        }
    }
    value
}

/// JSON with sorted keys and no spaces, whatever features serde_json was built with.
fn canonical(value: &Value, out: &mut String) {
    match value {
        Value::Object(map) => object(map, out),
        Value::Array(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                canonical(item, out);
            }
            out.push(']');
        }
        leaf => out.push_str(&leaf.to_string()),
    }
}

fn object(map: &Map<String, Value>, out: &mut String) {
    let mut keys: Vec<_> = map.keys().collect();
    keys.sort();
    out.push('{');
    for (i, key) in keys.into_iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        out.push_str(&Value::String(key.clone()).to_string());
        out.push(':');
        canonical(&map[key], out);
    }
    out.push('}');
}
