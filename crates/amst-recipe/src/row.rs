//! A row of a table on a data set: its recipe, or why it has none.

use serde_json::Value;

use crate::{Methods, Modality, Preset, Recipe, RecipeError};

/// Why a row has no recipe on a data set.
#[derive(Debug)]
pub(crate) enum Unfit {
    /// Nothing is wrong: such a row has no meaning there.
    NotApplicable(String),
    /// A setting is wrong.
    Wrong(RecipeError),
}

/// The layers of a row: the data set's own settings, the preset, the row's, and what was typed.
pub(crate) struct Layers<'a> {
    pub methods: &'a Methods,
    pub dataset: &'a Value,
    pub preset: Preset,
    pub row: &'a Value,
    /// Name of the data set and seed.
    pub named: &'a Value,
    pub assignments: &'a [String],
}

impl Layers<'_> {
    /// The recipe. A row that chooses modalities does so among those of the data set, which
    /// `modalities=…` may change; it is the row's own otherwise.
    ///
    /// A row does not apply where it asks for a modality that is not there, and where it and
    /// the data set contradict each other and no other assignment has a part in that.
    pub fn recipe(&self) -> Result<Recipe, Unfit> {
        let (mut of_data, mut assignments) = (self.assignments.to_vec(), self.assignments.to_vec());
        of_data.retain(|a| key(a) == "modalities");
        if let Some(chosen) = self.chosen()? {
            let there = self.modalities()?;
            if let Some(absent) = chosen.iter().find(|m| !there.contains(m)) {
                return Err(Unfit::NotApplicable(no_modality(*absent, &there)));
            }
            assignments.retain(|a| key(a) != "modalities");
            of_data.clear();
        }
        let wrong = match self.with(&assignments) {
            Ok(recipe) => return Ok(recipe),
            Err(wrong) => wrong,
        };
        let blameless = self
            .with(&of_data)
            .is_err_and(|alone| alone.to_string() == wrong.to_string());
        let of_row = matches!(
            wrong,
            RecipeError::Value { .. }
                | RecipeError::Contradiction(_)
                | RecipeError::NoPreset { .. }
        );
        let data = std::slice::from_ref(self.dataset);
        if of_row && blameless && self.methods.resolve(data, &of_data).is_ok() {
            return Err(Unfit::NotApplicable(wrong.to_string()));
        }
        Err(Unfit::Wrong(wrong))
    }

    fn with(&self, assignments: &[String]) -> Result<Recipe, RecipeError> {
        let above = [self.row.clone(), self.named.clone()];
        self.methods.resolve_preset(
            std::slice::from_ref(self.dataset),
            self.preset,
            &above,
            assignments,
        )
    }

    /// The modalities that the row itself asks for.
    fn chosen(&self) -> Result<Option<Vec<Modality>>, Unfit> {
        if self.row.get("modalities").is_none() {
            return Ok(None);
        }
        let alone = self
            .methods
            .resolve(std::slice::from_ref(self.row), &[])
            .map_err(Unfit::Wrong)?;
        Ok(Some(alone.modalities))
    }

    /// The modalities of the data set, as it says or as was typed.
    fn modalities(&self) -> Result<Vec<Modality>, Unfit> {
        let own = std::slice::from_ref(self.dataset);
        let recipe = self.methods.unchecked(
            own,
            Preset::default(),
            std::slice::from_ref(self.named),
            self.assignments,
        );
        recipe.map(|r| r.modalities).map_err(Unfit::Wrong)
    }
}

fn key(assignment: &str) -> &str {
    assignment.split('=').next().unwrap_or_default().trim()
}

fn no_modality(absent: Modality, there: &[Modality]) -> String {
    let mut all = there.to_vec();
    all.push(absent);
    all.sort();
    let names = |list: &[Modality], between| {
        list.iter()
            .map(|m| m.name())
            .collect::<Vec<_>>()
            .join(between)
    };
    format!(
        "its modalities are {}; if its data have {absent}, `--set modalities={}`",
        names(there, " and "),
        names(&all, ",")
    )
}
