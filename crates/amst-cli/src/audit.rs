//! `amst audit`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use amst_annotations::{
    Annotation, AuditRules, Dataset, Facts, LISTS_FOLDER, Report, Selection, Split, Splitting,
    audit, published_line, read_lists, select, ur_funny,
};
use amst_data::layout::lengths;
use amst_data::{DataError, Progress};
use amst_recipe::raw_place;
use amst_train::TrainError;
use anyhow::Result;

use crate::args::{Audit, ProgressKind};
use crate::datasets::folder;
use crate::failure::{Found, Usage};
use crate::progress;

/// Prints what the lists hold, and writes those that were asked for.
pub fn run(args: &Audit) -> Result<()> {
    let (dataset, lists) = located(args)?;
    let rules = AuditRules::for_dataset(dataset);
    let published = read_lists(dataset, &lists)?;
    let folds = args
        .folds
        .as_deref()
        .map(ur_funny::read_folds)
        .transpose()?;
    let selection = select(args.split, dataset, &published, folds.as_ref())?;
    let facts = facts(args, dataset, &rules, &selection.samples)?;
    let report = audit(&rules, &selection.samples, &facts);
    if let Some(out) = &args.out {
        write(dataset, &selection, out, &lists)?;
    }
    match args.json {
        true => println!("{:#}", json(args.split, &report, &selection)?),
        false => print!("{report}{}", left_out(args.split, &selection)),
    }
    let found = report.findings.len();
    if args.strict && found > 0 {
        Err(Found(found).into())
    } else {
        Ok(())
    }
}

/// Whose lists are meant, and where they are.
fn located(args: &Audit) -> Result<(Dataset, PathBuf)> {
    let named = args.what.to_str().and_then(Dataset::find);
    if let Some(dataset) = named {
        let lists = match &args.lists {
            Some(lists) => lists.clone(),
            None => raw_place(dataset.name(), &folder())?,
        };
        return Ok((dataset, lists));
    }
    let place = args.lists.as_ref().unwrap_or(&args.what);
    // The names of the lists tell whose they are.
    let holds = |dataset: &Dataset| {
        let names = Split::ALL.map(|split| dataset.list_name(split));
        names
            .iter()
            .any(|name| place.join(name).is_file() || place.join(LISTS_FOLDER).join(name).is_file())
    };
    match Dataset::ALL.into_iter().filter(holds).collect::<Vec<_>>()[..] {
        [dataset] => Ok((dataset, place.clone())),
        [] => {
            let names = Dataset::ALL.map(Dataset::name).join(", ");
            let why = "neither one of the paper's data sets nor a folder with its published lists";
            Err(Usage(format!(
                "{}: {why}; give one of: {names}, and `--lists DIR`",
                args.what.display()
            ))
            .into())
        }
        _ => {
            let why =
                "lists of several data sets lie here; name one and give this folder with `--lists`";
            Err(Usage(format!("{}: {why}", place.display())).into())
        }
    }
}

/// What the raw files say of their lengths, where there are any; the lists can be looked at
/// without.
fn facts(
    args: &Audit,
    dataset: Dataset,
    rules: &AuditRules,
    samples: &[Annotation],
) -> Result<BTreeMap<String, Facts>> {
    let pictures_alone = rules.frames.is_none() && rules.sound_seconds.is_none();
    if args.lists_only || pictures_alone {
        return Ok(BTreeMap::new());
    }
    let place = match &args.raw {
        Some(raw) => raw.clone(),
        None if args.what.to_str().and_then(Dataset::find).is_some() => {
            raw_place(dataset.name(), &folder())?
        }
        None => args.what.clone(),
    };
    let shown = progress::Preparing::new(ProgressKind::Auto);
    let looked = |done, total| shown.show(Progress::Looking { done, total });
    let measured = lengths(dataset, samples, &place, rules.frames_per_second, &looked);
    shown.finish();
    match measured {
        Ok(facts) => Ok(facts),
        Err(error) if args.raw.is_some() => Err(error.into()),
        // Where nobody has named the raw files, there may be none: the report says what is not
        // checked.
        Err(DataError::Layout { .. } | DataError::Read { .. }) => Ok(BTreeMap::new()),
        Err(error) => {
            eprintln!("warning: no lengths of files are checked: {error}");
            Ok(BTreeMap::new())
        }
    }
}

/// The lists under their published names, so that whatever reads those reads these.
fn write(dataset: Dataset, selection: &Selection, out: &Path, lists: &Path) -> Result<()> {
    let failed = |source| TrainError::Io {
        verb: "write",
        path: out.into(),
        source,
        option: "--out",
    };
    std::fs::create_dir_all(out).map_err(failed)?;
    let same = |other: &Path| {
        out.canonicalize()
            .ok()
            .is_some_and(|out| other.canonicalize().is_ok_and(|o| o == out))
    };
    if same(lists) || same(&lists.join(LISTS_FOLDER)) {
        let why = "the published lists lie there; give another folder";
        return Err(Usage(format!("`--out` is {}: {why}", out.display())).into());
    }
    for split in Split::ALL {
        let of = |sample: &&Annotation| sample.split == split;
        let lines = selection
            .samples
            .iter()
            .filter(of)
            .map(|sample| published_line(dataset, sample));
        put(&out.join(dataset.list_name(split)), lines)?;
    }
    let dropped = selection
        .dropped
        .iter()
        .map(|d| format!("{}:{} {}: {}", d.split, d.line, d.id, d.reason));
    put(&out.join("dropped.txt"), dropped)
}

fn put(path: &Path, lines: impl Iterator<Item = String>) -> Result<()> {
    let text: String = lines.map(|line| line + "\n").collect();
    let failed = |source| TrainError::Io {
        verb: "write",
        path: path.into(),
        source,
        option: "--out",
    };
    Ok(std::fs::write(path, text).map_err(failed)?)
}

fn json(split: Splitting, report: &Report, selection: &Selection) -> Result<serde_json::Value> {
    let mut object = serde_json::to_value(report)?;
    object["split"] = split.name().into();
    object["dropped"] = serde_json::to_value(&selection.dropped)?;
    Ok(object)
}

/// How many lines went, and for which kind of reason.
fn left_out(split: Splitting, selection: &Selection) -> String {
    if split == Splitting::Published {
        return String::new();
    }
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    selection
        .dropped
        .iter()
        .for_each(|dropped| *kinds.entry(dropped.reason.name()).or_default() += 1);
    let reasons: String = kinds
        .iter()
        .map(|(kind, count)| format!("{count:>6} {kind}\n"))
        .collect();
    format!(
        "\n{split}: {} published lines left out\n{reasons}",
        selection.dropped.len()
    )
}
