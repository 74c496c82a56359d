//! `amst eval`.

use std::collections::BTreeMap;

use amst_data::{Damage, SplitName};
use amst_recipe::{DataLock, OutputMetrics, ResolvedDataset};
use amst_train::{SelectedNetwork, TrainError};
use anyhow::Result;
use serde_json::json;

use crate::args::{Eval, ProgressKind};
use crate::datasets::Resolved;
use crate::failure::Usage;
use crate::network::{self, Opened};
use crate::prepare::prepare;

type Metrics = BTreeMap<String, OutputMetrics>;

/// The outcome of an evaluation.
struct Report {
    dataset: String,
    split: SplitName,
    samples: usize,
    /// Whether the data are those of the run, where that is known.
    same_data: Option<bool>,
    clean: Metrics,
    /// None where nothing was dropped or damaged.
    damaged: Option<Metrics>,
}

/// Evaluates a network as it is and, if asked, under damage.
pub fn run(args: &Eval) -> Result<()> {
    let damage = damage(args)?;
    let opened = network::open(&args.which)?;
    check_modalities(args, &opened.network)?;
    let dataset = network::dataset(&args.which, &opened.found.recipe)?;
    check_classes(&opened, &dataset)?;
    let lock = DataLock::of(&dataset)?;
    let same_data = same_data(args, &opened, &lock)?;
    let name = dataset.spec.name.clone();
    let Opened {
        network,
        found,
        text_model,
    } = opened;
    let cell = network::cell(&found.recipe, &lock);
    let data = prepare(
        &Resolved {
            dataset,
            lock,
            cell,
            text_model,
        },
        &args.runs,
        ProgressKind::Auto,
    )?;
    let split = args.split.name();
    let clean = network
        .evaluate(&mut network.evaluator(data.split(split))?)?
        .metrics;
    let damaged = if args.drop.is_empty() && args.noise.is_empty() {
        None
    } else {
        let mut evaluator = network.evaluator(data.split(split))?;
        if !args.drop.is_empty() {
            evaluator = evaluator.without(&args.drop)?;
        }
        Some(network.evaluate(&mut evaluator.damaged(&damage)?)?.metrics)
    };
    let samples = data.split(split).len();
    let report = Report {
        dataset: name,
        split,
        samples,
        same_data,
        clean,
        damaged,
    };
    if args.json {
        println!("{:#}", report.json(args));
    } else {
        report.print(args, &network);
    }
    Ok(())
}

fn damage(args: &Eval) -> Result<Damage> {
    for (index, (modality, _)) in args.noise.iter().enumerate() {
        if args.noise[..index]
            .iter()
            .any(|(other, _)| other == modality)
        {
            return Err(Usage(format!("--noise names {modality} twice: give one strength")).into());
        }
        if args.drop.contains(modality) {
            return Err(Usage(format!(
                "{modality} is dropped and damaged: choose --drop or --noise"
            ))
            .into());
        }
    }
    Ok(Damage::new(&args.noise, args.noise_seed)?)
}

fn check_modalities(args: &Eval, network: &SelectedNetwork) -> Result<(), Usage> {
    let own = network.modalities();
    let named = args
        .drop
        .iter()
        .chain(args.noise.iter().map(|(modality, _)| modality));
    let list = own.iter().map(|m| m.name()).collect::<Vec<_>>().join(", ");
    match named.into_iter().find(|modality| !own.contains(modality)) {
        Some(other) => Err(Usage(format!(
            "this network does not read {other}: it reads {list}"
        ))),
        None if own.iter().all(|m| args.drop.contains(m)) => Err(Usage(format!(
            "--drop leaves nothing of {list}: keep one modality"
        ))),
        None => Ok(()),
    }
}

/// A label must mean in the data what it means in the network.
fn check_classes(opened: &Opened, dataset: &ResolvedDataset) -> Result<()> {
    let (own, theirs) = (
        opened.network.classes(),
        network::classes_of(&opened.found.recipe, dataset)?,
    );
    if own == theirs {
        return Ok(());
    }
    let name = &dataset.spec.name;
    let why = if own.len() == theirs.len() {
        format!(
            "the classes of the network are {} and those of {name} are {}: bring `classes` in \
             dataset.toml into the network's order",
            own.join(", "),
            theirs.join(", ")
        )
    } else {
        format!(
            "the network tells {} classes apart and {name} has {}: evaluate it on data with its \
             own classes",
            own.len(),
            theirs.len()
        )
    };
    Err(TrainError::Unfit(why).into())
}

/// Other data than the run's are evaluated only when they are asked for by name.
fn same_data(args: &Eval, opened: &Opened, lock: &DataLock) -> Result<Option<bool>> {
    let same = opened.found.data.as_ref().map(|data| data == lock);
    if same == Some(false) && args.which.dataset.is_none() {
        let name = &opened.found.recipe.dataset;
        return Err(TrainError::Unfit(format!(
            "the data set {name} is not what the network was trained on any more: restore it, or \
             evaluate on what there is now with --dataset {name}"
        ))
        .into());
    }
    Ok(same)
}

impl Report {
    fn json(&self, args: &Eval) -> serde_json::Value {
        let noise: BTreeMap<_, _> = args
            .noise
            .iter()
            .map(|(m, strength)| (m.name(), strength))
            .collect();
        json!({
            "dataset": self.dataset,
            "split": self.split.name(),
            "samples": self.samples,
            "same_data": self.same_data,
            "drop": args.drop.iter().map(|m| m.name()).collect::<Vec<_>>(),
            "noise": noise,
            "noise_seed": args.noise_seed,
            "clean": self.clean,
            "damaged": self.damaged,
        })
    }

    fn print(&self, args: &Eval, network: &SelectedNetwork) {
        let recipe = network.recipe();
        println!(
            "{} of {}, seed {}, on {}: {} samples of the {} split",
            recipe.method.name(),
            recipe.dataset,
            recipe.seed,
            self.dataset,
            self.samples,
            self.split
        );
        if self.same_data == Some(false) {
            println!("  these are other data than the run's");
        }
        let dropped = args.drop.iter().map(|m| format!("without {m}"));
        let noise = args
            .noise
            .iter()
            .map(|(m, strength)| format!("{m} damaged by {strength}"));
        let done: Vec<String> = dropped.chain(noise).collect();
        if !done.is_empty() {
            let seed = if args.noise.is_empty() {
                String::new()
            } else {
                format!(" (seed {})", args.noise_seed)
            };
            println!("  clean → {}{seed}", done.join(", "));
        }
        let titles = ["accuracy", "macro-F1", "loss", "confidence", "entropy"];
        let width = if self.damaged.is_some() { 19 } else { 12 };
        let header: String = titles
            .iter()
            .map(|title| format!("{title:>width$}"))
            .collect();
        println!("  {:<13}{header}", "output");
        for (name, clean) in &self.clean {
            let damaged = self.damaged.as_ref().map(|damaged| damaged.get(name));
            let cells =
                numbers(clean)
                    .into_iter()
                    .enumerate()
                    .map(|(column, clean)| match damaged {
                        None => format!("{clean:>width$}"),
                        Some(None) => format!("{:>width$}", format!("{clean} →       –")),
                        Some(Some(damaged)) => format!(
                            "{:>width$}",
                            format!("{clean} → {:>7}", numbers(damaged)[column])
                        ),
                    });
            println!("  {name:<13}{}", cells.collect::<String>());
        }
    }
}

fn numbers(m: &OutputMetrics) -> [String; 5] {
    [
        format!("{:.1} %", 100.0 * m.accuracy),
        format!("{:.1} %", 100.0 * m.macro_f1),
        format!("{:.3}", m.loss),
        format!("{:.3}", m.confidence),
        format!("{:.3}", m.entropy),
    ]
}
