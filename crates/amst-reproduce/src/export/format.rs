//! The forms that there are, and their options.

use super::volume::Volume;
use crate::ReproduceError;

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
