//! A method explained on one page, as it would be trained on a data set.

use std::fmt;

use serde::Serialize;
use serde_json::{Value, json};

use crate::page::Page;
use crate::{
    DatasetSpec, Deviation, MethodCard, MethodName, Methods, Modality, Preset, PresetCard, Recipe,
    RecipeError, Reference, SkipPicture, skip_picture,
};

/// Everything that `amst explain` prints. [`fmt::Display`] writes it as text of at most 100
/// columns.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explanation {
    /// The method's name in recipes.
    pub method: MethodName,
    /// Its name in the paper's tables.
    pub title: String,
    /// What it does, in five lines.
    pub summary: Vec<String>,
    /// The work that it comes from.
    pub reference: Reference,
    /// Where docs/paper.md defines it.
    pub definition: String,
    /// What it was published for, and what is an extension.
    pub applies: Vec<String>,
    /// The data set.
    pub dataset: String,
    /// Its modalities, in training order.
    pub modalities: Vec<Modality>,
    /// The preset.
    pub preset: Preset,
    /// Why this recipe cannot be run as it stands, where it cannot.
    pub refused: Option<String>,
    /// When each modality trains, where a modality is ever skipped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule: Option<SkipPicture>,
    /// Under which other method's name it is trained, where these settings make the two one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trained_as: Option<String>,
    /// The method's settings.
    pub parameters: Vec<Setting>,
    /// What the preset says of itself.
    pub preset_changes: String,
    /// What of the preset's source cannot be had here.
    pub preset_missing: String,
    /// What it changes, key by key, of what is recommended.
    pub changes: Vec<Change>,
    /// All presets of the method.
    pub presets: Vec<PresetLine>,
    /// The deviations that matter to it.
    pub deviations: Vec<ExplainedDeviation>,
}

/// A setting and its value.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Setting {
    /// The recipe's key.
    pub key: String,
    /// Its resolved value.
    pub value: Value,
    /// What it does.
    pub meaning: String,
}

/// A setting that a preset changes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// The recipe's key.
    pub key: String,
    /// Its value under [`Preset::Recommended`].
    pub from: Value,
    /// Its value under the preset.
    pub to: Value,
}

/// A preset of the method, in one line.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PresetLine {
    /// The preset.
    pub preset: Preset,
    /// Whether the method has it.
    pub available: bool,
    /// What it changes, or why there is none.
    pub says: String,
}

/// A deviation, from the method's point of view.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExplainedDeviation {
    /// `D1` to `D22`.
    pub id: String,
    /// What it is about.
    pub title: String,
    /// What the AMST paper says.
    pub paper: String,
    /// What the method's own authors published.
    pub own_code: Option<String>,
    /// What the published AMST code does.
    pub amst_code: String,
    /// What is done here.
    pub here: String,
    /// The reason.
    pub why: String,
    /// The settings that switch it.
    pub keys: Vec<String>,
}

impl Explanation {
    /// Explains a method as it would be trained on a data set under a preset.
    ///
    /// # Errors
    ///
    /// [`RecipeError::NoPreset`] where the method has no such preset; an error in the descriptor's
    /// settings.
    pub fn of(
        methods: &Methods,
        card: &MethodCard,
        dataset: &DatasetSpec,
        preset: Preset,
    ) -> Result<Self, RecipeError> {
        let recipe = as_trained(methods, card, dataset, preset)?;
        let recommended = as_trained(methods, card, dataset, Preset::Recommended)?;
        let (preset_changes, preset_missing) = match card.answer(preset) {
            PresetCard::Settings {
                changes, missing, ..
            } => (changes.clone(), missing.clone()),
            PresetCard::Refused { refused } => (refused.clone(), String::new()),
        };
        let setting = |p: &crate::Parameter| Setting {
            key: p.key.clone(),
            value: value(&recipe, &p.key),
            meaning: p.meaning.clone(),
        };
        Ok(Self {
            method: card.name.clone(),
            title: card.title.clone(),
            summary: card.summary.to_vec(),
            reference: card.reference.clone(),
            definition: format!("docs/paper.md §{}", card.section),
            applies: card.applies.clone(),
            dataset: dataset.name.clone(),
            modalities: recipe.modalities.clone(),
            preset,
            refused: methods.validate(&recipe).err().map(|e| e.to_string()),
            schedule: skip_picture(&methods.canonical(&recipe)),
            trained_as: methods.trained_as(&recipe),
            parameters: card
                .parameters
                .iter()
                .filter(|p| concerns(&p.key, &recipe))
                .map(setting)
                .collect(),
            preset_changes,
            preset_missing,
            changes: changes(methods, &recommended, &recipe),
            presets: Preset::ALL.map(|p| line(card, p)).into(),
            deviations: card
                .deviations
                .iter()
                .filter_map(|id| Deviation::of(id))
                .map(|d| explained(methods, d, card))
                .collect(),
        })
    }
}

fn as_trained(
    methods: &Methods,
    card: &MethodCard,
    dataset: &DatasetSpec,
    preset: Preset,
) -> Result<Recipe, RecipeError> {
    let named = json!({ "dataset": dataset.name, "method": card.name });
    methods.unchecked(std::slice::from_ref(&dataset.recipe), preset, &[named], &[])
}

fn value(recipe: &Recipe, key: &str) -> Value {
    let whole = serde_json::to_value(recipe).expect("a recipe is plain data");
    key.split('.')
        .fold(&whole, |value, part| &value[part])
        .clone()
}

/// A key of a modality that takes no part says nothing.
fn concerns(key: &str, recipe: &Recipe) -> bool {
    let absent =
        |part: &str| Modality::parse(part).is_some_and(|m| !recipe.modalities.contains(&m));
    !key.split('.').any(absent)
}

fn changes(methods: &Methods, from: &Recipe, to: &Recipe) -> Vec<Change> {
    let change = |key: String| Change {
        from: value(from, &key),
        to: value(to, &key),
        key,
    };
    methods
        .keys()
        .into_iter()
        .filter(|k| concerns(k, to))
        .map(change)
        .filter(|c| c.from != c.to)
        .collect()
}

fn line(card: &MethodCard, preset: Preset) -> PresetLine {
    match card.answer(preset) {
        PresetCard::Settings { changes, .. } => PresetLine {
            preset,
            available: true,
            says: changes.clone(),
        },
        PresetCard::Refused { refused } => PresetLine {
            preset,
            available: false,
            says: refused.clone(),
        },
    }
}

fn explained(methods: &Methods, d: &Deviation, card: &MethodCard) -> ExplainedDeviation {
    ExplainedDeviation {
        id: d.id.clone(),
        title: d.title.clone(),
        paper: d.paper.clone(),
        own_code: d.own.get(&card.name).cloned(),
        amst_code: d.code.clone(),
        here: d.here.clone(),
        why: d.why.clone(),
        keys: d
            .keys
            .iter()
            .filter(|k| in_reach(methods, k, &card.name))
            .cloned()
            .collect(),
    }
}

/// Not in the section of another method, where it would be idle.
fn in_reach(methods: &Methods, key: &str, method: &MethodName) -> bool {
    let section = key.split('.').next().unwrap_or_default();
    methods
        .owner(section)
        .is_none_or(|owner| *method == owner.name())
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut page = Page::default();
        page.heading(&format!("{} (`{}`)", self.title, self.method.name()));
        self.summary.iter().for_each(|line| page.text(2, line));
        page.heading("Comes from");
        page.text(2, &cited(&self.reference));
        page.text(2, &format!("Defined in {}.", self.definition));
        page.heading("Is for");
        self.applies.iter().for_each(|line| page.text(2, line));
        self.settings(&mut page);
        self.preset(&mut page);
        page.heading("Deviations: where paper and code differ");
        self.deviations.iter().for_each(|d| d.write(&mut page));
        write!(f, "{page}")
    }
}

impl Explanation {
    fn settings(&self, page: &mut Page) {
        let modalities = self
            .modalities
            .iter()
            .map(|m| m.name())
            .collect::<Vec<_>>()
            .join(", ");
        page.heading(&format!(
            "Settings on {} ({modalities}), preset `{}`",
            self.dataset, self.preset
        ));
        let row = |s: &Setting| vec![s.key.clone(), shown(&s.value), s.meaning.clone()];
        page.table(2, &self.parameters.iter().map(row).collect::<Vec<_>>());
        if let Some(schedule) = &self.schedule {
            page.heading("When each modality trains");
            schedule
                .to_string()
                .lines()
                .for_each(|line| page.line(2, line));
        }
        if let Some(refused) = &self.refused {
            page.text(2, &format!("Cannot be run as it stands: {refused}"));
        }
        if let Some(trained_as) = &self.trained_as {
            page.text(2, &format!("{trained_as}."));
        }
    }

    fn preset(&self, page: &mut Page) {
        page.heading("Presets (`--preset NAME`)");
        let says = |p: &PresetLine| {
            if p.available {
                p.says.clone()
            } else {
                format!("none: {}", p.says)
            }
        };
        let row = |p: &PresetLine| vec![p.preset.name().to_string(), says(p)];
        page.table(2, &self.presets.iter().map(row).collect::<Vec<_>>());
        if self.preset != Preset::Recommended {
            page.heading(&format!(
                "What `{}` changes here of what is recommended",
                self.preset
            ));
            if self.changes.is_empty() {
                page.text(2, "Nothing: on this data set the two are the same.");
            }
            let row = |c: &Change| {
                vec![
                    c.key.clone(),
                    format!("{} -> {}", shown(&c.from), shown(&c.to)),
                ]
            };
            page.table(2, &self.changes.iter().map(row).collect::<Vec<_>>());
        }
        if !self.preset_missing.is_empty() {
            page.text(2, &format!("Not to be had here: {}", self.preset_missing));
        }
    }
}

impl ExplainedDeviation {
    fn write(&self, page: &mut Page) {
        page.text(2, &format!("{} {}", self.id, self.title));
        let said = |who: &str, what: &str| vec![who.to_string(), what.to_string()];
        let mut rows = vec![said("paper", &self.paper)];
        rows.extend(self.own_code.iter().map(|own| said("its own code", own)));
        rows.extend([
            said("AMST's code", &self.amst_code),
            said("here", &self.here),
            said("why", &self.why),
        ]);
        if !self.keys.is_empty() {
            rows.push(said("set by", &self.keys.join(", ")));
        }
        page.table(5, &rows);
    }
}

fn cited(r: &Reference) -> String {
    let number = r
        .number
        .map(|n| format!(" Reference [{n}] of the AMST paper."))
        .unwrap_or_default();
    let note = if r.note.is_empty() {
        String::new()
    } else {
        format!(" ({})", r.note)
    };
    let stop = if r.title.ends_with('?') { "" } else { "." };
    format!(
        "{}: {}{stop} {}, {}{note}.{number}",
        r.authors, r.title, r.venue, r.year
    )
}

/// A value as a person writes it.
fn shown(value: &Value) -> String {
    match value {
        Value::String(word) => word.clone(),
        Value::Array(items) => items.iter().map(shown).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}
