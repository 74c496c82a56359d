//! What is known of a data set without its data.

use std::path::Path;

use serde_json::json;

use crate::{DatasetSpec, PAPER_DATASETS, PaperDataset, RecipeError, find_dataset};

/// The descriptor of a data set, whether or not its data are here. One of the paper's data sets
/// that has no descriptor under `datasets` is described by its name and modalities alone.
///
/// # Errors
///
/// As [`find_dataset`], for unknown names and folders without a descriptor.
pub fn describe_dataset(name: &str, datasets: &Path) -> Result<DatasetSpec, RecipeError> {
    match find_dataset(name, datasets) {
        Ok(found) => Ok(found.spec),
        Err(absent @ RecipeError::NotBrought { .. }) => {
            let file = datasets.join(name).join("dataset.toml");
            if file.is_file() {
                return DatasetSpec::read(&file);
            }
            PAPER_DATASETS
                .iter()
                .find(|d| d.name == name)
                .map(of_paper)
                .ok_or(absent)
        }
        Err(other) => Err(other),
    }
}

fn of_paper(paper: &PaperDataset) -> DatasetSpec {
    DatasetSpec {
        name: paper.name.into(),
        title: paper.title.into(),
        recipe: json!({ "modalities": paper.modalities }),
        ..DatasetSpec::default()
    }
}
