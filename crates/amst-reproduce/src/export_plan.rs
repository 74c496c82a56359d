//! The plan for another program that a command line asks for.

use crate::caller::absolute;
use crate::{Args, Caller, Devices, ExportSettings, Folders, Job, PlanExport, ReproduceError};

/// The plan of what is missing of a table. Writes the recipe of each run.
///
/// # Errors
///
/// Several devices, of which a command could have only one; a path that no command line can hold; a
/// folder that cannot be written.
pub fn export_plan(
    args: &Args,
    caller: &Caller,
    folders: &Folders,
    missing: &[Job],
) -> Result<PlanExport, ReproduceError> {
    let devices: Devices = args.device.parse()?;
    let [device] = devices.names.as_slice() else {
        return Err(ReproduceError::Usage(format!(
            "`--device {}`: in a plan for another program each run has one device; name one, and \
             let that program give each run a GPU of its own",
            args.device
        )));
    };
    let program = match &args.amst {
        // A bare name is looked for where the plan is carried out.
        Some(name) if name.components().count() == 1 => name.clone(),
        Some(program) => absolute(program)?,
        None => caller.programs.planned(devices.backend)?,
    };
    let settings = ExportSettings {
        name: args.table.clone(),
        program,
        device: device.clone(),
        on_gpus: devices.are_gpus(),
        datasets: caller.datasets.clone(),
        jobs: args.jobs,
    };
    PlanExport::new(settings, folders, missing)
}
