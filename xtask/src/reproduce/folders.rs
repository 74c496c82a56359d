//! Where runs and tables are kept.

use std::io;
use std::path::{Path, PathBuf};

use amst_files::write_file;
use amst_report::{Csv, Exporter, Json, Markdown, Pairs, Table};

use crate::exit::Usage;
use crate::workspace::root;

/// The output folders of one table.
pub struct Folders {
    /// Runs of all tables, which share the cells that they have in common.
    pub runs: PathBuf,
    /// The files of this table.
    pub table: PathBuf,
}

impl Folders {
    /// Under `out`, or `target/reproduce` at the top of the workspace.
    pub fn of(out: Option<&Path>, table: &str) -> Self {
        let out = match out {
            // A relative folder is meant from where the command was typed.
            Some(out) => std::path::absolute(out).unwrap_or_else(|_| out.into()),
            None => root().join("target/reproduce"),
        };
        Self {
            runs: out.join("runs"),
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
        formats
            .into_iter()
            .map(|format| self.write(format, table))
            .collect()
    }

    fn write(&self, format: &dyn Exporter, table: &Table) -> anyhow::Result<PathBuf> {
        let file = self
            .table
            .join(format.stem())
            .with_extension(format.extension());
        write_file(&file, format.export(table))?;
        Ok(file)
    }
}

fn try_to_write(folder: &Path) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let probe = folder.join(format!(".writable-{}", std::process::id()));
    std::fs::write(&probe, b"amst")?;
    std::fs::remove_file(&probe)
}
