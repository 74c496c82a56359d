//! What is drawn of a table's runs: one figure a data set, a panel a row.

use std::path::PathBuf;

use amst_figures::{
    BarOptions, CurveOptions, Figure, Metric, PageOptions, Panel, RunLog, Split, figure3, figure4,
};
use amst_recipe::FigureKind;
use amst_report::Entry;

use crate::ReproduceError;
use crate::folders::Folders;
use crate::request::Request;

/// What is drawn otherwise than in the paper.
#[derive(clap::Args, Debug)]
pub struct FigureArgs {
    /// figure3: what the curves show, accuracy, loss, entropy or confidence.
    #[arg(long, value_name = "NAME")]
    pub metric: Option<Metric>,
    /// figure3: the split that the curves are of, train or val.
    #[arg(long, value_name = "NAME")]
    pub split: Option<Split>,
    /// figure3 and figure4: width of the figure in millimetres; 85 is a column, 170 a page.
    #[arg(long, value_name = "MM", value_parser = PageOptions::parse_width)]
    pub width: Option<f64>,
}

impl FigureArgs {
    /// Refuses options that say nothing of a table without a figure, or with another one.
    pub(crate) fn refuse_for(
        &self,
        table: &str,
        figure: Option<FigureKind>,
        command: &str,
    ) -> Result<(), ReproduceError> {
        let is_curves = figure == Some(FigureKind::Curves);
        let given = [
            ("--metric", self.metric.is_some() && !is_curves),
            ("--split", self.split.is_some() && !is_curves),
            ("--width", self.width.is_some() && figure.is_none()),
        ];
        match given.into_iter().find(|(_, given)| *given) {
            Some((option, _)) => Err(ReproduceError::Usage(format!(
                "{option} says nothing of `{table}`: use it with `{command} figure3`"
            ))),
            None => Ok(()),
        }
    }
}

/// Draws and writes the figure of each data set; returns the files. A row without any run has no
/// panel, and a data set without any has no figure.
pub fn draw(
    kind: FigureKind,
    request: &Request,
    entries: &[Entry],
    folders: &Folders,
    args: &FigureArgs,
) -> Result<Vec<PathBuf>, ReproduceError> {
    let page = PageOptions {
        width_mm: args.width.unwrap_or(170.0),
        ..PageOptions::default()
    };
    let mut files = Vec::new();
    for (column, classes) in request.columns_and_classes() {
        let panels = panels(request, entries, column)?;
        if panels.is_empty() {
            continue;
        }
        let figure = match kind {
            FigureKind::Curves => curves(&panels, args, page.clone())?,
            FigureKind::ClassEntropy => {
                let options = BarOptions {
                    class_names: classes.to_vec(),
                    page: page.clone(),
                    ..BarOptions::default()
                };
                figure4(&panels, &options)?
            }
        };
        // `spoken-digits:a+t+v` is no name of a file everywhere.
        let stem = folders.table.join(column.replace(':', "-"));
        let written = figure.write(&stem)?;
        files.extend([written.svg, written.csv]);
    }
    Ok(files)
}

fn curves(
    panels: &[Panel],
    args: &FigureArgs,
    page: PageOptions,
) -> Result<Figure, ReproduceError> {
    let options = CurveOptions {
        metric: args.metric.unwrap_or_default(),
        split: args.split.unwrap_or_default(),
        page,
        ..CurveOptions::default()
    };
    Ok(figure3(panels, &options)?)
}

/// A panel for each row that has runs on a data set.
pub fn panels(
    request: &Request,
    entries: &[Entry],
    column: &str,
) -> Result<Vec<Panel>, ReproduceError> {
    let mut panels = Vec::new();
    for row in request.rows() {
        let mut runs = Vec::new();
        for entry in entries {
            if entry.column == column && entry.experiment == row.id && entry.outcome.is_ok() {
                let folder = entry.file.parent().unwrap_or(&entry.file);
                runs.push(RunLog::read(folder)?);
            }
        }
        if !runs.is_empty() {
            panels.push(Panel::new(row.name.clone(), runs)?);
        }
    }
    Ok(panels)
}
