//! `amst export-features`.

use std::collections::BTreeMap;

use amst_data::{Features, HostBatch, Loader, LoaderConfig, SplitName};
use amst_train::TrainError;
use anyhow::{Context, Result};
use safetensors::Dtype;
use safetensors::tensor::TensorView;

use crate::args::{ExportFeatures, ProgressKind, SplitKind};
use crate::datasets::resolved;
use crate::prepare::prepare;

/// Shape, kind and bytes by name.
type Bytes = BTreeMap<String, (Vec<usize>, Dtype, Vec<u8>)>;

/// Writes every batch of an epoch, as the network would see it.
pub fn run(args: &ExportFeatures) -> Result<()> {
    let resolved = resolved(&args.what)?;
    let recipe = &resolved.cell.recipe;
    let data = prepare(&resolved, &args.runs, ProgressKind::Auto)?;
    let (split, train) = match args.split {
        SplitKind::Train => (SplitName::Train, true),
        SplitKind::Val => (SplitName::Val, false),
        SplitKind::Test => (SplitName::Test, false),
    };
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
    let mut tensors = Bytes::new();
    for (number, batch) in loader.epoch(args.at_epoch, &recipe.modalities).enumerate() {
        add(&mut tensors, &format!("{split}.{number:04}"), batch?);
    }
    let views = tensors.iter().map(|(name, (shape, dtype, bytes))| {
        TensorView::new(*dtype, shape.clone(), bytes).map(|view| (name.clone(), view))
    });
    let views = views
        .collect::<Result<Vec<_>, _>>()
        .context("describing the tensors")?;
    let bytes = safetensors::serialize(views, None).context("laying out the tensors")?;
    let failed = |source| TrainError::Io {
        verb: "write",
        path: args.out.clone(),
        source,
        option: "--out",
    };
    std::fs::write(&args.out, bytes).map_err(failed)?;
    println!(
        "{}: {} batches of the {split} split",
        args.out.display(),
        loader.steps()
    );
    Ok(())
}

fn add(tensors: &mut Bytes, at: &str, batch: HostBatch) {
    let samples = batch.labels.len();
    let float = |values: Vec<f32>| {
        values
            .iter()
            .flat_map(|v| v.to_le_bytes())
            .collect::<Vec<u8>>()
    };
    let whole = |values: Vec<i64>| {
        values
            .iter()
            .flat_map(|v| v.to_le_bytes())
            .collect::<Vec<u8>>()
    };
    for (modality, features) in batch.inputs {
        let name = format!("{at}.{}", modality.letter());
        match features {
            Features::Map { data, shape } => {
                tensors.insert(name, (shape.to_vec(), Dtype::F32, float(data)));
            }
            Features::Frames { data, shape } => {
                tensors.insert(name, (shape.to_vec(), Dtype::F32, float(data)));
            }
            Features::Pixels { data, shape, .. } => {
                tensors.insert(name, (shape.to_vec(), Dtype::U8, data));
            }
            Features::Tokens { ids, mask, shape } => {
                tensors.insert(
                    format!("{name}.ids"),
                    (shape.to_vec(), Dtype::I64, whole(ids)),
                );
                tensors.insert(
                    format!("{name}.mask"),
                    (shape.to_vec(), Dtype::F32, float(mask)),
                );
            }
        }
    }
    let indices = batch
        .indices
        .into_iter()
        .map(|index| index as i64)
        .collect();
    tensors.insert(
        format!("{at}.index"),
        (vec![samples], Dtype::I64, whole(indices)),
    );
    tensors.insert(
        format!("{at}.y"),
        (vec![samples], Dtype::I64, whole(batch.labels)),
    );
}
