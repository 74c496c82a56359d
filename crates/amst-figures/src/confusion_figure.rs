//! Confusion matrices, a panel for each group of runs.

use crate::axis::Axis;
use crate::legend::Legend;
use crate::long_form::LongForm;
use crate::page::{AxisLabels, Page, PageOptions, Spacing, headings};
use crate::shaded_grid::{Shade, ShadedGrid};
use crate::svg::Element;
use crate::{Confusion, Figure, FigureError, Panel};

/// From this width in millimetres on, panels stand beside each other.
const WIDE_MM: f64 = 120.0;

/// What confusion matrices show.
#[derive(Clone, Debug, PartialEq)]
pub struct ConfusionOptions {
    /// Name of the output.
    pub output: String,
    /// Size and arrangement; on a narrow page below each other, unless it says otherwise.
    pub page: PageOptions,
}

/// The fused output on a column.
impl Default for ConfusionOptions {
    fn default() -> Self {
        Self {
            output: "fused".into(),
            page: PageOptions::default(),
        }
    }
}

/// Draws the confusion matrix of an output on the test split at the selected epoch, a row for each
/// actual class: in per cent of the class's samples, over all runs of a panel.
///
/// The CSV has the columns `panel`, `actual`, `actual_name`, `predicted`, `predicted_name`, `count`,
/// `share` (0..1).
///
/// # Errors
///
/// There are no panels, a panel has [no matrix](Confusion::of), panels have different numbers of
/// classes, or the width is no page's.
pub fn draw_confusion(panels: &[Panel], options: &ConfusionOptions) -> Result<Figure, FigureError> {
    options.page.check(panels)?;
    let mut matrices = Vec::new();
    for panel in panels {
        matrices.push(Confusion::of(panel, &options.output)?);
    }
    let classes = matrices[0].counts.len();
    for (panel, matrix) in panels.iter().zip(&matrices) {
        panel.check_classes(matrix.counts.len(), classes)?;
    }
    let headings = headings(panels);
    Ok(Figure {
        svg: svg(panels, &headings, &matrices, options),
        csv: csv(&headings, &matrices),
    })
}

fn svg(
    panels: &[Panel],
    headings: &[String],
    matrices: &[Confusion],
    options: &ConfusionOptions,
) -> String {
    let wide = options.page.width_mm >= WIDE_MM;
    let columns = options.page.columns.unwrap_or(if wide { 2 } else { 1 });
    let columns = columns.clamp(1, panels.len());
    let grids: Vec<ShadedGrid> = matrices.iter().map(grid).collect();
    // The page's margins are not known yet; the names need not be exact.
    let plot_width = options.page.width_mm * crate::page::POINTS * 0.85 / columns as f64;
    let beside = grids.iter().map(ShadedGrid::beside).fold(0.0, f64::max);
    let below = grids.iter().map(|grid| grid.below(plot_width));
    let spacing = Spacing {
        columns,
        aspect: 0.75,
        below_plot: 2.0 + below.fold(0.0, f64::max),
        beside_plot: beside,
    };
    let page = Page::new(
        options.page.width_mm,
        headings,
        &spacing,
        Axis::none(),
        AxisLabels {
            x: "predicted class".into(),
            y: "actual class".into(),
        },
        Legend::default(),
        &["Per cent of the samples of each actual class; darker is more.".into()],
    );
    let title = options
        .page
        .title
        .as_deref()
        .unwrap_or("Confusion matrices of the test split");
    let mut svg = page.begin(title, &description(panels, headings, matrices));
    for (index, grid) in grids.iter().enumerate() {
        let group = Element::new("g").set("class", "panel");
        svg.open(&group.set("data-panel", &headings[index]));
        page.draw_ground(&mut svg, index);
        grid.draw(&mut svg, page.plot(index), page.is_first_of_row(index));
        page.draw_frame(&mut svg, index);
        svg.close("g");
    }
    page.end(svg)
}

fn grid(matrix: &Confusion) -> ShadedGrid {
    let classes = matrix.counts.len();
    let cell = |actual: usize, predicted: usize| {
        let share = matrix.share(actual, predicted);
        let text = if matrix.counts[actual][predicted] == 0 {
            String::new()
        } else {
            format!("{:.0}", 100.0 * share)
        };
        Some(Shade { share, text })
    };
    let row = |actual: usize| {
        (0..classes)
            .map(|predicted| cell(actual, predicted))
            .collect()
    };
    ShadedGrid {
        rows: matrix.class_names.clone(),
        columns: matrix.class_names.clone(),
        cells: (0..classes).map(row).collect(),
    }
}

/// What the figure shows, in sentences: of each panel the pair of classes most often confused.
fn description(panels: &[Panel], headings: &[String], matrices: &[Confusion]) -> String {
    let mut sentences = vec![
        "Confusion matrices of the test split at the selected epoch, a row for each actual class \
         and a column for each predicted one, in per cent of the row."
            .to_string(),
    ];
    for ((panel, heading), matrix) in panels.iter().zip(headings).zip(matrices) {
        let what = panel.description();
        sentences.push(match most_confused(matrix) {
            Some((actual, predicted)) => format!(
                "{heading} ({what}): most often confused is {}, taken for {} in {:.0} % of its \
                 samples.",
                matrix.class_names[actual],
                matrix.class_names[predicted],
                100.0 * matrix.share(actual, predicted)
            ),
            None => format!("{heading} ({what}): nothing is confused."),
        });
    }
    sentences.join(" ")
}

/// The first of the largest shares off the diagonal.
fn most_confused(matrix: &Confusion) -> Option<(usize, usize)> {
    let classes = matrix.counts.len();
    let (mut largest, mut found) = (0.0, None);
    for actual in 0..classes {
        for predicted in (0..classes).filter(|predicted| *predicted != actual) {
            if matrix.share(actual, predicted) > largest {
                largest = matrix.share(actual, predicted);
                found = Some((actual, predicted));
            }
        }
    }
    found
}

fn csv(headings: &[String], matrices: &[Confusion]) -> String {
    let mut csv = LongForm::new(&[
        "panel",
        "actual",
        "actual_name",
        "predicted",
        "predicted_name",
        "count",
        "share",
    ]);
    for (heading, matrix) in headings.iter().zip(matrices) {
        for (actual, counts) in matrix.counts.iter().enumerate() {
            for (predicted, count) in counts.iter().enumerate() {
                csv.record(&[
                    heading,
                    &actual.to_string(),
                    &matrix.class_names[actual],
                    &predicted.to_string(),
                    &matrix.class_names[predicted],
                    &count.to_string(),
                    &crate::long_form::number(matrix.share(actual, predicted)),
                ]);
            }
        }
    }
    csv.finish()
}
