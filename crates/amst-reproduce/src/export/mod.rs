//! `--plan --format`: the cells that are missing, for programs that start processes elsewhere.

mod format;
mod htcondor;
mod jsonl;
mod kubernetes;
mod lines;
mod path_text;
mod plan_export;
mod planned_run;
mod text;
mod volume;

pub(crate) use self::path_text::text_of;

pub use self::format::{FormatArgs, PlanFormat};
pub use self::jsonl::read_jsonl;
pub use self::plan_export::{ExportSettings, PlanExport};
pub use self::planned_run::{PLANNED_RUN_SCHEMA, PlannedRun};
pub use self::volume::Volume;
