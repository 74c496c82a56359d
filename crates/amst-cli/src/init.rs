//! `amst init`.

use std::path::{Path, PathBuf};

use amst_encoders::{WeightsError, read_weights_from, write_weights};
use amst_files::sha256_hex;
use amst_recipe::Precision;
use amst_train::{Built, TrainError};
use anyhow::Result;
use burn::module::Module;
use burn::tensor::Device;

use crate::args::Init;
use crate::datasets::{RUNS, Resolved, resolved};
use crate::device;
use crate::network::classes_of;

/// Writes the weights with which a run would start.
pub fn run(args: &Init) -> Result<()> {
    let resolved = resolved(&args.what, Path::new(RUNS))?;
    let recipe = &resolved.cell.recipe;
    let built = build(&resolved, &device::open("flex", Precision::F32)?)?;
    write_weights(&built.net.valid(), &args.out, &built.names())
        .map_err(|error| unwritable(error, &args.out))?;
    println!(
        "{}: {} with seed {}",
        args.out.display(),
        recipe.method.name(),
        recipe.seed
    );
    println!(
        "  start from it with `amst train --init {}`",
        args.out.display()
    );
    Ok(())
}

/// A file of initial weights, read once.
pub struct InitialWeights {
    path: PathBuf,
    bytes: Vec<u8>,
}

impl InitialWeights {
    /// Reads the file.
    pub fn read(path: &Path) -> Result<Self, TrainError> {
        let bytes = std::fs::read(path).map_err(|e| unreadable(path, e.to_string()))?;
        Ok(Self {
            path: path.into(),
            bytes,
        })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What the recipe's `init` says of this file, its SHA-256: a result is known to come from it.
    pub fn digest(&self) -> String {
        sha256_hex(&self.bytes)
    }

    /// The network of a cell with these weights, ready for training. Fails, before anything is
    /// prepared or written, where they are not exactly its tensors.
    pub fn network(self, resolved: &Resolved, device: &Device) -> Result<Built> {
        let mut built = build(resolved, device)?;
        let names = built.names();
        let head: Vec<u8> = self.bytes.iter().take(4).copied().collect();
        read_weights_from(&mut built.net, self.bytes, &self.path, &names).map_err(|error| {
            match error {
                WeightsError::File { why, .. } => {
                    unreadable(&self.path, other_format(&head).unwrap_or(why))
                }
                other => other.into(),
            }
        })?;
        Ok(built)
    }
}

/// What a file is that is no safetensors file, told by its first bytes.
fn other_format(head: &[u8]) -> Option<String> {
    match head {
        [] => Some("it is empty".into()),
        [b'P', b'K', ..] | [0x80, ..] => Some(
            "it was written by torch.save; convert it with safetensors.torch.save_file, tensors \
             under the names that `amst init` writes"
                .into(),
        ),
        _ => None,
    }
}

fn unreadable(file: &Path, why: String) -> TrainError {
    WeightsError::File {
        path: file.into(),
        why: format!("{why}; `amst init --out FILE` writes such a file"),
    }
    .into()
}

fn unwritable(error: WeightsError, file: &Path) -> TrainError {
    match error {
        WeightsError::File { why, .. } => {
            let source = std::io::Error::other(why);
            TrainError::Io {
                verb: "write",
                path: file.into(),
                source,
                option: "--out",
            }
        }
        other => other.into(),
    }
}

fn build(resolved: &Resolved, device: &Device) -> Result<Built> {
    let recipe = &resolved.cell.recipe;
    Ok(amst_train::build(
        recipe,
        resolved.text_model.as_ref(),
        classes_of(recipe, &resolved.dataset)?.len(),
        &device.clone().autodiff(),
    )?)
}
