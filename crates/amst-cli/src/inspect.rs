//! `amst inspect`.

use amst_train::{Checkpoint, Kind};
use anyhow::Result;
use serde_json::json;

use crate::args::Inspect;

/// Prints the run and the content of a checkpoint, after comparing every file with its hash.
pub fn run(args: &Inspect) -> Result<()> {
    let checkpoint = Checkpoint::open(&args.checkpoint)?;
    checkpoint.verify()?;
    let mut tensors = Vec::new();
    for file in checkpoint.manifest().files.keys() {
        if file.ends_with(".safetensors") {
            tensors.push((file.as_str(), checkpoint.tensors(file)?));
        }
    }
    if args.json {
        print_json(&checkpoint, &tensors);
    } else {
        print_text(&checkpoint, &tensors);
    }
    Ok(())
}

type Tensors<'a> = [(&'a str, Vec<amst_encoders::HeldTensor>)];

fn print_json(checkpoint: &Checkpoint, tensors: &Tensors<'_>) {
    let mut files = serde_json::Map::new();
    for (file, tensors) in tensors {
        let shapes = tensors.iter().map(|t| (t.name(), json!(t.shape())));
        files.insert(file.to_string(), shapes.collect());
    }
    let whole =
        json!({ "dir": checkpoint.dir(), "manifest": checkpoint.manifest(), "tensors": files });
    println!("{whole:#}");
}

fn print_text(checkpoint: &Checkpoint, tensors: &Tensors<'_>) {
    let manifest = checkpoint.manifest();
    let what = match manifest.kind {
        Kind::State => format!(
            "a run in epoch {}, after {} of its steps",
            manifest.epoch, manifest.step
        ),
        Kind::Selected => format!("the selected network, of epoch {}", manifest.epoch),
    };
    println!("{}: {what}", checkpoint.dir().display());
    println!("  cell {}", manifest.cell);
    println!(
        "  data {}, code epoch {}",
        manifest.data, manifest.code_epoch
    );
    println!(
        "  written by {} (burn {}, {}), format {}",
        manifest.program, manifest.burn, manifest.device, manifest.format
    );
    println!(
        "  {} classes: {}",
        manifest.classes.len(),
        manifest.classes.join(", ")
    );
    println!("  files, each as it was written:");
    for (name, file) in &manifest.files {
        println!(
            "    {name:<21} {:>12} bytes  sha256 {}",
            file.bytes, file.sha256
        );
    }
    for (file, tensors) in tensors {
        let numbers: usize = tensors
            .iter()
            .map(|t| t.shape().iter().product::<usize>())
            .sum();
        println!("  {file}: {} tensors, {numbers} numbers", tensors.len());
        for tensor in tensors {
            println!("    {:<48} {:?}", tensor.name(), tensor.shape());
        }
    }
}
