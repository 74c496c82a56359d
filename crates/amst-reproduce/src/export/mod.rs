//! `--plan --format`: the cells that are missing, for programs that start processes elsewhere.

mod htcondor;
mod jsonl;
mod kubernetes;
mod lines;
mod planned_run;
mod volume;

use std::fmt::Write;
use std::path::{Path, PathBuf};

use amst_files::write_file;

pub use self::jsonl::read_jsonl;
pub use self::planned_run::{PLANNED_RUN_SCHEMA, PlannedRun};
pub use self::volume::Volume;

use crate::folders::make_folder;
use crate::{Args, Caller, Devices, Estimates, Folders, Job, ReproduceError};

/// A form in which another program takes a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum PlanFormat {
    /// One shell command a cell, for GNU parallel or a shell
    Lines,
    /// One JSON object a cell
    Jsonl,
    /// A submit file for condor_submit
    Htcondor,
    /// An Indexed Job, as JSON, for kubectl
    Kubernetes,
}

/// What only a plan for another program takes.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct FormatArgs {
    /// --plan: print what is missing for another program to run, instead of a table for people.
    #[arg(long, value_enum, value_name = "NAME")]
    pub format: Option<PlanFormat>,
    /// --format kubernetes: the container image that has `amst`.
    #[arg(long, value_name = "IMAGE")]
    pub image: Option<String>,
    /// --format kubernetes: the PersistentVolumeClaim with the folder of runs, and the path that it
    /// has both here and in each container.
    #[arg(long, value_name = "CLAIM=PATH")]
    pub volume: Option<Volume>,
}

impl FormatArgs {
    /// Refuses options that would be without effect.
    pub(crate) fn check(&self, is_plan: bool, json: bool) -> Result<(), ReproduceError> {
        let is_kubernetes = self.format == Some(PlanFormat::Kubernetes);
        let given = [
            ("--format", self.format.is_some() && !is_plan, "--plan"),
            (
                "--image",
                self.image.is_some() && !is_kubernetes,
                "--format kubernetes",
            ),
            (
                "--volume",
                self.volume.is_some() && !is_kubernetes,
                "--format kubernetes",
            ),
        ];
        if json && self.format.is_some() {
            return Err(ReproduceError::Usage(
                "--json is a plan's own JSON and --format another program's: leave one of them out"
                    .into(),
            ));
        }
        match given.into_iter().find(|(_, given, _)| *given) {
            Some((option, _, needed)) => Err(ReproduceError::Usage(format!(
                "{option} says nothing without {needed}: add that, or leave {option} out"
            ))),
            None => Ok(()),
        }
    }
}

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

impl PlanExport {
    /// The plan of what is missing. Writes the recipe of each run, which its command names.
    ///
    /// # Errors
    ///
    /// Several devices, of which a command could have only one; a path that no command line can
    /// hold; a folder that cannot be written.
    pub fn new(
        args: &Args,
        caller: &Caller,
        devices: &Devices,
        folders: &Folders,
        missing: &[Job],
    ) -> Result<Self, ReproduceError> {
        let [device] = devices.names.as_slice() else {
            return Err(ReproduceError::Usage(format!(
                "`--device {}`: in a plan for another program each run has one device; name one, \
                 and let that program give each run a GPU of its own",
                args.device
            )));
        };
        let program = match &args.amst {
            // A bare name is looked for where the plan is carried out.
            Some(name) if name.components().count() == 1 => name.clone(),
            Some(program) => crate::caller::absolute(program)?,
            None => caller.programs.planned(devices.backend)?,
        };
        make_folder(&folders.recipes)?;
        let mut estimates = Estimates::new(&folders.runs, devices.are_gpus());
        let mut runs = Vec::new();
        for job in missing {
            let recipe = folders.write_recipe_once(job)?;
            let run = planned_run::PlannedRunParts {
                job,
                recipe: &recipe,
                program: &program,
                device,
                runs: &folders.runs,
                datasets: &caller.datasets,
                estimate: estimates.of(job),
            };
            runs.push(run.assemble()?);
        }
        let out = folders.runs.parent().unwrap_or(&folders.runs);
        Ok(Self {
            name: args.table.clone(),
            runs,
            on_gpus: devices.are_gpus(),
            folder: folders.table.join("plan"),
            jobs: args.jobs,
            out: out.into(),
        })
    }

    /// The text for another program; files that it refers to are written.
    ///
    /// # Errors
    ///
    /// An option that the format needs is not there; a folder that cannot be written.
    pub fn text(&self, args: &FormatArgs, format: PlanFormat) -> Result<String, ReproduceError> {
        if self.runs.is_empty() && format != PlanFormat::Kubernetes {
            return Ok(String::new());
        }
        match format {
            PlanFormat::Lines => lines::text(&self.runs),
            PlanFormat::Jsonl => Ok(jsonl::text(&self.runs)),
            PlanFormat::Htcondor => htcondor::text(self),
            PlanFormat::Kubernetes => kubernetes::text(self, args),
        }
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
    fn write(&self, name: &str, text: &str) -> Result<PathBuf, ReproduceError> {
        make_folder(&self.folder)?;
        let file = self.folder.join(name);
        write_file(&file, text)?;
        Ok(file)
    }
}

/// A path in a text of one line.
fn text_of(path: &Path) -> Result<String, ReproduceError> {
    match path.to_str() {
        Some(text) if !text.contains(['\n', '\r', '\0']) => Ok(text.into()),
        _ => Err(ReproduceError::Usage(format!(
            "a plan cannot hold the path {path:?}: use a folder whose name is UTF-8 without line \
             breaks, `--out DIR`"
        ))),
    }
}
