//! `amst audit`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use amst_annotations::{
    Annotation, AuditRules, Dataset, Facts, LISTS_FOLDER, Report, Selection, Split, Splitting,
    audit, published_line, read_lists, select, ur_funny,
};
use amst_data::layout::annotations::annotations;
use amst_data::layout::lengths;
use amst_data::{DataError, Progress};
use amst_recipe::{Layout, RecipeError, ResolvedDataset, SYNTHETIC, find_dataset, raw_place};
use amst_train::TrainError;
use anyhow::Result;

use crate::args::{Audit, ProgressKind};
use crate::datasets::folder;
use crate::failure::{Found, Usage};
use crate::progress;

/// Prints what the lists hold, and writes those that were asked for.
pub fn run(args: &Audit) -> Result<()> {
    if let Some(dataset) = with_manifest(args)? {
        return run_on_manifest(args, &dataset);
    }
    if args.fold > 0 {
        let why = "--fold is for a manifest with several splits; published lists have one";
        return Err(Usage(why.into()).into());
    }
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
    if args.json {
        println!("{:#}", json(args.split, &report, &selection)?);
    } else {
        print!("{report}{}", left_out(args.split, &selection));
    }
    fail_if_strict(args, &report)
}

/// The data set that is meant, if it has a manifest and no published lists.
fn with_manifest(args: &Audit) -> Result<Option<ResolvedDataset>> {
    let Some(name) = args.what.to_str() else {
        return Ok(None);
    };
    if Dataset::find(name).is_some() || name == SYNTHETIC {
        return Ok(None);
    }
    match find_dataset(name, &folder()) {
        Ok(dataset) if dataset.spec.layout == Layout::Csv => Ok(Some(dataset)),
        Ok(_) | Err(RecipeError::UnknownDataset { .. } | RecipeError::NoDescriptor(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn run_on_manifest(args: &Audit, dataset: &ResolvedDataset) -> Result<()> {
    let unfit = [
        ("--split", args.split != Splitting::Published),
        ("--lists", args.lists.is_some()),
        ("--lists-only", args.lists_only),
        ("--raw", args.raw.is_some()),
        ("--folds", args.folds.is_some()),
        ("--out", args.out.is_some()),
    ];
    if let Some((option, _)) = unfit.into_iter().find(|(_, given)| *given) {
        return Err(Usage(format!(
            "{option} is for published lists: {} has a manifest; leave it out",
            dataset.spec.name
        ))
        .into());
    }
    let report = audit_of(dataset, args.fold)?;
    if args.json {
        println!("{:#}", serde_json::to_value(&report)?);
    } else {
        print!("{report}");
    }
    fail_if_strict(args, &report)
}

/// What the audit of a data set with a manifest says of one of its splits; `None` where no such
/// data set is at hand.
pub fn audit_manifest(name: &str, fold: usize) -> Result<Option<Report>> {
    if Dataset::find(name).is_some() || name == SYNTHETIC {
        return Ok(None);
    }
    match find_dataset(name, &folder()) {
        Ok(dataset) if dataset.spec.layout == Layout::Csv => Ok(Some(audit_of(&dataset, fold)?)),
        _ => Ok(None),
    }
}

fn audit_of(dataset: &ResolvedDataset, fold: usize) -> Result<Report> {
    let samples = annotations(dataset, fold)?;
    let group = dataset.spec.columns.group.clone();
    let rules = AuditRules {
        name: dataset.spec.name.clone(),
        classes: dataset.spec.classes.clone(),
        group: group.unwrap_or("group".into()),
        frames: None,
        frames_per_second: dataset.spec.frames_per_second,
        sound_seconds: None,
    };
    Ok(audit(&rules, &samples, &BTreeMap::new()))
}

fn fail_if_strict(args: &Audit, report: &Report) -> Result<()> {
    let found = report.findings.len();
    if args.strict && found > 0 {
        Err(Found(found).into())
    } else {
        Ok(())
    }
}

/// The data set whose lists are meant, and the folder of the lists.
fn located(args: &Audit) -> Result<(Dataset, PathBuf)> {
    let named = args.what.to_str().and_then(Dataset::find);
    if let Some(dataset) = named {
        let lists = match &args.lists {
            Some(lists) => lists.clone(),
            None => raw_place(dataset.name(), &folder())?,
        };
        return Ok((dataset, lists));
    }
    let folder = args.lists.as_ref().unwrap_or(&args.what);
    // The names of the lists show whose they are.
    let mut datasets = Dataset::ALL.to_vec();
    datasets.retain(|dataset| {
        let names = Split::ALL.map(|split| dataset.list_name(split));
        names.iter().any(|name| {
            folder.join(name).is_file() || folder.join(LISTS_FOLDER).join(name).is_file()
        })
    });
    match datasets[..] {
        [dataset] => Ok((dataset, folder.clone())),
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
            Err(Usage(format!("{}: {why}", folder.display())).into())
        }
    }
}

/// Lengths of the raw files, where there are any; the lists can be audited without.
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
    let raw = match &args.raw {
        Some(raw) => raw.clone(),
        None if args.what.to_str().and_then(Dataset::find).is_some() => {
            raw_place(dataset.name(), &folder())?
        }
        None => args.what.clone(),
    };
    let shown = progress::Preparing::new(ProgressKind::Auto);
    let measured = lengths(
        dataset,
        samples,
        &raw,
        rules.frames_per_second,
        &|done, total| shown.show(Progress::Looking { done, total }),
    );
    shown.finish();
    match measured {
        Ok(facts) => Ok(facts),
        Err(error) if args.raw.is_some() => Err(error.into()),
        // Raw files that were not named may not exist: the report says what is not checked.
        Err(DataError::Layout { .. } | DataError::Read { .. }) => Ok(BTreeMap::new()),
        Err(error) => {
            eprintln!("warning: no lengths of files are checked: {error}");
            Ok(BTreeMap::new())
        }
    }
}

/// Writes the lists under their published names, so that the same programs read them.
fn write(dataset: Dataset, selection: &Selection, out: &Path, lists: &Path) -> Result<()> {
    std::fs::create_dir_all(out).map_err(TrainError::io("write", out, "--out"))?;
    let published = [lists.to_path_buf(), lists.join(LISTS_FOLDER)];
    if (published.iter()).any(|lists| same_file::is_same_file(out, lists).unwrap_or(false)) {
        let why = "the published lists lie there; give another folder";
        return Err(Usage(format!("`--out` is {}: {why}", out.display())).into());
    }
    for split in Split::ALL {
        let samples = selection.samples.iter();
        let lines = samples
            .filter(|sample| sample.split == split)
            .map(|sample| published_line(dataset, sample));
        write_lines(&out.join(dataset.list_name(split)), lines)?;
    }
    let dropped = selection
        .dropped
        .iter()
        .map(|d| format!("{}:{} {}: {}", d.split, d.line, d.id, d.reason));
    write_lines(&out.join("dropped.txt"), dropped)
}

fn write_lines(path: &Path, lines: impl Iterator<Item = String>) -> Result<()> {
    let text: String = lines.map(|line| line + "\n").collect();
    Ok(std::fs::write(path, text).map_err(TrainError::io("write", path, "--out"))?)
}

fn json(split: Splitting, report: &Report, selection: &Selection) -> Result<serde_json::Value> {
    let mut object = serde_json::to_value(report)?;
    object["split"] = split.name().into();
    object["dropped"] = serde_json::to_value(&selection.dropped)?;
    Ok(object)
}

/// How many lines were left out, by kind of reason.
fn left_out(split: Splitting, selection: &Selection) -> String {
    if split == Splitting::Published {
        return String::new();
    }
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for dropped in &selection.dropped {
        *kinds.entry(dropped.reason.name()).or_default() += 1;
    }
    let reasons: String = kinds
        .iter()
        .map(|(kind, count)| format!("{count:>6} {kind}\n"))
        .collect();
    format!(
        "\n{split}: {} published lines left out\n{reasons}",
        selection.dropped.len()
    )
}
