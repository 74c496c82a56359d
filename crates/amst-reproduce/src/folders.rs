//! Where runs and tables are kept.

use std::io;
use std::path::{Path, PathBuf};

use amst_files::write_file;
use amst_report::{Csv, Exporter, Json, Markdown, Pairs, Table};

use crate::caller::absolute;
use crate::{Job, ReproduceError};

/// The output folders of one table.
pub struct Folders {
    /// Runs of all tables, which share the cells that they have in common.
    pub runs: PathBuf,
    /// The files of this table.
    pub table: PathBuf,
    /// The resolved recipes of this table's runs, as `amst --resolved` takes them.
    pub recipes: PathBuf,
}

impl Folders {
    /// Those of a table, or of anything else that has runs, under the folder `out`.
    ///
    /// # Errors
    ///
    /// There is no telling where a relative path begins.
    pub fn under(out: &Path, table: &str) -> Result<Self, ReproduceError> {
        // A relative folder is meant from where the command was typed.
        let out = absolute(out)?;
        Ok(Self {
            runs: out.join("runs"),
            recipes: out.join(table).join("recipes"),
            table: out.join(table),
        })
    }

    /// The same, unless the file is there: the identity in its name says what it holds.
    ///
    /// # Errors
    ///
    /// As [`Self::write_recipe`].
    pub fn write_recipe_once(&self, job: &Job) -> Result<PathBuf, ReproduceError> {
        let file = self.recipe(job);
        if file.exists() {
            return Ok(file);
        }
        self.write_recipe(job)
    }

    /// Tries both before hours are spent on results that could not be kept.
    ///
    /// # Errors
    ///
    /// One cannot be written to.
    pub fn check_writable(&self) -> Result<(), ReproduceError> {
        for folder in [&self.runs, &self.table] {
            try_to_write(folder).map_err(|error| {
                ReproduceError::Usage(format!(
                    "cannot write to {}: {error}; give another folder: `--out DIR`",
                    folder.display()
                ))
            })?;
        }
        Ok(())
    }

    /// Writes the table in every format and says which files these are.
    ///
    /// # Errors
    ///
    /// A file cannot be written.
    pub fn write_table(&self, table: &Table) -> Result<Vec<PathBuf>, ReproduceError> {
        let formats: [&dyn Exporter; 4] = [&Markdown, &Json, &Csv, &Pairs];
        let mut files = Vec::new();
        for format in formats {
            let name = format!("{}.{}", format.stem(), format.extension());
            let file = self.table.join(name);
            write_file(&file, format.export(table))?;
            files.push(file);
        }
        Ok(files)
    }

    /// Where the resolved recipe of a run is, once it is written.
    pub fn recipe(&self, job: &Job) -> PathBuf {
        self.recipes.join(format!("{}.toml", job.stem()))
    }

    /// Writes the resolved recipe of a run, laid out as the `recipe.toml` of its run directory, and
    /// says where.
    ///
    /// # Errors
    ///
    /// The file or its folder cannot be written.
    pub fn write_recipe(&self, job: &Job) -> Result<PathBuf, ReproduceError> {
        let text =
            toml::to_string(&job.cell.recipe).map_err(|error| ReproduceError::RecipeText {
                title: job.title.clone(),
                why: error.to_string(),
            })?;
        make_folder(&self.recipes)?;
        let file = self.recipe(job);
        write_file(&file, text)?;
        Ok(file)
    }
}

/// Makes a folder, and those above it.
pub(crate) fn make_folder(path: &Path) -> Result<(), ReproduceError> {
    std::fs::create_dir_all(path).map_err(|source| ReproduceError::Io {
        action: "make",
        path: path.into(),
        source,
    })
}

fn try_to_write(folder: &Path) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let probe = folder.join(format!(".writable-{}", std::process::id()));
    std::fs::write(&probe, b"amst")?;
    std::fs::remove_file(&probe)
}
