//! Cells whose text encoder is pretrained: they are known only when the model's files are.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::{Cell, Modality, Recipe, RecipeError, TextEncoder, TextModel};

/// The folder of a model of this name, or a message that says why there is none.
type Locate = fn(&str) -> Result<PathBuf, String>;

/// Finds pretrained text models, and looks at each of them once.
pub struct TextModels {
    locate: Locate,
    found: RefCell<BTreeMap<String, TextModel>>,
}

impl TextModels {
    /// `locate` is asked for what is not the path of a folder.
    pub fn new(locate: Locate) -> Self {
        Self {
            locate,
            found: RefCell::default(),
        }
    }

    /// The cell that `of` makes of assignments, and its text model if it has one: then of the
    /// assignments and of what the [model's files](TextModel::assignments) say.
    ///
    /// # Errors
    ///
    /// An error of `of`; a model that is not there, with what to put where; more of a model than
    /// there is.
    pub fn complete(
        &self,
        assignments: &[String],
        of: impl Fn(&[String]) -> Result<Cell, RecipeError>,
    ) -> Result<(Cell, Option<TextModel>), RecipeError> {
        let cell = of(assignments)?;
        let Some(name) = pretrained(&cell.recipe) else {
            return Ok((cell, None));
        };
        let model = self.open(name)?;
        let cell = of(&[assignments, &model.assignments()].concat())?;
        model.check(&cell.recipe)?;
        Ok((cell, Some(model)))
    }

    /// The model of a recipe that is as it was trained, if its text encoder is pretrained.
    ///
    /// # Errors
    ///
    /// It is not there, or is another one than the recipe was trained with.
    pub fn of(&self, recipe: &Recipe) -> Result<Option<TextModel>, RecipeError> {
        let Some(name) = pretrained(recipe) else {
            return Ok(None);
        };
        let model = self.open(name)?;
        if model.digest() != recipe.text.model {
            let why = format!(
                "{} holds other files than the network was trained with",
                model.folder().display()
            );
            return Err(RecipeError::NoTextModel {
                name: name.into(),
                why,
            });
        }
        Ok(Some(model))
    }

    fn open(&self, name: &str) -> Result<TextModel, RecipeError> {
        if let Some(known) = self.found.borrow().get(name) {
            return Ok(known.clone());
        }
        let folder = match Path::new(name) {
            folder if folder.is_dir() => folder.into(),
            _ => (self.locate)(name).map_err(|why| RecipeError::NoTextModel {
                name: name.into(),
                why,
            })?,
        };
        let model = TextModel::open(&folder)?;
        self.found.borrow_mut().insert(name.into(), model.clone());
        Ok(model)
    }
}

/// What a recipe calls its pretrained text model, if it reads text with one.
fn pretrained(recipe: &Recipe) -> Option<&str> {
    match &recipe.text.encoder {
        TextEncoder::Pretrained(name) if recipe.modalities.contains(&Modality::Text) => Some(name),
        _ => None,
    }
}
