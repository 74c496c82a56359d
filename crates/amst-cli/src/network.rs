//! The trained network that a command line names.

use std::path::Path;

use amst::methods::trainable;
use amst_data::Prepared;
use amst_fetch::hub;
use amst_recipe::{
    Cell, DataLock, Recipe, RecipeError, ResolvedDataset, TextModel, TextModels, find_dataset,
};
use amst_train::{FoundNetwork, NetworkPath, SelectedNetwork, find_network};
use anyhow::Result;

use crate::args::Which;
use crate::failure::Usage;
use crate::{datasets, device};

/// A network, ready for use.
pub struct Opened {
    /// The network.
    pub network: SelectedNetwork,
    /// What else its files tell.
    pub found: FoundNetwork,
    /// The model of its text encoder, if that is pretrained.
    pub text_model: Option<TextModel>,
}

/// Finds and reads the network.
pub fn open(which: &Which) -> Result<Opened> {
    let path = path(which)?;
    let device = device::open(&which.device, which.precision)?;
    let mut found = find_network(&path)?;
    // Not the precision that it was trained with.
    found.recipe.precision = which.precision;
    let text_model = TextModels::new(hub::text_model).of(&found.recipe)?;
    let classes = match &found.classes {
        Some(classes) => classes.clone(),
        None => classes_of(&found.recipe, &dataset(which, &found.recipe)?)?,
    };
    let network = SelectedNetwork::read(&found, &classes, text_model.as_ref(), &device)?;
    Ok(Opened {
        network,
        found,
        text_model,
    })
}

/// What the options point at.
fn path(which: &Which) -> Result<NetworkPath, Usage> {
    let Which {
        checkpoint,
        weights,
        run,
        ..
    } = which;
    Ok(match (checkpoint.as_deref(), weights, run) {
        (None, Some(file), run) => NetworkPath::Weights {
            file: file.clone(),
            run: run.clone(),
        },
        (Some("best") | None, None, Some(run)) => NetworkPath::Best(run.clone()),
        (Some("last"), None, Some(run)) => NetworkPath::Last(run.clone()),
        (Some(word @ ("best" | "last")), None, None) => {
            return Err(Usage(format!(
                "`--checkpoint {word}` is one of a run: name it with --run DIR"
            )));
        }
        (Some(path), None, None) => NetworkPath::Folder(path.into()),
        (Some(path), _, _) => {
            return Err(Usage(format!(
                "`--checkpoint {path}` is a folder of its own: leave --run out, or give `best` or \
                 `last`"
            )));
        }
        (None, None, None) => {
            return Err(Usage(
                "which network? give --run DIR, --checkpoint PATH or --weights FILE; `amst train` \
                 tells the run's directory"
                    .into(),
            ));
        }
    })
}

/// The data set that was asked for, or else the one that the network was trained on.
pub fn dataset(which: &Which, recipe: &Recipe) -> Result<ResolvedDataset, RecipeError> {
    find_dataset(
        which.dataset.as_ref().unwrap_or(&recipe.dataset),
        &datasets::folder(),
    )
}

/// The classes of a data set, by index.
pub fn classes_of(recipe: &Recipe, dataset: &ResolvedDataset) -> Result<Vec<String>> {
    if dataset.spec.classes.is_empty() {
        return Ok(Prepared::synthetic(recipe)?.classes().to_vec());
    }
    Ok(dataset.spec.classes.clone())
}

/// A recipe as it was trained, without asking again what it could be.
pub fn cell(recipe: &Recipe, lock: &DataLock) -> Cell {
    Cell {
        requested: recipe.method.clone(),
        trained_as: None,
        recipe: recipe.clone(),
        id: trainable().cell_id(recipe, lock),
        is_drawn_from_seed: false,
    }
}

/// Whether a path names a file of tensors rather than a folder.
pub fn is_tensor_file(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("safetensors"))
}
