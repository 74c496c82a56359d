//! `amst prepare`.

use std::path::Path;
use std::time::{Duration, Instant};

use amst_data::{DataError, LeftOut, Preparation, Prepared, SplitName};
use amst_recipe::{DatasetSpec, remember_raw};
use anyhow::Result;
use indicatif::{HumanBytes, HumanDuration};

use crate::args::{Prepare, ProgressKind};
use crate::datasets::{Resolved, folder, resolved, resolved_in, store};
use crate::progress;

/// Samples that are named in one message; the rest is in a file.
const NAMED: usize = 10;

/// Resolves and prepares a data set and prints a summary.
pub fn run(args: &Prepare) -> Result<()> {
    let mut layers = args.what.layers.clone();
    layers.dataset = args.name.clone().or(layers.dataset);
    let resolved = match &args.raw {
        Some(raw) => resolved_in(&layers, &args.what.out, raw)?,
        None => resolved(&layers, &args.what.out)?,
    };
    let started = Instant::now();
    let data = prepare_allowing(
        &resolved,
        &args.what.out,
        args.what.progress,
        Some(args.max_bad),
    )?;
    if args.what.progress == ProgressKind::Auto {
        let store = store(&args.what.out, &resolved.dataset.spec);
        print!(
            "{}",
            summary(&resolved.dataset.spec, &data, started.elapsed(), &store)
        );
    }
    if let Some(raw) = &args.raw {
        let name = layers.dataset.as_ref();
        let name = name.unwrap_or(&resolved.dataset.spec.name);
        remember(name, raw, args.what.progress);
    }
    Ok(())
}

/// Computes the features that are missing, with a progress bar. Samples that an earlier preparation
/// left out are left out again, with a warning.
pub fn prepare(resolved: &Resolved, out: &Path, kind: ProgressKind) -> Result<Prepared> {
    let data = prepare_allowing(resolved, out, kind, None)?;
    let left_out = data.left_out().len();
    if left_out > 0 && kind != ProgressKind::None {
        eprintln!(
            "warning: {left_out} samples are left out, as `amst prepare --max-bad` agreed; it \
             lists them"
        );
    }
    Ok(data)
}

fn prepare_allowing(
    resolved: &Resolved,
    out: &Path,
    kind: ProgressKind,
    max_bad: Option<usize>,
) -> Result<Prepared> {
    let shown = progress::Preparing::new(kind);
    let store = store(out, &resolved.dataset.spec);
    let preparation = Preparation {
        dataset: &resolved.dataset,
        recipe: &resolved.cell.recipe,
        text_model: resolved.text_model.as_ref(),
        store_dir: &store,
        max_bad,
        progress: &|event| shown.show(event),
    };
    let data = preparation.run();
    shown.finish();
    data.map_err(|error| with_all_problems(error, &store))
}

/// Names a file with all problems, where one message cannot hold them.
fn with_all_problems(error: DataError, store: &Path) -> anyhow::Error {
    let all = error.in_full();
    if all.len() <= NAMED {
        return error.into();
    }
    let file = store.join("problems.txt");
    let written =
        std::fs::create_dir_all(store).and_then(|()| std::fs::write(&file, all.join("\n") + "\n"));
    match written {
        Ok(()) => {
            let words = format!("{error}\n  all {} of them: {}", all.len(), file.display());
            anyhow::Error::new(error).context(words)
        }
        Err(_) => error.into(),
    }
}

fn summary(spec: &DatasetSpec, data: &Prepared, took: Duration, store: &Path) -> String {
    let counts = SplitName::ALL.map(|name| data.split(name).len());
    let words: Vec<String> = SplitName::ALL
        .iter()
        .zip(counts)
        .map(|(name, count)| format!("{count} {name}"))
        .collect();
    let mut text = format!(
        "{}: {} classes, {}",
        spec.name,
        data.classes().len(),
        words.join(", ")
    );
    if let Some(published) = spec.samples {
        let published = [published.train, published.val, published.test];
        text += &if counts == published {
            " (as published)".into()
        } else {
            let [train, val, test] = published;
            format!(" (published: {train}, {val}, {test})")
        };
    }
    text += &format!(
        "\n{}, {} in {}\n",
        HumanDuration(took),
        HumanBytes(data.bytes()),
        store.display()
    );
    text += &classes(data);
    text += &left_out(data.left_out());
    text
}

/// Samples of each class, split by split.
fn classes(data: &Prepared) -> String {
    let widest = data
        .classes()
        .iter()
        .map(|class| class.chars().count())
        .max()
        .unwrap_or(0);
    let counts = SplitName::ALL.map(|name| data.split(name).class_counts());
    let mut text = String::new();
    for (index, class) in data.classes().iter().enumerate() {
        let numbers: String = counts
            .iter()
            .map(|split| format!(" {:>6}", split[index]))
            .collect();
        text += &format!("  {class:widest$}{numbers}\n");
    }
    text
}

/// The samples that were left out, with reasons.
fn left_out(samples: &[LeftOut]) -> String {
    if samples.is_empty() {
        return String::new();
    }
    let mut text = format!("left out ({}):\n", samples.len());
    for out in samples {
        text += &format!(
            "  {} ({}), {}: {}\n",
            out.id, out.split, out.modality, out.why
        );
    }
    text
}

/// Notes where the raw files are, so that `--dataset NAME` finds them from now on.
fn remember(name: &str, raw: &Path, kind: ProgressKind) {
    match remember_raw(name, raw, &folder()) {
        Ok(Some(note)) if kind == ProgressKind::Auto => {
            println!(
                "{} says where its files are: `--dataset {name}` is enough from now on",
                note.display()
            );
        }
        Ok(_) => {}
        Err(error) => eprintln!(
            "warning: where the files of {name} are could not be noted ({error}): give `--dataset \
             {}`",
            raw.display()
        ),
    }
}
