//! `amst figure`.

use std::collections::BTreeMap;

use amst_figures::{
    BarOptions, CurveOptions, PageOptions, Panel, RunLog, draw_class_entropy, draw_curves,
};
use anyhow::Result;

use crate::args::{Figure, FigureKind, GroupBy};
use crate::failure::Usage;

/// Draws the runs, and writes drawing and numbers.
pub fn run(args: &Figure) -> Result<()> {
    refuse_overwriting(args)?;
    let panels = panels(args)?;
    let page = PageOptions {
        width_mm: args.width,
        ..PageOptions::default()
    };
    let figure = match args.kind {
        FigureKind::Curves => {
            let options = CurveOptions {
                metric: args.metric,
                split: args.split,
                page,
                ..CurveOptions::default()
            };
            draw_curves(&panels, &options)?
        }
        FigureKind::Entropy => {
            let options = BarOptions {
                page,
                ..BarOptions::default()
            };
            draw_class_entropy(&panels, &options)?
        }
    };
    let files = figure.write(&args.out)?;
    println!("{}\n{}", files.svg.display(), files.csv.display());
    Ok(())
}

fn refuse_overwriting(args: &Figure) -> Result<(), Usage> {
    for ending in ["svg", "csv"] {
        let file = format!("{}.{ending}", args.out.display());
        if !args.force && std::path::Path::new(&file).exists() {
            return Err(Usage(format!(
                "{file} is there already: give another name, `--out NAME`, or `--force` to \
                 replace it"
            )));
        }
    }
    Ok(())
}

fn panels(args: &Figure) -> Result<Vec<Panel>> {
    let mut groups: BTreeMap<String, Vec<RunLog>> = BTreeMap::new();
    for folder in &args.runs {
        for log in RunLog::read_below(folder)? {
            let title = match args.by {
                GroupBy::Method => format!("{}, {}", log.dataset(), log.method()),
                GroupBy::Dataset => log.dataset().to_string(),
                GroupBy::Seed => {
                    format!("{}, {}, seed {}", log.dataset(), log.method(), log.seed())
                }
            };
            groups.entry(title).or_default().push(log);
        }
    }
    let mut panels = Vec::new();
    for (title, runs) in groups {
        panels.push(Panel::new(title, runs)?);
    }
    Ok(panels)
}
