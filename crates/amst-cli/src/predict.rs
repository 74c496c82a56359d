//! `amst predict`.

mod samples;
mod show;

use amst_train::{Prediction, Predictor, TrainError};
use anyhow::Result;

use crate::args::Predict;
use crate::network;
use samples::Sample;

/// Faults that are listed; more are only counted.
const LISTED: usize = 10;

/// Reads all samples, predicts them and prints the predictions.
pub fn run(args: &Predict) -> Result<()> {
    samples::check(args)?;
    let network = network::open(&args.which)?.network;
    let samples = samples::read(args, &network.modalities())?;
    let mut predictor = network.predictor()?;
    add(&mut predictor, &samples, args)?;
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
