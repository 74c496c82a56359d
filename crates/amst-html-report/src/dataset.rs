//! What a report shows of one data set.

use amst_figures::{
    BarOptions, CalibrationOptions, ConfusionOptions, CurveOptions, Figure, FigureError, Metric,
    PageOptions, Panel, Split, TestLogits, draw_calibration, draw_class_entropy, draw_confusion,
    draw_curves,
};
use amst_report::{Exporter, Html};
use serde::Serialize;

use crate::ReportError;
use crate::report::{Audit, Content, ReportOptions};
use crate::skipping::{SkipRow, skip_rows};
use crate::times::{TimeRow, time_rows};

/// Width of a figure in millimetres, a phone's or a column's.
const WIDTH_MM: f64 = 85.0;

/// The part of a report about one data set.
#[derive(Clone, Debug, Serialize)]
pub struct DatasetSection {
    /// Its name, in a table of several columns the column's.
    pub name: String,
    /// Its tables as HTML, everything escaped: `{{ table | safe }}`.
    pub table: String,
    /// Training accuracy over epochs, a figure for each row that has runs.
    pub training_curves: Vec<FigureSection>,
    /// Validation accuracy over epochs.
    pub validation_curves: Vec<FigureSection>,
    /// Mean entropy of predictions by class, of all rows on the same axis; none where no row has
    /// an output of a modality alone.
    pub entropy: Option<FigureSection>,
    /// Confusion matrices of the fused output.
    pub confusion: Vec<FigureSection>,
    /// Reliability diagrams.
    pub calibration: Vec<FigureSection>,
    /// Why figures of single predictions are missing, where they are.
    pub without_logits: Vec<String>,
    /// What was trained when, and what skipping saved.
    pub skipping: Vec<SkipRow>,
    /// Seconds by phase.
    pub times: Vec<TimeRow>,
    /// The audit of the data.
    pub audit: Option<Audit>,
}

/// A figure with its caption.
#[derive(Clone, Debug, Serialize)]
pub struct FigureSection {
    /// What it shows: the title of its row.
    pub title: String,
    /// The drawing as SVG with a title and a description for screen readers: `{{ svg | safe }}`.
    pub svg: String,
}

pub(crate) fn section(
    content: &Content,
    options: &ReportOptions,
) -> Result<DatasetSection, ReportError> {
    let panels = &content.panels;
    let mut section = DatasetSection {
        name: content.name.clone(),
        table: Html.export(&content.table),
        training_curves: curves(panels, Split::Train)?,
        validation_curves: curves(panels, Split::Validation)?,
        entropy: None,
        confusion: Vec::new(),
        calibration: Vec::new(),
        without_logits: Vec::new(),
        skipping: skip_rows(panels),
        times: time_rows(panels)?,
        audit: options.audits.get(&content.name).cloned(),
    };
    let finished: Vec<Panel> = panels.iter().filter(|p| is_finished(p)).cloned().collect();
    section.entropy = entropy(&finished)?;
    for panel in &finished {
        let one = std::slice::from_ref(panel);
        let page = page(panel);
        let matrix = ConfusionOptions {
            page: page.clone(),
            ..ConfusionOptions::default()
        };
        match draw_confusion(one, &matrix) {
            Ok(figure) => section.confusion.push(figure_section(panel, figure)),
            Err(error @ FigureError::NoLogits { .. }) => {
                section.without_logits.push(error.to_string());
                continue;
            }
            Err(error) => return Err(error.into()),
        }
        let diagram = CalibrationOptions {
            page,
            ..CalibrationOptions::default()
        };
        let figure = draw_calibration(one, &diagram)?;
        section.calibration.push(figure_section(panel, figure));
    }
    Ok(section)
}

fn is_finished(panel: &Panel) -> bool {
    panel.runs().iter().all(|run| run.result.is_some())
}

fn page(panel: &Panel) -> PageOptions {
    PageOptions {
        title: Some(panel.title().into()),
        width_mm: WIDTH_MM,
        columns: Some(1),
    }
}

fn figure_section(panel: &Panel, figure: Figure) -> FigureSection {
    FigureSection {
        title: panel.title().into(),
        svg: figure.svg,
    }
}

/// A figure a panel: a panel whose runs have not finished an epoch has none.
fn curves(panels: &[Panel], split: Split) -> Result<Vec<FigureSection>, ReportError> {
    let mut figures = Vec::new();
    for panel in panels {
        let options = CurveOptions {
            metric: Metric::Accuracy,
            split,
            page: page(panel),
            ..CurveOptions::default()
        };
        match draw_curves(std::slice::from_ref(panel), &options) {
            Ok(figure) => figures.push(figure_section(panel, figure)),
            Err(FigureError::NoEpochs { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(figures)
}

/// One figure of all panels that have outputs of a modality, so that they share an axis.
fn entropy(finished: &[Panel]) -> Result<Option<FigureSection>, ReportError> {
    let has_modalities = |panel: &Panel| {
        let results = panel.runs().iter().filter_map(|run| run.result.as_ref());
        results.flat_map(|r| r.test.outputs.keys()).any(|output| {
            let base = output.rsplit('.').next();
            amst_recipe::Modality::ALL
                .iter()
                .any(|m| Some(m.name()) == base)
        })
    };
    let mut panels = Vec::new();
    for panel in finished.iter().filter(|panel| has_modalities(panel)) {
        panels.push(panel.clone());
    }
    let Some(first) = panels.first() else {
        return Ok(None);
    };
    let names = TestLogits::read(&first.runs()[0]).map(|logits| logits.class_names);
    let title = "Mean entropy of each modality's predictions by class";
    let options = BarOptions {
        // Without logits nothing says the classes' names, and their numbers stand there.
        class_names: names.unwrap_or_default(),
        page: PageOptions {
            title: Some(title.into()),
            width_mm: WIDTH_MM,
            columns: Some(1),
        },
        ..BarOptions::default()
    };
    let figure = draw_class_entropy(&panels, &options)?;
    Ok(Some(FigureSection {
        title: title.into(),
        svg: figure.svg,
    }))
}
