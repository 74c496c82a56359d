//! Where runs and tables are kept.

use std::io;
use std::path::{Path, PathBuf};

use amst_files::write_file;
use amst_report::{Csv, Exporter, Json, Markdown, Pairs, Table};
use anyhow::Context;

use super::job::Job;
use crate::exit::Usage;
use crate::workspace::root;

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
    /// Under `out`, or `target/reproduce` at the top of the workspace.
    pub fn for_table(out: Option<&Path>, table: &str) -> Self {
        let out = match out {
            // A relative folder is meant from where the command was typed.
            Some(out) => std::path::absolute(out).unwrap_or_else(|_| out.into()),
            None => root().join("target/reproduce"),
        };
        Self {
            runs: out.join("runs"),
            recipes: out.join(table).join("recipes"),
            table: out.join(table),
        }
    }

    /// Tries both before hours are spent on results that could not be kept.
    pub fn check_writable(&self) -> Result<(), Usage> {
        for folder in [&self.runs, &self.table] {
            try_to_write(folder).map_err(|error| {
                Usage(format!(
                    "cannot write to {}: {error}; give another folder: `--out DIR`",
                    folder.display()
                ))
            })?;
        }
        Ok(())
    }

    /// Writes the table in every format and says which files these are.
    pub fn write_table(&self, table: &Table) -> anyhow::Result<Vec<PathBuf>> {
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

    /// Writes the resolved recipe of a run, laid out as the `recipe.toml` of its run directory, and
    /// says where. The cell's identity in the name keeps apart what other settings make of the row.
    pub fn write_recipe(&self, job: &Job) -> anyhow::Result<PathBuf> {
        let recipe = &job.cell.recipe;
        let name = format!("{}-{}-{}.toml", job.experiment, recipe.seed, job.cell.id);
        let file = self.recipes.join(name);
        let text = toml::to_string(recipe)
            .with_context(|| format!("the recipe of {} cannot be written", job.title()))?;
        std::fs::create_dir_all(&self.recipes)
            .with_context(|| format!("cannot make {}", self.recipes.display()))?;
        write_file(&file, text)?;
        Ok(file)
    }
}

fn try_to_write(folder: &Path) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let probe = folder.join(format!(".writable-{}", std::process::id()));
    std::fs::write(&probe, b"amst")?;
    std::fs::remove_file(&probe)
}
