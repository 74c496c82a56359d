//! `amst train`.

use std::path::Path;

use amst::methods::trainable;
use amst_recipe::{Cell, CellResult, Recipe};
use amst_reproduce::available_memory;
use amst_train::{EventKind, Run, Trainer};
use anyhow::Result;

use crate::args::{Layers, ProgressKind, Train};
use crate::datasets::{Resolved, resolved};
use crate::device;
use crate::failure::Usage;
use crate::init::InitialWeights;
use crate::out_of_memory;
use crate::prepare::prepare;
use crate::profile::Shares;
use crate::progress::Shown;
use crate::signals;

/// Trains one cell, or shows the result that is there.
pub fn run(args: &Train) -> Result<()> {
    let what = &args.what;
    let initial = args.init.as_deref().map(InitialWeights::read).transpose()?;
    let resolved = resolved(&layers(args, initial.as_ref()), &what.out)?;
    if let Some(sentence) = &resolved.cell.trained_as
        && what.progress == ProgressKind::Auto
    {
        println!("{sentence}");
    }
    let device = device::open(&args.device, resolved.cell.recipe.precision)?;
    refuse_other_weights(args, initial.as_ref(), &resolved)?;
    amst_train::check(&resolved.cell.recipe, resolved.text_model.as_ref())?;
    if !args.fresh && finished_before(args, &resolved)? {
        return Ok(());
    }
    let network = initial
        .map(|initial| initial.network(&resolved, &device))
        .transpose()?;
    let data = prepare(&resolved, &what.out, what.progress)?;
    let mut shown = Shown::new(what.progress);
    if args.fresh
        && let Some(aside) = Run::set_aside(&what.out, &resolved.cell)?
    {
        eprintln!("what was there is now in {}", aside.display());
    }
    tell_of_other_epochs(&what.out, &resolved.cell);
    refuse_too_large(&args.device, &resolved.cell.recipe)?;
    let run = Run::create(&what.out, &resolved.cell, &resolved.lock)?;
    for warning in run.warnings() {
        eprintln!("warning: {warning}");
    }
    // Another process may have been there until a moment ago.
    if finished_before(args, &resolved)? {
        return Ok(());
    }
    let recipe = &resolved.cell.recipe;
    let trainer = out_of_memory::guarded(recipe, &args.device, || {
        Ok(match network {
            Some(network) => Trainer::with_network(run, data, device, network)?,
            None => Trainer::new(run, data, device)?,
        })
    })?;
    let mut trainer = trainer.checkpoints(args.checkpoint_every, args.keep);
    trainer = trainer.stop_on(signals::listen()?);
    if let Some(path) = &args.weights {
        trainer = trainer.keep_weights(path)?;
    }
    if let Some(path) = &args.log_steps {
        trainer = trainer.log_steps(path);
    }
    if args.profile {
        trainer = trainer.profile();
    }
    let mut shares = Shares::default();
    let result = out_of_memory::guarded(recipe, &args.device, || {
        Ok(trainer.train(&mut |event| {
            shares.add(&event.kind);
            shown.show(event);
        })?)
    })?;
    report(args, &resolved, &result, "done");
    if args.profile && what.progress == ProgressKind::Auto {
        println!(
            "{}  {}",
            shares.text(),
            what.out
                .join(resolved.cell.run_dir())
                .join("trace.json")
                .display()
        );
    }
    Ok(())
}

/// Refuses a recipe that needs much more memory than the machine has free.
fn refuse_too_large(device: &str, recipe: &Recipe) -> Result<()> {
    let Some(free) = available_memory().filter(|_| device.starts_with("flex")) else {
        return Ok(());
    };
    recipe.check_memory(trainable().facts(&recipe.method)?, free)?;
    Ok(())
}

/// Raising `epochs` starts another run; the finished one is not continued.
fn tell_of_other_epochs(out: &Path, cell: &Cell) {
    let own = out.join(cell.run_dir());
    let Some(siblings) = own
        .parent()
        .and_then(|folder| std::fs::read_dir(folder).ok())
    else {
        return;
    };
    for sibling in siblings.flatten().filter(|sibling| sibling.path() != own) {
        let text = std::fs::read_to_string(sibling.path().join("recipe.toml"));
        let other = text
            .ok()
            .and_then(|text| toml::from_str::<Recipe>(&text).ok());
        if let Some(other) = other.filter(|other| other.differs_only_in_epochs(&cell.recipe)) {
            eprintln!(
                "note: {} has {} epochs; with {} it is another cell, trained from its own start. To \
                 begin with trained weights, name their file: `--init FILE` (`amst train … \
                 --weights FILE` writes it)",
                sibling.path().display(),
                other.epochs,
                cell.recipe.epochs
            );
        }
    }
}

/// Whether the cell has its result, which is shown then.
fn finished_before(args: &Train, resolved: &Resolved) -> Result<bool> {
    let Some(result) = Run::finished(&args.what.out, &resolved.cell)? else {
        return Ok(false);
    };
    refuse_lost_files(args, resolved)?;
    report(args, resolved, &result, "finished before");
    Ok(true)
}

/// The layers of the recipe, with the hash of the initial weights if a file gives them. A resolved
/// recipe has no layers: it must have that hash already.
fn layers(args: &Train, initial: Option<&InitialWeights>) -> Layers {
    let mut layers = args.what.layers.clone();
    layers
        .assignments
        .extend(initial.map(|initial| format!("init=\"{}\"", initial.digest())));
    layers
}

fn refuse_other_weights(
    args: &Train,
    initial: Option<&InitialWeights>,
    resolved: &Resolved,
) -> Result<()> {
    let named = &resolved.cell.recipe.init;
    match initial {
        None if !named.is_empty() => Err(Usage(
            "`init` is the hash of a file of weights: name the file, `--init FILE`".into(),
        )
        .into()),
        Some(initial) if args.what.layers.resolved.is_some() && *named != initial.digest() => {
            Err(Usage(format!(
                "the recipe of `--resolved` does not start from {}: its `init` is not that file's \
                 SHA-256",
                initial.path().display()
            ))
            .into())
        }
        _ => Ok(()),
    }
}

/// Only the result of a finished run is kept; network and steps would have to be computed again.
fn refuse_lost_files(args: &Train, resolved: &Resolved) -> Result<()> {
    let trace = args.profile.then(|| {
        args.what
            .out
            .join(resolved.cell.run_dir())
            .join("trace.json")
    });
    let wanted = [
        ("weights", &args.weights),
        ("log of steps", &args.log_steps),
        ("trace", &trace),
    ];
    let missing = wanted
        .into_iter()
        .find_map(|(what, path)| Some((what, path.as_ref().filter(|p| !p.exists())?)));
    match missing {
        Some((what, path)) => Err(Usage(format!(
            "this run was finished before, without its {what}: train it again into another \
             folder, `--out {}-again`, to get {}",
            args.what.out.display(),
            path.display()
        ))
        .into()),
        None => Ok(()),
    }
}

fn report(args: &Train, resolved: &Resolved, result: &CellResult, how: &str) {
    let fused = &result.test.outputs["fused"];
    match args.what.progress {
        ProgressKind::Json if how != "done" => {
            let event = EventKind::Done {
                epoch: result.selected.epoch,
                test_accuracy: fused.accuracy,
            };
            println!(
                "{}",
                serde_json::to_string(&amst_train::Event::from(event)).expect("plain data")
            );
        }
        ProgressKind::Auto => print_result(args, resolved, result, how),
        _ => {}
    }
}

fn print_result(args: &Train, resolved: &Resolved, result: &CellResult, how: &str) {
    let recipe = &result.recipe;
    println!(
        "{} on {}, seed {}: {how}",
        recipe.method.name(),
        recipe.dataset,
        recipe.seed
    );
    println!(
        "  epoch {} of {} selected at {:.1} % validation accuracy; majority class {:.1} % of {} \
         test samples",
        result.selected.epoch,
        result.epochs,
        100.0 * result.selected.val_accuracy,
        100.0 * result.test.majority_rate,
        result.test.samples
    );
    for (name, m) in &result.test.outputs {
        println!(
            "  {name:<13} {:5.1} %  loss {:.3}  entropy {:.3}",
            100.0 * m.accuracy,
            m.loss,
            m.entropy
        );
    }
    println!(
        "  {}",
        args.what.out.join(resolved.cell.run_dir()).display()
    );
}
