//! The columns of a table: data sets, each with its own modalities or with given ones.

use std::path::{Path, PathBuf};

use amst::methods::built_in;
use amst_recipe::{Modality, RecipeError, ResolvedDataset, SYNTHETIC, find_dataset};

use crate::exit::Usage;
use crate::workspace::root;

/// A data set of the table, with its modalities.
pub struct Column {
    pub dataset: ResolvedDataset,
    /// What `amst --dataset` is given, valid in any working folder.
    pub argument: String,
    pub samples: usize,
    /// What `amst --modalities` is given, where it is not the data set's own choice.
    pub modalities: Option<String>,
    /// Name and heading in the table.
    pub name: String,
    pub title: String,
}

impl Column {
    /// What the column adds to the settings of its runs.
    pub fn assignment(&self) -> Option<String> {
        self.modalities
            .as_ref()
            .map(|names| format!("modalities={names}"))
    }
}

/// The columns that the command line names: every data set with every choice of modalities.
pub fn columns(datasets: &[String], modalities: &[String]) -> anyhow::Result<Vec<Column>> {
    let mut columns: Vec<Column> = Vec::new();
    for name in datasets {
        for choice in choices(modalities)? {
            let column = column(name, choice)?;
            match columns.iter().find(|c| c.name == column.name) {
                None => columns.push(column),
                Some(twin) if twin.argument == column.argument => {}
                Some(twin) => {
                    let (name, a, b) = (&twin.dataset.spec.name, &twin.argument, &column.argument);
                    return Err(Usage(format!(
                        "{a} and {b} both call themselves `{name}`: change `name` in one of their dataset.toml"
                    ))
                    .into());
                }
            }
        }
    }
    Ok(columns)
}

/// One list of modalities a column; `None` is the data set's own.
fn choices(modalities: &[String]) -> anyhow::Result<Vec<Option<Vec<Modality>>>> {
    if modalities.is_empty() {
        return Ok(vec![None]);
    }
    modalities
        .iter()
        .map(|text| {
            if text == "own" {
                Ok(None)
            } else {
                parse(text).map(Some)
            }
        })
        .collect()
}

fn parse(text: &str) -> anyhow::Result<Vec<Modality>> {
    let one = |name: &str| {
        Modality::parse(name.trim()).ok_or_else(|| {
            let why = format!(
                "`--modalities {text}`: `{name}` is none; write `own`, or some of audio,text,visual"
            );
            anyhow::Error::new(Usage(why))
        })
    };
    let mut list = text.split(',').map(one).collect::<Result<Vec<_>, _>>()?;
    list.sort();
    list.dedup();
    Ok(list)
}

fn column(name: &str, choice: Option<Vec<Modality>>) -> anyhow::Result<Column> {
    let dataset = find_dataset(name, &root().join("datasets"))?;
    let own = built_in()
        .resolve(std::slice::from_ref(&dataset.spec.recipe), &[])?
        .modalities;
    let choice = choice.filter(|list| *list != own);
    let joined = |list: &[Modality], name: fn(&Modality) -> &str, between| {
        list.iter().map(name).collect::<Vec<_>>().join(between)
    };
    let letters = choice
        .as_deref()
        .map(|list| joined(list, |m| m.letter(), "+"));
    let (spec, samples, argument) = (&dataset.spec, samples(&dataset), argument(name, &dataset)?);
    Ok(Column {
        name: letters
            .as_ref()
            .map_or(spec.name.clone(), |l| format!("{}:{l}", spec.name)),
        title: letters
            .as_ref()
            .map_or(spec.title.clone(), |l| format!("{} {l}", spec.title)),
        modalities: choice
            .as_deref()
            .map(|list| joined(list, |m| m.name(), ",")),
        dataset,
        argument,
        samples,
    })
}

/// `amst` runs at the top of the workspace, so a folder is named absolutely.
fn argument(name: &str, dataset: &ResolvedDataset) -> Result<String, RecipeError> {
    if name == SYNTHETIC {
        return Ok(name.into());
    }
    let shipped: PathBuf = root().join("datasets").join(name);
    if dataset.root == shipped {
        return Ok(name.into());
    }
    let absolute = std::path::absolute(&dataset.root);
    Ok(absolute
        .map_err(|source| RecipeError::Io {
            path: dataset.root.clone(),
            source,
        })?
        .display()
        .to_string())
}

/// Lines of the manifest or lists; only for a rough guess at the time, so that quoted newlines may
/// miscount.
fn samples(dataset: &ResolvedDataset) -> usize {
    let lines = |table: &Path| {
        std::fs::read_to_string(dataset.root.join(table)).map_or(0, |text| text.lines().count())
    };
    let header = usize::from(!dataset.spec.layout.has_lists());
    dataset
        .spec
        .tables()
        .into_iter()
        .map(lines)
        .sum::<usize>()
        .saturating_sub(header)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(datasets: &[&str], modalities: &[&str]) -> Vec<String> {
        let owned = |list: &[&str]| list.iter().map(|s| s.to_string()).collect::<Vec<_>>();
        columns(&owned(datasets), &owned(modalities))
            .unwrap()
            .into_iter()
            .map(|c| c.name)
            .collect()
    }

    #[test]
    fn every_data_set_has_a_column_for_every_choice_of_modalities() {
        assert_eq!(names(&["synthetic"], &[]), ["synthetic"]);
        assert_eq!(
            names(&["synthetic"], &["own", "visual,text"]),
            ["synthetic", "synthetic:t+v"]
        );
        let both = [
            "synthetic",
            "synthetic:a+t+v",
            "world-digits",
            "world-digits:a+t+v",
        ];
        assert_eq!(
            names(&["synthetic", "world-digits"], &["own", "a,v,t"]),
            both
        );
    }

    #[test]
    fn a_data_sets_own_modalities_are_its_own_column() {
        assert_eq!(
            names(&["world-digits"], &["visual,audio", "own"]),
            ["world-digits"]
        );
    }

    #[test]
    fn a_misspelt_modality_is_named() {
        let error = columns(&["synthetic".into()], &["audio,sound".into()])
            .err()
            .unwrap();
        assert!(error.to_string().contains("`sound`"), "{error}");
    }
}
