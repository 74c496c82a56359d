//! Curves over epochs, a panel for each group of runs.

use std::collections::BTreeSet;

use amst_recipe::Modality;

use crate::axis::{Axis, Scale};
use crate::legend::{BAND_OPACITY, Legend, Sample, drop_line, stroked};
use crate::lettering::width;
use crate::long_form::LongForm;
use crate::outputs::{self, FUSED};
use crate::page::{
    Area, AxisLabels, Page, PageOptions, Spacing, TICK_SIZE, area, grid_line, headings, line, text,
};
use crate::style::style;
use crate::svg::{Element, Svg, places};
use crate::{Curves, Figure, FigureError, Metric, Panel, Series, Split};

/// Height of the row that marks when a modality was trained.
const TRAINED_ROW: f64 = 5.0;
const TRAINED_MARK: f64 = 3.6;
const TRAINED_LABEL_SIZE: f64 = 5.5;
/// Between a plot and the first of these rows.
const BEFORE_TRAINED: f64 = 3.0;

/// What curves show.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CurveOptions {
    /// The number on the vertical axis.
    pub metric: Metric,
    /// The samples it is measured on.
    pub split: Split,
    /// Names of the outputs; empty for every modality's and the fused one.
    pub outputs: Vec<String>,
    /// Size and arrangement; two panels beside each other, unless it says otherwise.
    pub page: PageOptions,
}

/// Draws curves over epochs: the mean over a panel's runs as a line, their range shaded.
///
/// Below the curves a row for each modality marks the epochs in which it was trained, paler where
/// not every run did. A vertical line stands before each epoch that began with a lower learning
/// rate. All panels have the same axes. Epochs are counted from 0. Where an output was not measured
/// in every epoch, the line joins those in which it was, and dots mark them. Unfinished runs are
/// drawn as far as they are, and named below the legend.
///
/// The CSV has the columns `panel`, `quantity`, `series`, `epoch`, `mean`, `low`, `high`, `n`. Its
/// quantities are the axis' label, `trained (share of runs)` by modality, and `learning rate`.
///
/// # Errors
///
/// There are no panels, a panel has [no curves](Curves::of), or the width is no page's.
pub fn draw_curves(panels: &[Panel], options: &CurveOptions) -> Result<Figure, FigureError> {
    options.page.check(panels)?;
    let mut curves = Vec::new();
    for panel in panels {
        curves.push(Curves::of(
            panel,
            options.metric,
            options.split,
            &options.outputs,
        )?);
    }
    let figure = CurveFigure {
        panels,
        headings: headings(panels),
        curves,
        label: options.metric.label(options.split),
        options,
    };
    Ok(Figure {
        svg: figure.svg(),
        csv: figure.csv(),
    })
}

struct CurveFigure<'a> {
    panels: &'a [Panel],
    headings: Vec<String>,
    curves: Vec<Curves>,
    label: String,
    options: &'a CurveOptions,
}

impl CurveFigure<'_> {
    fn svg(&self) -> String {
        let epochs = self
            .curves
            .iter()
            .map(|curves| curves.epochs)
            .max()
            .unwrap_or(1);
        let columns = self.options.page.columns.unwrap_or(2);
        let modalities = self.modalities();
        let rows = modalities
            .iter()
            .map(|m| width(m.name(), TRAINED_LABEL_SIZE));
        let spacing = Spacing {
            columns,
            aspect: 0.75,
            below_plot: BEFORE_TRAINED + TRAINED_ROW * modalities.len() as f64 + TICK_SIZE + 2.0,
            beside_plot: rows.fold(0.0, f64::max),
        };
        let labels = AxisLabels {
            x: "epoch".into(),
            y: self.label.clone(),
        };
        let page = Page::new(
            self.options.page.width_mm,
            &self.headings,
            &spacing,
            self.y_axis(),
            labels,
            self.legend(),
            &self.notes(),
        );
        let title = self.options.page.title.clone().unwrap_or_else(|| {
            let mut title = self.label.clone();
            title[..1].make_ascii_uppercase();
            title + " by epoch"
        });
        let mut svg = page.begin(&title, &self.description());
        // As many numbers as fit beside each other.
        let parts = page.plot(0).width / (width("000", TICK_SIZE) + 4.0);
        let x_axis = Axis::of_epochs(epochs, parts as usize);
        for (index, curves) in self.curves.iter().enumerate() {
            let plot = page.plot(index);
            let panel = CurvePanel {
                curves,
                plot,
                x: Scale::new(&x_axis, plot.left, plot.right()),
                y: page.y_scale(index),
                modalities: &modalities,
                names_rows: page.is_first_of_row(index),
            };
            let group = Element::new("g").set("class", "panel");
            svg.open(&group.set("data-panel", &self.headings[index]));
            page.draw_ground(&mut svg, index);
            panel.draw(&mut svg, &x_axis);
            page.draw_frame(&mut svg, index);
            svg.close("g");
        }
        page.end(svg)
    }

    /// The modalities of any panel, in training order.
    fn modalities(&self) -> Vec<Modality> {
        let all = self.curves.iter().flat_map(|curves| curves.trained.keys());
        all.copied().collect::<BTreeSet<_>>().into_iter().collect()
    }

    fn all_series(&self) -> impl Iterator<Item = &Series> {
        self.curves.iter().flat_map(|curves| &curves.series)
    }

    fn y_axis(&self) -> Axis {
        let spreads = || self.all_series().flat_map(|series| &series.points);
        let low = spreads()
            .map(|p| p.spread.low)
            .fold(f64::INFINITY, f64::min);
        let high = spreads()
            .map(|p| p.spread.high)
            .fold(f64::NEG_INFINITY, f64::max);
        Axis::holding(low, high, self.options.metric.limit(), 5)
    }

    fn legend(&self) -> Legend {
        let mut legend = Legend::default();
        let mut seen = BTreeSet::new();
        for series in self.all_series() {
            if seen.insert(&series.output) {
                let sample = Sample::Curve(style(&series.output));
                legend.add(sample, outputs::label(&series.output));
            }
        }
        if self.all_series().any(has_range) {
            legend.add(Sample::Band, "range over seeds");
        }
        legend.add(Sample::Trained, "trained in this epoch");
        let drops = |curves: &Curves| !curves.learning_rate_drops.is_empty();
        if self.curves.iter().any(drops) {
            legend.add(Sample::Drop, "learning rate drops");
        }
        legend
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.all_series().any(has_gaps) {
            notes
                .push("Dots: the epochs measured, where an output was not measured in all.".into());
        }
        for (panel, heading) in self.panels.iter().zip(&self.headings) {
            for run in panel.runs().iter().filter(|run| run.result.is_none()) {
                notes.push(format!(
                    "Unfinished: {heading}, seed {}, {} of {} epochs.",
                    run.seed(),
                    run.epochs.len(),
                    run.recipe.epochs
                ));
            }
        }
        notes
    }

    /// What the figure shows, in sentences.
    fn description(&self) -> String {
        let mut sentences = vec![format!(
            "Curves of the {} by epoch, counted from 0: the mean over runs of several seeds, and \
             the range from the lowest to the highest.",
            self.label
        )];
        for ((panel, heading), curves) in self.panels.iter().zip(&self.headings).zip(&self.curves) {
            let mut ends = Vec::new();
            for series in &curves.series {
                if let Some(point) = series.points.last() {
                    let name = outputs::label(&series.output);
                    let mean = point.spread.mean;
                    ends.push(format!("{name} {mean:.2} in epoch {}", point.epoch));
                }
            }
            let what = panel.description();
            sentences.push(format!("{heading} ({what}) ends with {}.", ends.join(", ")));
        }
        sentences.extend(self.notes());
        sentences.join(" ")
    }

    fn csv(&self) -> String {
        let mut csv = LongForm::new(&[
            "panel", "quantity", "series", "epoch", "mean", "low", "high", "n",
        ]);
        for (heading, curves) in self.headings.iter().zip(&self.curves) {
            for series in &curves.series {
                for point in &series.points {
                    let epoch = point.epoch.to_string();
                    csv.add(
                        &[heading, &self.label, &series.output, &epoch],
                        point.spread,
                    );
                }
            }
            for (modality, epochs) in &curves.trained {
                for trained in epochs {
                    let epoch = trained.epoch.to_string();
                    let what = [heading, "trained (share of runs)", modality.name(), &epoch];
                    csv.add(&what, trained.spread());
                }
            }
            for point in &curves.learning_rate {
                let epoch = point.epoch.to_string();
                csv.add(&[heading, "learning rate", "", &epoch], point.spread);
            }
        }
        csv.finish()
    }
}

fn has_range(series: &Series) -> bool {
    series.points.iter().any(|point| point.spread.has_range())
}

/// Whether an epoch between the first and the last is missing; one epoch alone counts, since there
/// is no line.
fn has_gaps(series: &Series) -> bool {
    match series.points.as_slice() {
        [] => false,
        [_] => true,
        [first, .., last] => last.epoch - first.epoch + 1 > series.points.len(),
    }
}

struct CurvePanel<'a> {
    curves: &'a Curves,
    plot: Area,
    x: Scale,
    y: Scale,
    modalities: &'a [Modality],
    names_rows: bool,
}

impl CurvePanel<'_> {
    fn draw(&self, svg: &mut Svg, x_axis: &Axis) {
        for tick in &x_axis.ticks {
            let at = self.x.at(*tick);
            svg.add(&grid_line(at, self.plot.top, at, self.plot.bottom()));
            let label = text(at, self.rows_bottom() + TICK_SIZE, TICK_SIZE)
                .set("class", "x-tick")
                .set("text-anchor", "middle");
            svg.add_text(&label, &x_axis.text(*tick));
        }
        for epoch in &self.curves.learning_rate_drops {
            // Where the epoch begins.
            let at = self.x.at(*epoch as f64 - 0.5);
            let line = line(at, self.plot.top, at, self.rows_bottom())
                .set("class", "learning-rate-drop")
                .set("data-epoch", epoch);
            svg.add(&drop_line(line));
        }
        for series in &self.curves.series {
            self.draw_band(svg, series);
        }
        // The overall curve first: where a modality's is the same, its dashes show on it.
        let (overall, others): (Vec<_>, Vec<_>) = self
            .curves
            .series
            .iter()
            .partition(|series| series.output == FUSED);
        for series in overall.into_iter().chain(others) {
            self.draw_line(svg, series);
        }
        for (row, modality) in self.modalities.iter().enumerate() {
            self.draw_trained(svg, row, *modality);
        }
    }

    fn draw_band(&self, svg: &mut Svg, series: &Series) {
        if !has_range(series) {
            return;
        }
        let points = series.points.iter();
        let upper = points.clone().map(|p| self.place(p.epoch, p.spread.high));
        let lower = points.rev().map(|p| self.place(p.epoch, p.spread.low));
        let band = Element::new("polygon")
            .set("class", "band")
            .set("data-output", &series.output)
            .set("points", places(upper.chain(lower)))
            .set("fill", style(&series.output).colour)
            .set("fill-opacity", BAND_OPACITY);
        svg.add(&band);
    }

    fn draw_line(&self, svg: &mut Svg, series: &Series) {
        let style = style(&series.output);
        let means = series
            .points
            .iter()
            .map(|p| self.place(p.epoch, p.spread.mean));
        let line = Element::new("polyline")
            .set("class", "series")
            .set("data-output", &series.output)
            .set("points", places(means.clone()))
            .set("fill", "none")
            .set("stroke-linejoin", "round");
        svg.add(&stroked(line, style));
        if has_gaps(series) {
            for (x, y) in means {
                let dot = Element::new("circle")
                    .set("class", "measured")
                    .set("data-output", &series.output)
                    .at("cx", x)
                    .at("cy", y)
                    .at("r", 1.2)
                    .set("fill", style.colour);
                svg.add(&dot);
            }
        }
    }

    fn draw_trained(&self, svg: &mut Svg, row: usize, modality: Modality) {
        let top = self.plot.bottom() + BEFORE_TRAINED + TRAINED_ROW * row as f64;
        if self.names_rows {
            let name = text(self.plot.left - 2.5, top + TRAINED_MARK, TRAINED_LABEL_SIZE)
                .set("class", "trained-label")
                .set("text-anchor", "end");
            svg.add_text(&name, modality.name());
        }
        for trained in self.curves.trained.get(&modality).into_iter().flatten() {
            let epoch = trained.epoch as f64;
            let left = self.x.at(epoch - 0.42);
            let mark = Area {
                left,
                top,
                width: self.x.at(epoch + 0.42) - left,
                height: TRAINED_MARK,
            };
            let mut rectangle = area(mark)
                .set("class", "trained")
                .set("data-modality", modality)
                .set("data-epoch", trained.epoch)
                .set("fill", style(modality.name()).colour);
            if trained.share < 1.0 {
                rectangle = rectangle.at("fill-opacity", trained.share);
            }
            svg.add(&rectangle);
        }
    }

    fn place(&self, epoch: usize, value: f64) -> (f64, f64) {
        (self.x.at(epoch as f64), self.y.at(value))
    }

    fn rows_bottom(&self) -> f64 {
        self.plot.bottom() + BEFORE_TRAINED + TRAINED_ROW * self.modalities.len() as f64
    }
}
