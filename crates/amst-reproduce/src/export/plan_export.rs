//! The runs that are missing, for another program.

use std::fmt::Write;
use std::path::PathBuf;

use amst_files::write_file;

use super::lines;
use super::planned_run::{PlannedRun, PlannedRunParts};
use crate::folders::make_folder;
use crate::{Estimates, Folders, Job, ReproduceError};

/// The runs that are missing, as commands that hold in any working folder of any machine on which
/// the folders have the same paths.
#[derive(Clone, Debug)]
pub struct PlanExport {
    /// What it is called: the table.
    pub name: String,
    /// The longest first.
    pub runs: Vec<PlannedRun>,
    /// Whether each run needs a GPU.
    pub on_gpus: bool,
    /// Where files that a plan refers to are written.
    pub folder: PathBuf,
    /// Runs at the same time, where the program that takes the plan does not decide.
    pub jobs: Option<usize>,
    /// The folder of runs, recipes and plans, which must have the same path everywhere.
    pub out: PathBuf,
}

/// What the runs of a plan have in common.
#[derive(Clone, Debug)]
pub struct ExportSettings {
    /// What the plan is called: the table.
    pub name: String,
    /// The program `amst` where the plan is carried out.
    pub program: PathBuf,
    /// What `--device` is given.
    pub device: String,
    /// Whether that is a GPU.
    pub on_gpus: bool,
    /// The folder of data sets by name.
    pub datasets: PathBuf,
    /// Runs at the same time, where the program that takes the plan does not decide.
    pub jobs: Option<usize>,
}

impl PlanExport {
    /// The plan of what is missing, or of any other jobs. Writes the recipe of each run, which its
    /// command names.
    ///
    /// # Errors
    ///
    /// A path that no command line can hold; a folder that cannot be written.
    pub fn new(
        settings: ExportSettings,
        folders: &Folders,
        missing: &[Job],
    ) -> Result<Self, ReproduceError> {
        make_folder(&folders.recipes)?;
        let mut estimates = Estimates::new(&folders.runs, settings.on_gpus);
        let mut runs = Vec::new();
        for job in missing {
            let recipe = folders.write_recipe_once(job)?;
            let run = PlannedRunParts {
                job,
                recipe: &recipe,
                program: &settings.program,
                device: &settings.device,
                runs: &folders.runs,
                datasets: &settings.datasets,
                estimate: estimates.of(job),
            };
            runs.push(run.assemble()?);
        }
        let out = folders.runs.parent().unwrap_or(&folders.runs);
        Ok(Self {
            name: settings.name,
            runs,
            on_gpus: settings.on_gpus,
            folder: folders.table.join("plan"),
            jobs: settings.jobs,
            out: out.into(),
        })
    }

    /// What a person must know beside: how many runs there are and what comes first.
    ///
    /// # Errors
    ///
    /// A command that no shell can hold.
    pub fn notes(&self) -> Result<String, ReproduceError> {
        let mut notes = format!("{} runs\n", self.runs.len());
        let mut preparations = Vec::new();
        for run in &self.runs {
            let command = lines::shell_command(&run.environment, &run.prepare)?;
            if !preparations
                .iter()
                .any(|(dataset, _)| *dataset == run.features)
            {
                preparations.push((run.features.clone(), command));
            }
        }
        if !preparations.is_empty() {
            notes += "once, before them:\n";
        }
        for (_, command) in preparations {
            let _ = writeln!(notes, "    {command}");
        }
        Ok(notes)
    }

    /// Writes a file beside the plan and says where.
    pub(super) fn write(&self, name: &str, text: &str) -> Result<PathBuf, ReproduceError> {
        make_folder(&self.folder)?;
        let file = self.folder.join(name);
        write_file(&file, text)?;
        Ok(file)
    }
}
