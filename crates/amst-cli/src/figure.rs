//! `amst figure`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use amst_figures::{
    BarOptions, CalibrationOptions, ConfusionOptions, CurveOptions, Figure, HeatMapOptions, Metric,
    PageOptions, Panel, RunLog, draw_calibration, draw_class_entropy, draw_confusion, draw_curves,
    draw_heat_map, panels_by_recipe,
};
use anyhow::Result;

use crate::args::{self, FigureKind, GroupBy};
use crate::failure::Usage;

/// Draws the runs, and writes drawing and numbers.
pub fn run(args: &args::Figure) -> Result<()> {
    refuse_what_says_nothing(args)?;
    refuse_overwriting(args)?;
    let mut runs = Vec::new();
    for folder in &args.runs {
        runs.extend(RunLog::read_below(folder)?);
    }
    let mut figure = draw(args, runs)?;
    if args.dark {
        figure = figure.on_dark();
    }
    let files = figure.write(&args.out)?;
    println!("{}\n{}", files.svg.display(), files.csv.display());
    if args.pdf {
        println!("{}", write_pdf(&figure, &args.out)?.display());
    }
    Ok(())
}

#[cfg(feature = "pdf")]
fn write_pdf(figure: &Figure, stem: &Path) -> Result<PathBuf> {
    Ok(figure.write_pdf(stem)?)
}

#[cfg(not(feature = "pdf"))]
fn write_pdf(_: &Figure, _: &Path) -> Result<PathBuf> {
    Err(without_pdf().into())
}

fn without_pdf() -> Usage {
    Usage(
        "this amst was built without PDF: `cargo build --release -p amst-cli --features pdf` builds \
         one with it; a browser prints the SVG as PDF, too"
            .into(),
    )
}

fn draw(args: &args::Figure, runs: Vec<RunLog>) -> Result<Figure> {
    let page = PageOptions {
        width_mm: args.width,
        ..PageOptions::default()
    };
    let outputs: Vec<String> = args.output.iter().cloned().collect();
    let figure = match args.kind {
        FigureKind::Curves | FigureKind::Balance => {
            let metric = if args.kind == FigureKind::Balance {
                Metric::Discrepancy
            } else {
                args.metric.unwrap_or_default()
            };
            let options = CurveOptions {
                metric,
                split: args.split.unwrap_or_default(),
                outputs,
                page,
            };
            draw_curves(&panels(args.by, runs)?, &options)?
        }
        FigureKind::Entropy => {
            let options = BarOptions {
                outputs,
                page,
                ..BarOptions::default()
            };
            draw_class_entropy(&panels(args.by, runs)?, &options)?
        }
        FigureKind::Confusion => {
            let mut options = ConfusionOptions {
                page,
                ..ConfusionOptions::default()
            };
            if let Some(output) = &args.output {
                options.output.clone_from(output);
            }
            draw_confusion(&panels(args.by, runs)?, &options)?
        }
        FigureKind::Calibration => {
            let options = CalibrationOptions { outputs, page };
            draw_calibration(&panels(args.by, runs)?, &options)?
        }
        FigureKind::Heatmap => {
            let options = HeatMapOptions {
                x: args.x.clone(),
                y: args.y.clone(),
                page,
            };
            draw_heat_map(&runs, &options)?
        }
    };
    Ok(figure)
}

fn refuse_what_says_nothing(args: &args::Figure) -> Result<(), Usage> {
    let is_curves = args.kind == FigureKind::Curves;
    let is_heat_map = args.kind == FigureKind::Heatmap;
    let given = [
        ("--metric", args.metric.is_some() && !is_curves, "curves"),
        ("--split", args.split.is_some() && !is_curves, "curves"),
        ("--x", args.x.is_some() && !is_heat_map, "heatmap"),
        ("--y", args.y.is_some() && !is_heat_map, "heatmap"),
    ];
    if args.pdf && !cfg!(feature = "pdf") {
        return Err(without_pdf());
    }
    match given.into_iter().find(|(_, given, _)| *given) {
        Some((option, _, kind)) => Err(Usage(format!(
            "{option} is for `amst figure {kind}`; leave it out"
        ))),
        None => Ok(()),
    }
}

fn refuse_overwriting(args: &args::Figure) -> Result<(), Usage> {
    let endings = ["svg", "csv"].into_iter().chain(args.pdf.then_some("pdf"));
    for ending in endings {
        let file = format!("{}.{ending}", args.out.display());
        if !args.force && Path::new(&file).exists() {
            return Err(Usage(format!(
                "{file} is there already: give another name, `--out NAME`, or `--force` to \
                 replace it"
            )));
        }
    }
    Ok(())
}

fn panels(by: GroupBy, runs: Vec<RunLog>) -> Result<Vec<Panel>> {
    if by == GroupBy::Method {
        return Ok(panels_by_recipe(runs)?);
    }
    let mut groups: BTreeMap<String, Vec<RunLog>> = BTreeMap::new();
    for run in runs {
        let mut title = run.dataset().to_string();
        if by == GroupBy::Seed {
            title += &format!(", {}, seed {}", run.method(), run.seed());
        }
        groups.entry(title).or_default().push(run);
    }
    let mut panels = Vec::new();
    for (title, runs) in groups {
        panels.push(Panel::new(title, runs)?);
    }
    Ok(panels)
}
