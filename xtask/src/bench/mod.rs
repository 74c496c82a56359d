//! `cargo xtask bench`: the workspace's benches, alone or beside the same work in PyTorch.

mod comparison;
mod gpu;
mod groups;
mod sides;

use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::{Context, bail};

use crate::build;
use crate::exit::Usage;
use crate::workspace::{cargo, root};
use comparison::Comparison;
use groups::{GROUPS, Group, Twin, find};
use sides::Sides;

/// What to measure and how.
#[derive(clap::Args)]
pub struct Args {
    /// Which benches; without one, a list of them is printed.
    names: Vec<String>,
    /// Run the same work in PyTorch too, turn by turn, and print ratios of medians (AMST_PYTHON
    /// names the interpreter).
    #[arg(long)]
    against_pytorch: bool,
    /// Turns of both sides.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Steps of each workload a turn, ten times as many where they take milliseconds.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    steps: u32,
    /// Only workloads whose name has this in it.
    #[arg(long, value_name = "PART", default_value = "")]
    only: String,
    /// Threads of either side; without it, as many as there are cores.
    #[arg(long)]
    threads: Option<u32>,
    /// Where ours computes, with --against-pytorch.
    #[arg(long, default_value = "flex", value_parser = ["flex", "tch"])]
    device: String,
    /// Print what was measured as JSON.
    #[arg(long)]
    json: bool,
    /// With `gpu` alone: build and pack what measures a card in ten minutes on a machine without
    /// Rust (docs/gpu.md).
    #[arg(long)]
    prepare: bool,
    /// Devices of the program that is packed.
    #[arg(
        long,
        value_name = "LIST",
        default_value = "tch,wgpu",
        requires = "prepare"
    )]
    features: String,
    /// Pack this program instead of building one for release.
    #[arg(long, value_name = "PATH", requires = "prepare")]
    program: Option<PathBuf>,
    /// Folder of the package, target/gpu of the workspace if left out.
    #[arg(long, value_name = "DIR", requires = "prepare")]
    out: Option<PathBuf>,
}

/// Runs what was asked for.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    if args.names.is_empty() {
        print_list();
        return Ok(ExitCode::SUCCESS);
    }
    if args.prepare || args.names == [GPU] {
        refuse_gpu(args)?;
        gpu::prepare(&args.features, args.program.as_deref(), args.out.as_deref())?;
        return Ok(ExitCode::SUCCESS);
    }
    let groups = args
        .names
        .iter()
        .map(|name| named(name))
        .collect::<anyhow::Result<Vec<_>>>()?;
    // Minutes of measuring are not thrown away for what could be told at once.
    groups.iter().try_for_each(|group| refuse(group, args))?;
    for group in groups {
        match (&group.twin, args.against_pytorch) {
            (None, _) | (_, false) => alone(group, &args.only)?,
            (Some(Twin::Sides(script)), true) => beside(group, script, args)?,
            (Some(Twin::Alternating(script)), true) => {
                let bench = build::bench(group.name, &[])?;
                python(
                    script,
                    &[
                        bench.to_string_lossy().into_owned(),
                        args.rounds.to_string(),
                    ],
                )?;
            }
            (Some(Twin::After(script)), true) => {
                alone(group, &args.only)?;
                python(script, &[])?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The one name that is no bench of the workspace: it is measured where there is no Rust.
const GPU: &str = "gpu";

fn refuse_gpu(args: &Args) -> Result<(), Usage> {
    match (args.prepare, args.names == [GPU]) {
        (true, true) => Ok(()),
        (true, false) => Err(Usage("--prepare goes with `gpu` alone".into())),
        _ => Err(Usage(
            "a card is measured by a script: `cargo xtask bench gpu --prepare` packs it, with what \
             it needs"
                .into(),
        )),
    }
}

fn refuse(group: &Group, args: &Args) -> Result<(), Usage> {
    let name = group.name;
    match (&group.twin, args.against_pytorch) {
        (_, false) if args.device != "flex" => {
            Err(Usage("--device goes with --against-pytorch".into()))
        }
        (_, true) if args.device != "flex" && name != "encoders" => Err(Usage(format!(
            "`{name}` runs on flex alone: leave out --device"
        ))),
        (_, false) if args.json => Err(Usage("--json goes with --against-pytorch".into())),
        (None, true) => Err(Usage(format!(
            "`{name}` has no PyTorch side: leave out --against-pytorch"
        ))),
        (Some(Twin::Alternating(_) | Twin::After(_)), true) if args.json => Err(Usage(format!(
            "the script beside `{name}` prints text only: leave out --json"
        ))),
        _ => Ok(()),
    }
}

fn named(name: &str) -> anyhow::Result<&'static Group> {
    find(name).with_context(|| {
        let known: Vec<_> = GROUPS.iter().map(|g| g.name).collect();
        Usage(format!(
            "there is no bench `{name}`; there are {}",
            known.join(", ")
        ))
    })
}

fn print_list() {
    for group in &GROUPS {
        let beside = if group.twin.is_some() {
            " (--against-pytorch)"
        } else {
            ""
        };
        println!("{:<12} {}{beside}", group.name, group.about);
    }
    println!("{GPU:<12} a card beside PyTorch, by a script (--prepare)");
}

fn alone(group: &Group, only: &str) -> anyhow::Result<()> {
    let mut command = cargo();
    command.args(["bench", "--workspace", "--bench", group.name]);
    if !only.is_empty() {
        command.args(["--", only]);
    }
    succeeded(command, "its reason is above")
}

fn beside(group: &Group, script: &str, args: &Args) -> anyhow::Result<()> {
    let how: &[&str] = if args.device == "tch" {
        &["--features", "amst/tch"]
    } else {
        &[]
    };
    let sides = Sides {
        bench: build::bench(group.name, how)?,
        script: root().join(script),
        args,
    };
    let mut comparison = Comparison::new(group.name);
    for round in 0..args.rounds {
        // Neither side is always the one that finds the machine warm.
        let (ours, theirs) = if round % 2 == 0 {
            let ours = sides.ours()?;
            (ours, sides.pytorch()?)
        } else {
            let theirs = sides.pytorch()?;
            (sides.ours()?, theirs)
        };
        comparison.add(ours, theirs)?;
        eprintln!("round {} of {} done", round + 1, args.rounds);
    }
    if args.json {
        println!("{}", serde_json::to_string_pretty(&comparison.summary())?);
    } else {
        print!("{}", comparison.table());
    }
    Ok(())
}

/// The Python that has PyTorch.
fn interpreter() -> Command {
    let mut command =
        Command::new(std::env::var_os("AMST_PYTHON").unwrap_or_else(|| "python3".into()));
    command.current_dir(root());
    command
}

fn python(script: &str, arguments: &[String]) -> anyhow::Result<()> {
    let mut command = interpreter();
    command.arg(script).args(arguments);
    succeeded(command, PYTHON)
}

/// What to look at where a script does not work.
const PYTHON: &str =
    "what it needs stands at the top of its file; AMST_PYTHON names a Python that has it";

fn succeeded(mut command: Command, hint: &str) -> anyhow::Result<()> {
    let status = command
        .status()
        .with_context(|| cannot_start(&command, hint))?;
    if !status.success() {
        bail!("{command:?} failed with {status}; {hint}");
    }
    Ok(())
}

fn cannot_start(command: &Command, hint: &str) -> String {
    format!("cannot start {:?}; {hint}", command.get_program())
}
