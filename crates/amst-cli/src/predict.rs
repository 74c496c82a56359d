//! `amst predict`.

mod samples;
mod show;

use amst_recipe::{DatasetSpec, Recipe};
use amst_train::{Prediction, Predictor, TrainError};
use anyhow::Result;

use crate::args::Predict;
use crate::network::{self, Opened};
use samples::Sample;

/// Faults that are listed; more are only counted.
const LISTED: usize = 10;

/// Reads all samples, predicts them and prints the predictions.
pub fn run(args: &Predict) -> Result<()> {
    samples::check(args)?;
    let Opened { network, found, .. } = network::open(&args.which)?;
    let spec = descriptor(args, &found.recipe)?;
    let samples = samples::read(args, &spec, &network.modalities())?;
    let mut predictor = network.predictor()?;
    add(&mut predictor, &samples, args)?;
    for note in predictor.notes() {
        eprintln!("warning: {note}");
    }
    let predictions = predictor.finish()?;
    let pairs: Vec<(&str, Prediction)> = samples
        .iter()
        .map(|s| s.id.as_str())
        .zip(predictions)
        .collect();
    match (args.json, args.csv) {
        (true, _) => show::json(&pairs, network.classes()),
        (_, true) => show::csv(&pairs, &network)?,
        _ if args.manifest.is_some() => show::rows(&pairs, network.classes()),
        _ => pairs
            .iter()
            .for_each(|(id, prediction)| show::page(id, prediction, network.classes())),
    }
    Ok(())
}

/// The descriptor of the data that the network was trained on, or of those that `--dataset` names;
/// where the former are not at hand, names of columns are the usual ones.
fn descriptor(args: &Predict, recipe: &Recipe) -> Result<DatasetSpec> {
    match network::dataset(&args.which, recipe) {
        Ok(dataset) => Ok(dataset.spec),
        Err(_) if args.which.dataset.is_none() => Ok(DatasetSpec::synthetic()),
        Err(error) => Err(error.into()),
    }
}

/// Adds every sample; the error lists those that cannot be read.
fn add(predictor: &mut Predictor<'_>, samples: &[Sample], args: &Predict) -> Result<()> {
    let mut faults = Vec::new();
    for sample in samples {
        match predictor.add(&sample.sources) {
            Err(error) if args.manifest.is_some() => {
                faults.push(format!("\n  {}: {error}", sample.id))
            }
            done => done?,
        }
    }
    if faults.is_empty() {
        return Ok(());
    }
    let more = match faults.len().saturating_sub(LISTED) {
        0 => String::new(),
        more => format!("\n  … and {more} more"),
    };
    let listed: String = faults.iter().take(LISTED).map(String::as_str).collect();
    let count = faults.len();
    Err(TrainError::Unfit(format!(
        "{count} of {} samples cannot be predicted:{listed}{more}",
        samples.len()
    ))
    .into())
}
