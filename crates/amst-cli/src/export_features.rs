//! `amst export-features`.

use std::collections::BTreeMap;

use amst_data::{Features, HostBatch, Loader, LoaderConfig, SplitName};
use amst_encoders::{HeldTensor, write_tensors};
use amst_train::TrainError;
use anyhow::{Context, Result};
use burn::tensor::{Element, TensorData};

use crate::args::{ExportFeatures, ProgressKind};
use crate::datasets::resolved;
use crate::prepare::prepare;

/// Writes every batch of an epoch, as the network would see it.
pub fn run(args: &ExportFeatures) -> Result<()> {
    let resolved = resolved(&args.what, &args.runs)?;
    let recipe = &resolved.cell.recipe;
    let data = prepare(&resolved, &args.runs, ProgressKind::Auto)?;
    let split = args.split.name();
    let train = split == SplitName::Train;
    let batch_size = if train {
        recipe.batch_size
    } else {
        recipe.eval_batch_size
    };
    let config = LoaderConfig {
        batch_size,
        seed: recipe.seed,
        train,
        ..LoaderConfig::default()
    };
    let loader = Loader::new(data.split(split), config)?;
    let mut tensors = Vec::new();
    for (number, batch) in loader.epoch(args.at_epoch, &recipe.modalities).enumerate() {
        add(&mut tensors, &format!("{split}.{number:04}"), batch?);
    }
    let mut bytes = Vec::new();
    write_tensors(&mut bytes, &tensors, &BTreeMap::new()).context("laying out the tensors")?;
    std::fs::write(&args.out, bytes).map_err(TrainError::io("write", &args.out, "--out"))?;
    println!(
        "{}: {} batches of the {split} split",
        args.out.display(),
        loader.steps()
    );
    Ok(())
}

/// Adds the tensors of a batch, whose names begin with `batch_name`.
fn add(tensors: &mut Vec<HeldTensor>, batch_name: &str, batch: HostBatch) {
    let samples = [batch.labels.len()];
    for (modality, features) in batch.inputs {
        let name = format!("{batch_name}.{}", modality.letter());
        match features {
            Features::Map { data, shape } => tensors.push(tensor(name, data, &shape)),
            Features::Frames { data, shape } => tensors.push(tensor(name, data, &shape)),
            Features::Pixels { data, shape, .. } => tensors.push(tensor(name, data, &shape)),
            Features::Tokens { ids, mask, shape } => {
                tensors.push(tensor(format!("{name}.ids"), ids, &shape));
                tensors.push(tensor(format!("{name}.mask"), mask, &shape));
            }
        }
    }
    let indices: Vec<i64> = batch.indices.iter().map(|index| *index as i64).collect();
    tensors.push(tensor(format!("{batch_name}.index"), indices, &samples));
    tensors.push(tensor(format!("{batch_name}.y"), batch.labels, &samples));
}

fn tensor<E: Element>(name: String, values: Vec<E>, shape: &[usize]) -> HeldTensor {
    HeldTensor::from_data(name, TensorData::new(values, shape.to_vec()))
}
