//! A plan in each form.

use super::format::{FormatArgs, PlanFormat};
use super::plan_export::PlanExport;
use super::{htcondor, jsonl, kubernetes, lines};
use crate::ReproduceError;

impl PlanExport {
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
}
