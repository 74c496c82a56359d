//! The columns of a table: data sets, each with its own modalities or with given ones.

use std::path::Path;

use amst_recipe::{Methods, Modality, RecipeError, ResolvedDataset, SYNTHETIC, find_dataset};

use crate::ReproduceError;

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
/// `folder` holds data sets by name.
pub fn columns(
    methods: &Methods,
    folder: &Path,
    datasets: &[String],
    modalities: &[String],
) -> Result<Vec<Column>, ReproduceError> {
    let mut columns: Vec<Column> = Vec::new();
    for name in datasets {
        for choice in choices(modalities)? {
            let column = column(methods, folder, name, choice)?;
            match columns.iter().find(|c| c.name == column.name) {
                None => columns.push(column),
                Some(twin) if twin.argument == column.argument => {}
                Some(twin) => {
                    let (name, a, b) = (&twin.dataset.spec.name, &twin.argument, &column.argument);
                    return Err(ReproduceError::Usage(format!(
                        "{a} and {b} both call themselves `{name}`: change `name` in one of their \
                         dataset.toml"
                    )));
                }
            }
        }
    }
    Ok(columns)
}

/// One list of modalities a column; `None` is the data set's own.
fn choices(modalities: &[String]) -> Result<Vec<Option<Vec<Modality>>>, ReproduceError> {
    if modalities.is_empty() {
        return Ok(vec![None]);
    }
    let mut choices = Vec::new();
    for text in modalities {
        choices.push(if text == "own" {
            None
        } else {
            Some(parse(text)?)
        });
    }
    Ok(choices)
}

fn parse(text: &str) -> Result<Vec<Modality>, ReproduceError> {
    let mut list = Vec::new();
    for name in text.split(',').map(str::trim) {
        let modality = Modality::parse(name).ok_or_else(|| {
            ReproduceError::Usage(format!(
                "`--modalities {text}`: `{name}` is none; write `own`, or some of \
                 audio,text,visual"
            ))
        })?;
        list.push(modality);
    }
    list.sort();
    list.dedup();
    Ok(list)
}

fn column(
    methods: &Methods,
    folder: &Path,
    name: &str,
    choice: Option<Vec<Modality>>,
) -> Result<Column, ReproduceError> {
    let dataset = find_dataset(name, folder)?;
    let own = methods
        .resolve(std::slice::from_ref(&dataset.spec.recipe), &[])?
        .modalities;
    let spec = &dataset.spec;
    let mut column = Column {
        name: spec.name.clone(),
        title: spec.title.clone(),
        modalities: None,
        argument: argument(folder, name, &dataset)?,
        samples: samples(&dataset),
        dataset,
    };
    if let Some(list) = choice.filter(|list| *list != own) {
        let letters: Vec<_> = list.iter().map(|m| m.letter()).collect();
        let names: Vec<_> = list.iter().map(|m| m.name()).collect();
        column.name += &format!(":{}", letters.join("+"));
        column.title += &format!(" {}", letters.join("+"));
        column.modalities = Some(names.join(","));
    }
    Ok(column)
}

/// `amst` runs in a folder of its own, so that of a data set is named absolutely.
fn argument(folder: &Path, name: &str, dataset: &ResolvedDataset) -> Result<String, RecipeError> {
    if name == SYNTHETIC {
        return Ok(name.into());
    }
    if dataset.root == folder.join(name) {
        return Ok(name.into());
    }
    let absolute = std::path::absolute(&dataset.root).map_err(|source| RecipeError::Io {
        path: dataset.root.clone(),
        source,
    })?;
    Ok(absolute.display().to_string())
}

/// Lines of the manifest or lists, without rows that the usual split does not use; only for a rough
/// guess at the time, so that quoted newlines and commas may miscount.
fn samples(dataset: &ResolvedDataset) -> usize {
    let mut samples = 0;
    for table in dataset.spec.tables() {
        let text = std::fs::read_to_string(dataset.root.join(table)).unwrap_or_default();
        let mut lines = text.lines();
        if dataset.spec.layout.has_lists() {
            samples += lines.count();
            continue;
        }
        let header = lines.next().unwrap_or_default();
        let split = header
            .split(',')
            .position(|name| name.trim() == dataset.spec.columns.split);
        samples += lines
            .filter(|line| split.and_then(|at| line.split(',').nth(at)) != Some("unused"))
            .count();
    }
    samples
}

#[cfg(test)]
mod tests {
    use amst::methods::built_in;

    use super::*;

    fn columns_of(
        datasets: &[String],
        modalities: &[String],
    ) -> Result<Vec<Column>, ReproduceError> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../datasets");
        columns(built_in(), &folder, datasets, modalities)
    }

    fn names(datasets: &[&str], modalities: &[&str]) -> Vec<String> {
        let owned = |list: &[&str]| list.iter().map(|s| s.to_string()).collect::<Vec<_>>();
        columns_of(&owned(datasets), &owned(modalities))
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
    fn rows_that_are_not_used_take_no_time() {
        let digits = columns_of(&["spoken-digits".into()], &[]).unwrap();
        assert_eq!(digits[0].samples, 1800);
        let digits = columns_of(&["world-digits".into()], &[]).unwrap();
        assert_eq!(digits[0].samples, 1280);
    }

    #[test]
    fn a_misspelt_modality_is_named() {
        let error = columns_of(&["synthetic".into()], &["audio,sound".into()])
            .err()
            .unwrap();
        assert!(error.to_string().contains("`sound`"), "{error}");
    }
}
