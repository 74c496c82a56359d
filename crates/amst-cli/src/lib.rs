#![doc = include_str!("../README.md")]
//!
//! Exit codes: 0 ok, 1 `audit --strict` found something, 2 usage or recipe, 3 data or files, 4
//! diverged, 5 foreign or damaged state, 6 lease lost, 7 trained by another process, 8 device lost, 70
//! a fault of this program, 75 saved and to be called again, 130 and 143 stopped by a signal.
//!
//! A program with methods of its own is this one with them handed in; `examples/custom_method.rs`
//! shows a whole one.
#![warn(missing_docs)]
#![recursion_limit = "256"]

mod args;
mod audit;
mod datasets;
mod device;
mod devices;
mod eval;
mod explain;
mod export;
mod export_features;
mod export_metrics;
mod failure;
mod fbank;
mod figure;
mod frames;
#[cfg(test)]
mod hook_lock;
mod import_log;
mod init;
mod inspect;
mod internal_error;
mod ls;
mod network;
mod npy;
mod out_of_memory;
mod precision;
mod predict;
mod prepare;
mod profile;
mod progress;
mod replay;
mod report;
mod reproduce;
mod resolved_recipe;
mod signals;
mod status;
mod time;
mod tokens;
mod train;
mod watch;

use std::process::ExitCode;

use amst::methods::{TrainableMethod, add_methods, trainable};
use args::{Cli, Command};
use clap::Parser;

/// The whole program, with further methods beside the built-in ones: they can be trained and
/// resumed, set, listed and explained as those can.
pub fn main_with(further: &'static [&'static dyn TrainableMethod]) -> ExitCode {
    let added = if further.is_empty() {
        Ok(())
    } else {
        add_methods(further)
    };
    let added = added.map_err(|e| failure::Usage(e.to_string()).into());
    let outcome = match internal_error::catch(device::was_lost, || added.and_then(|()| run())) {
        Ok(outcome) => outcome,
        Err(fault) => {
            eprintln!("error: {}", fault.message);
            return ExitCode::from(fault.exit_code);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.is::<failure::Ended>() => ExitCode::from(failure::exit_code(&error)),
        Err(error) => {
            // The libraries' messages already hold their causes. To stop when asked is no error.
            let how = if failure::is_stop(&error) {
                ""
            } else {
                "error: "
            };
            eprintln!("{how}{error}");
            ExitCode::from(failure::exit_code(&error))
        }
    }
}

fn run() -> anyhow::Result<()> {
    match Cli::parse().command {
        Command::Train(train) => train::run(&train),
        Command::Time(args) => time::run(&args),
        Command::Devices(args) => devices::run(&args),
        Command::Status(args) => status::run(&args),
        Command::Watch(args) => watch::run(&args),
        Command::Inspect(args) => inspect::run(&args),
        Command::Prepare(prepare) => prepare::run(&prepare),
        Command::Replay(args) => replay::run(&args),
        Command::Init(args) => init::run(&args),
        Command::ExportFeatures(args) => export_features::run(&args),
        Command::Tokens(args) => tokens::run(&args),
        Command::Fbank(args) => fbank::run(&args),
        Command::Frames(args) => frames::run(&args),
        Command::Audit(args) => audit::run(&args),
        Command::Predict(args) => predict::run(&args),
        Command::Eval(args) => eval::run(&args),
        Command::Export(args) => export::run(&args),
        Command::ExportMetrics(args) => export_metrics::run(&args),
        Command::Figure(args) => figure::run(&args),
        Command::ImportLog(args) => import_log::run(&args),
        Command::Report(args) => report::run(&args),
        Command::Reproduce(args) => reproduce::table(&args),
        Command::Plan(mut args) => {
            args.plan = true;
            reproduce::table(&args)
        }
        Command::Work(args) => reproduce::work(&args),
        Command::SuggestSkip(args) => reproduce::suggest_skip(&args),
        Command::Sweep(args) => reproduce::sweep(&args),
        Command::Ls(args) => ls::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::Keys => keys(),
    }
}

/// Every key of a recipe with its default, as `--set` takes it.
fn keys() -> anyhow::Result<()> {
    let defaults = serde_json::to_value(trainable().defaults())?;
    for key in trainable().keys() {
        let value = key.split('.').fold(&defaults, |value, part| &value[part]);
        println!("{key} = {value}");
    }
    Ok(())
}
