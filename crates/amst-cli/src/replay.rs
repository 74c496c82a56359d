//! `amst replay`.

use amst_recipe::Precision;
use amst_replay::Case;
use anyhow::Result;

use crate::args::Replay;
use crate::device;

/// Replays a case and writes its files.
pub fn run(args: &Replay) -> Result<()> {
    let device = device::open(&args.device, args.precision)?;
    let case = Case::open(&args.case)?.in_bf16(args.precision == Precision::Bf16);
    let run = amst_replay::replay(&case, &device)?;
    run.write(&args.out)?;
    let last = run.epochs.last().expect("a case has at least one epoch");
    println!("{} steps, {} epochs", run.steps.len(), run.epochs.len());
    for (output, loss) in &last.loss {
        println!(
            "  {output:<13} loss {loss:.4}  accuracy {:5.1} %",
            100.0 * last.accuracy[output]
        );
    }
    println!("  {}", args.out.display());
    Ok(())
}
