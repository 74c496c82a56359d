//! Reliability diagrams, a panel for each group of runs.

use crate::axis::{Axis, Scale};
use crate::legend::{Legend, Sample, stroked};
use crate::long_form::{LongForm, number};
use crate::outputs;
use crate::page::{AxisLabels, Page, PageOptions, Spacing, TICK_SIZE, headings, line, text};
use crate::style::style;
use crate::svg::{Element, Svg, places};
use crate::{Calibration, Figure, FigureError, Panel};

/// What reliability diagrams show.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CalibrationOptions {
    /// Names of the outputs; empty for every modality's and the fused one.
    pub outputs: Vec<String>,
    /// Size and arrangement; two panels beside each other, unless it says otherwise.
    pub page: PageOptions,
}

/// Draws how often predictions of a confidence are right, on the test split at the selected epoch:
/// a dot for each tenth of confidence that has predictions, and the diagonal of a network that is as
/// often right as it says.
///
/// The CSV has the columns `panel`, `output`, `bin_low`, `bin_high`, `samples`, `confidence`,
/// `accuracy`; a line without a bin holds the expected calibration error, mean over the runs, in
/// `accuracy`'s place under the output's name with ` (ECE)`.
///
/// # Errors
///
/// There are no panels, a run is unfinished or has no logits, none has any of the outputs, or the
/// width is no page's.
pub fn draw_calibration(
    panels: &[Panel],
    options: &CalibrationOptions,
) -> Result<Figure, FigureError> {
    options.page.check(panels)?;
    let mut diagrams = Vec::new();
    for panel in panels {
        diagrams.push(Diagram::of(panel, &options.outputs)?);
    }
    let headings = headings(panels);
    Ok(Figure {
        svg: svg(panels, &headings, &diagrams, options),
        csv: csv(&headings, &diagrams),
    })
}

/// The outputs of a panel with their calibration.
struct Diagram {
    outputs: Vec<(String, Calibration)>,
}

impl Diagram {
    fn of(panel: &Panel, wanted: &[String]) -> Result<Self, FigureError> {
        let logits = panel.test_logits()?;
        let known = logits.iter().flat_map(|run| run.outputs.keys().cloned());
        let known = known.collect();
        let wanted = if wanted.is_empty() {
            outputs::usual(&known, true)
        } else {
            wanted.to_vec()
        };
        let mut outputs = Vec::new();
        for output in wanted.iter().filter(|output| known.contains(*output)) {
            outputs.push((output.clone(), Calibration::of(panel, output)?));
        }
        if outputs.is_empty() {
            return Err(FigureError::NoOutput {
                panel: panel.title().into(),
                wanted: outputs::listed(&wanted),
                known: outputs::listed(&known),
            });
        }
        Ok(Self { outputs })
    }

    /// `ECE: audio 3.1 %, overall 2.0 %`.
    fn errors(&self) -> String {
        let errors: Vec<String> = self
            .outputs
            .iter()
            .map(|(output, own)| {
                let percent = 100.0 * own.error.mean;
                format!("{} {percent:.1} %", outputs::label(output))
            })
            .collect();
        format!("ECE: {}", errors.join(", "))
    }
}

fn svg(
    panels: &[Panel],
    headings: &[String],
    diagrams: &[Diagram],
    options: &CalibrationOptions,
) -> String {
    let mut legend = Legend::default();
    let mut shown = Vec::new();
    for (output, _) in diagrams.iter().flat_map(|diagram| &diagram.outputs) {
        if !shown.contains(&output) {
            legend.add(Sample::Curve(style(output)), outputs::label(output));
            shown.push(output);
        }
    }
    let mut notes = Vec::new();
    for (heading, diagram) in headings.iter().zip(diagrams) {
        notes.push(format!("{heading}: {}.", diagram.errors()));
    }
    let spacing = Spacing {
        columns: options.page.columns.unwrap_or(2),
        aspect: 0.85,
        below_plot: TICK_SIZE + 3.0,
        beside_plot: 0.0,
    };
    let axis = Axis::holding(0.0, 100.0, Some(100.0), 5);
    let page = Page::new(
        options.page.width_mm,
        headings,
        &spacing,
        axis.clone(),
        AxisLabels {
            x: "confidence (%)".into(),
            y: "accuracy (%)".into(),
        },
        legend,
        &notes,
    );
    let title = options.page.title.as_deref();
    let title = title.unwrap_or("Reliability diagrams of the test split");
    let mut svg = page.begin(title, &description(panels, headings, diagrams));
    for (index, diagram) in diagrams.iter().enumerate() {
        let plot = page.plot(index);
        let x = Scale::new(&axis, plot.left, plot.right());
        let y = page.y_scale(index);
        let group = Element::new("g").set("class", "panel");
        svg.open(&group.set("data-panel", &headings[index]));
        page.draw_ground(&mut svg, index);
        for tick in &axis.ticks {
            let foot = plot.bottom() + TICK_SIZE + 2.0;
            let label = text(x.at(*tick), foot, TICK_SIZE)
                .set("class", "x-tick")
                .set("text-anchor", "middle");
            svg.add_text(&label, &axis.text(*tick));
        }
        let diagonal = line(x.at(0.0), y.at(0.0), x.at(100.0), y.at(100.0))
            .set("class", "diagonal")
            .set("stroke", "#555555")
            .at("stroke-width", 0.6);
        svg.add(&diagonal);
        for (output, calibration) in &diagram.outputs {
            draw_curve(&mut svg, output, calibration, x, y);
        }
        page.draw_frame(&mut svg, index);
        svg.close("g");
    }
    page.end(svg)
}

fn draw_curve(svg: &mut Svg, output: &str, calibration: &Calibration, x: Scale, y: Scale) {
    let mut points = Vec::new();
    for bin in &calibration.bins {
        if let Some((confidence, accuracy)) = bin.confidence().zip(bin.accuracy()) {
            points.push((x.at(100.0 * confidence), y.at(100.0 * accuracy)));
        }
    }
    let style = style(output);
    let curve = Element::new("polyline")
        .set("class", "curve")
        .set("data-output", output)
        .set("points", places(points.iter().copied()))
        .set("fill", "none");
    svg.add(&stroked(curve, style));
    for (left, top) in points {
        let dot = Element::new("circle")
            .set("class", "dot")
            .at("cx", left)
            .at("cy", top)
            .at("r", 1.4)
            .set("fill", style.colour);
        svg.add(&dot);
    }
}

/// What the figure shows, in sentences.
fn description(panels: &[Panel], headings: &[String], diagrams: &[Diagram]) -> String {
    let mut sentences = vec![
        "Share of right predictions by their confidence, on the test split at the selected epoch. \
         On the diagonal a network is as often right as it says; below it is too sure. ECE is the \
         expected calibration error, the mean distance from the diagonal."
            .to_string(),
    ];
    for ((panel, heading), diagram) in panels.iter().zip(headings).zip(diagrams) {
        let what = panel.description();
        sentences.push(format!("{heading} ({what}): {}.", diagram.errors()));
    }
    sentences.join(" ")
}

fn csv(headings: &[String], diagrams: &[Diagram]) -> String {
    let mut csv = LongForm::new(&[
        "panel",
        "output",
        "bin_low",
        "bin_high",
        "samples",
        "confidence",
        "accuracy",
    ]);
    for (heading, diagram) in headings.iter().zip(diagrams) {
        for (output, calibration) in &diagram.outputs {
            let width = 1.0 / calibration.bins.len() as f64;
            for (index, bin) in calibration.bins.iter().enumerate() {
                csv.record(&[
                    heading,
                    output,
                    &number(index as f64 * width),
                    &number((index + 1) as f64 * width),
                    &bin.samples.to_string(),
                    &bin.confidence().map(number).unwrap_or_default(),
                    &bin.accuracy().map(number).unwrap_or_default(),
                ]);
            }
            let error = number(calibration.error.mean);
            csv.record(&[heading, &format!("{output} (ECE)"), "", "", "", "", &error]);
        }
    }
    csv.finish()
}
