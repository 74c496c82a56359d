//! `amst time`: seconds of an epoch, for systems side by side.

mod args;
mod measure;
mod page;
mod systems;
mod times;

use amst_recipe::TimesTable;
use anyhow::Result;

use crate::device;
pub use args::Args;
use measure::Measurement;
use systems::Setup;
use times::Times;

/// Times what was asked for and prints a table, or JSON.
pub fn run(args: &Args) -> Result<()> {
    let table = TimesTable::read()?;
    let setup = Setup::resolve(args, &table)?;
    let device = device::open(&args.device, setup.precision())?;
    let measurement = Measurement {
        setup: &setup,
        device,
        is_synchronous: device::is_synchronous(&args.device),
        args,
    };
    let times = Times::new(&setup, args, &measurement.run()?);
    if args.json {
        println!("{}", serde_json::to_string_pretty(&times)?);
    } else {
        print!("{}", page::page(&table, &times));
    }
    Ok(())
}
