//! `cargo xtask setup tch` and `cuda`: what a device needs that cargo cannot bring.

mod cuda;
mod fragment;
mod libtorch;
mod python;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;
use serde_json::json;

use fragment::Fragment;
use libtorch::{LibTorch, Source};

/// What to set up.
#[derive(clap::Args, Debug)]
pub struct Args {
    #[command(subcommand)]
    device: Device,
}

#[derive(Subcommand, Debug)]
enum Device {
    /// Find LibTorch 2.9, or bring it, and tell cargo where it is.
    Tch(TchArgs),
    /// Build burn's CUDA device without LLVM, where its download from GitHub is out of reach.
    Cuda(CudaArgs),
}

/// Whether LLVM is left out.
#[derive(clap::Args, Debug)]
pub struct CudaArgs {
    /// Take LLVM again, which its build downloads.
    #[arg(long)]
    undo: bool,
}

/// Where LibTorch may come from.
#[derive(clap::Args, Debug)]
pub struct TchArgs {
    /// Take this LibTorch and look nowhere else.
    #[arg(long, value_name = "DIR")]
    libtorch: Option<PathBuf>,
    /// Take another version than 2.9; it may build and still compute something else.
    #[arg(long)]
    any_version: bool,
    /// Fail instead of installing anything.
    #[arg(long)]
    no_install: bool,
    /// Print what came of it as JSON.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    match &args.device {
        Device::Tch(args) => tch(args),
        Device::Cuda(args) => {
            print!("{}", cuda::set(!args.undo)?);
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn tch(args: &TchArgs) -> anyhow::Result<ExitCode> {
    let found = libtorch::locate(args.libtorch.as_deref(), args.any_version, args.no_install)?;
    let fragment = Fragment {
        libtorch: Some(found.folder.clone()),
        ..Fragment::read()
    };
    let fragment = fragment.write()?;
    if args.json {
        let said = json!({
            "libtorch": found.folder, "version": found.version, "from": found.source.word(), "cuda": found.cuda,
            "fragment": fragment,
        });
        println!("{}", serde_json::to_string_pretty(&said)?);
    } else {
        print!("{}", report(&found, &fragment));
    }
    Ok(ExitCode::SUCCESS)
}

fn report(found: &LibTorch, fragment: &std::path::Path) -> String {
    let devices = if found.cuda {
        "tch:cpu and tch:cuda:0"
    } else {
        "tch:cpu"
    };
    let installed = if found.source == Source::Wheel {
        "\nIts folder may be deleted; this command brings it again."
    } else {
        ""
    };
    format!(
        "LibTorch {} in {} ({}), devices {devices}{installed}\ncargo reads it from {}. Now:\n\n    cargo build --release -p \
         amst-cli --features tch\n    target/release/amst train … --device tch\n",
        found.version,
        found.folder.display(),
        found.source.word(),
        fragment.display()
    )
}
