//! `amst predict`.

mod samples;
mod show;

use amst_train::{Prediction, Predictor, TrainError};
use anyhow::Result;

use crate::args::Predict;
use crate::network;
use samples::Sample;

/// Faults that are told one by one.
const TOLD: usize = 10;

/// Reads all samples, predicts them and shows what came out.
pub fn run(args: &Predict) -> Result<()> {
    samples::check(args)?;
    let network = network::open(&args.which)?.network;
    let samples = samples::of(args, &network.modalities())?;
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

/// Adds every sample, or says what is wrong with each that cannot be.
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
    let more = match faults.len().saturating_sub(TOLD) {
        0 => String::new(),
        more => format!("\n  … and {more} more"),
    };
    let told: String = faults.iter().take(TOLD).map(String::as_str).collect();
    let count = faults.len();
    Err(TrainError::Unfit(format!(
        "{count} of {} samples cannot be predicted:{told}{more}",
        samples.len()
    ))
    .into())
}
