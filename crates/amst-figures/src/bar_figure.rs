//! Bars of the entropy of each class, a panel for each group of runs.

use crate::axis::{Axis, Scale, whole_step};
use crate::legend::{Legend, Sample};
use crate::lettering::width;
use crate::long_form::LongForm;
use crate::outputs;
use crate::page::{
    Area, AxisLabels, Page, PageOptions, Spacing, TICK_SIZE, area, column_label, headings, line,
};
use crate::style::style;
use crate::svg::{Element, Svg};
use crate::{ClassEntropy, ClassSeries, Figure, FigureError, Panel, Spread};

/// Label of the vertical axis.
const LABEL: &str = "mean entropy (nats)";

/// Share of a class's width on the axis that its bars take.
const BARS: f64 = 0.8;

/// From this width in millimetres on, panels stand beside each other.
const WIDE_MM: f64 = 120.0;

/// What bars show.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BarOptions {
    /// Names of the outputs; empty for every modality's.
    pub outputs: Vec<String>,
    /// Names of the classes in their order; empty for their numbers from 0.
    pub class_names: Vec<String>,
    /// Size and arrangement; on a narrow page below each other, unless it says otherwise.
    pub page: PageOptions,
}

/// Draws bars of the mean entropy of each modality's predictions, by class, on the test split at
/// the selected epoch: the mean over a panel's runs, with their range as an error bar.
///
/// All panels have the same axes. The CSV has the columns `panel`, `quantity`, `series`, `class`,
/// `class_name`, `mean`, `low`, `high`, `n`, in nats.
///
/// # Errors
///
/// There are no panels, a panel has [no bars](ClassEntropy::of), panels or names are of different
/// numbers of classes, or the width is no page's.
pub fn draw_class_entropy(panels: &[Panel], options: &BarOptions) -> Result<Figure, FigureError> {
    options.page.check(panels)?;
    let mut entropies = Vec::new();
    let mut classes = match options.class_names.len() {
        0 => None,
        names => Some(names),
    };
    for panel in panels {
        let of_panel = ClassEntropy::of(panel, &options.outputs)?;
        let expected = *classes.get_or_insert(of_panel.classes);
        if of_panel.classes != expected {
            return Err(FigureError::OtherClasses {
                panel: panel.title().into(),
                found: of_panel.classes,
                expected,
            });
        }
        entropies.push(of_panel);
    }
    let figure = BarFigure {
        panels,
        headings: headings(panels),
        entropies,
        options,
    };
    Ok(Figure {
        svg: figure.svg(),
        csv: figure.csv(),
    })
}

struct BarFigure<'a> {
    panels: &'a [Panel],
    headings: Vec<String>,
    entropies: Vec<ClassEntropy>,
    options: &'a BarOptions,
}

/// The texts below the bars.
struct ClassLabels {
    texts: Vec<String>,
    /// Every how many classes there is one.
    step: usize,
    upright: bool,
}

impl BarFigure<'_> {
    fn svg(&self) -> String {
        let page_options = &self.options.page;
        let columns = page_options.columns.unwrap_or({
            if page_options.width_mm < WIDE_MM {
                1
            } else {
                3
            }
        });
        let columns = columns.clamp(1, self.panels.len());
        // The page's margins are not known yet; the names need not be exact.
        let plot_width = page_options.width_mm * crate::page::POINTS * 0.85 / columns as f64;
        let labels = self.class_labels(plot_width);
        let spacing = Spacing {
            columns,
            aspect: if columns == 1 { 0.33 } else { 0.75 },
            below_plot: 3.0 + labels.height(),
            beside_plot: 0.0,
        };
        let page = Page::new(
            page_options.width_mm,
            &self.headings,
            &spacing,
            Axis::holding(0.0, self.highest(), None, 4),
            AxisLabels {
                x: "class".into(),
                y: LABEL.into(),
            },
            self.legend(),
            &[],
        );
        let title = page_options.title.as_deref();
        let title = title.unwrap_or("Mean entropy of predictions by class");
        let mut svg = page.begin(title, &self.description());
        for (index, entropy) in self.entropies.iter().enumerate() {
            let plot = page.plot(index);
            let panel = BarPanel {
                entropy,
                plot,
                y: page.y_scale(index),
                class_width: plot.width / entropy.classes as f64,
            };
            let group = Element::new("g").set("class", "panel");
            svg.open(&group.set("data-panel", &self.headings[index]));
            page.draw_ground(&mut svg, index);
            panel.draw(&mut svg, &labels);
            page.draw_frame(&mut svg, index);
            svg.close("g");
        }
        page.end(svg)
    }

    fn outputs(&self) -> Vec<&str> {
        let mut outputs = Vec::new();
        for series in self.entropies.iter().flat_map(|entropy| &entropy.series) {
            if !outputs.contains(&series.output.as_str()) {
                outputs.push(series.output.as_str());
            }
        }
        outputs
    }

    fn spreads(&self) -> impl Iterator<Item = &Spread> {
        let series = self.entropies.iter().flat_map(|entropy| &entropy.series);
        series.flat_map(|series| &series.classes)
    }

    fn highest(&self) -> f64 {
        self.spreads().map(|spread| spread.high).fold(0.0, f64::max)
    }

    fn legend(&self) -> Legend {
        let mut legend = Legend::default();
        for output in self.outputs() {
            legend.add(Sample::Bar(style(output)), outputs::label(output));
        }
        if self.spreads().any(Spread::has_range) {
            legend.add(Sample::ErrorBar, "range over seeds");
        }
        legend
    }

    fn class_labels(&self, plot_width: f64) -> ClassLabels {
        let classes = self.entropies[0].classes;
        let class_width = plot_width / classes as f64;
        let names = &self.options.class_names;
        let texts: Vec<String> = (0..classes)
            .map(|class| names.get(class).cloned().unwrap_or(class.to_string()))
            .collect();
        let widest = texts
            .iter()
            .map(|text| width(text, TICK_SIZE))
            .fold(0.0, f64::max);
        let upright = !names.is_empty() && widest + 2.0 > class_width;
        let needs = if upright { TICK_SIZE } else { widest + 2.0 };
        // So many labels fit.
        let parts = (plot_width / needs) as usize;
        ClassLabels {
            step: if needs <= class_width {
                1
            } else {
                whole_step(classes, parts)
            },
            texts,
            upright,
        }
    }

    /// What the figure shows, in sentences.
    fn description(&self) -> String {
        let mut sentences = vec![
            "Bars of the mean entropy in nats of each modality's predictions for the samples of \
             each class, on the test split at the selected epoch: the mean over runs of several \
             seeds, and the range from the lowest to the highest."
                .to_string(),
        ];
        for ((panel, heading), entropy) in
            self.panels.iter().zip(&self.headings).zip(&self.entropies)
        {
            let means: Vec<String> = entropy.series.iter().map(mean_over_classes).collect();
            let what = panel.description();
            sentences.push(format!(
                "{heading} ({what}), mean over classes: {}.",
                means.join(", ")
            ));
        }
        sentences.join(" ")
    }

    fn csv(&self) -> String {
        let mut csv = LongForm::new(&[
            "panel",
            "quantity",
            "series",
            "class",
            "class_name",
            "mean",
            "low",
            "high",
            "n",
        ]);
        for (heading, entropy) in self.headings.iter().zip(&self.entropies) {
            for series in &entropy.series {
                for (class, spread) in series.classes.iter().enumerate() {
                    let name = self.options.class_names.get(class);
                    let name = name.map_or("", String::as_str);
                    let number = class.to_string();
                    csv.add(&[heading, LABEL, &series.output, &number, name], *spread);
                }
            }
        }
        csv.finish()
    }
}

fn mean_over_classes(series: &ClassSeries) -> String {
    let sum: f64 = series.classes.iter().map(|spread| spread.mean).sum();
    let mean = sum / series.classes.len() as f64;
    format!("{} {mean:.2}", outputs::label(&series.output))
}

impl ClassLabels {
    /// Points that they take below a plot.
    fn height(&self) -> f64 {
        if self.upright {
            let widths = self.texts.iter().map(|text| width(text, TICK_SIZE));
            widths.fold(TICK_SIZE, f64::max)
        } else {
            TICK_SIZE
        }
    }
}

struct BarPanel<'a> {
    entropy: &'a ClassEntropy,
    plot: Area,
    y: Scale,
    /// Points that a class has.
    class_width: f64,
}

impl BarPanel<'_> {
    fn draw(&self, svg: &mut Svg, labels: &ClassLabels) {
        for (class, label) in labels.texts.iter().enumerate().step_by(labels.step) {
            self.draw_label(svg, class, label, labels.upright);
        }
        let bar_width = self.class_width * BARS / self.entropy.series.len() as f64;
        for (index, series) in self.entropy.series.iter().enumerate() {
            for (class, spread) in series.classes.iter().enumerate() {
                let margin = self.class_width * (1.0 - BARS) / 2.0;
                let left = self.plot.left + self.class_width * class as f64 + margin;
                let top = self.y.at(spread.mean);
                let bar = Area {
                    left: left + bar_width * index as f64,
                    top,
                    width: bar_width,
                    height: self.plot.bottom() - top,
                };
                let rectangle = area(bar)
                    .set("class", "bar")
                    .set("data-output", &series.output)
                    .set("data-class", class);
                style(&series.output).fill(svg, bar, rectangle);
                if spread.has_range() {
                    self.draw_range(svg, &bar, spread);
                }
            }
        }
    }

    fn draw_range(&self, svg: &mut Svg, bar: &Area, spread: &Spread) {
        let (high, low) = (self.y.at(spread.high), self.y.at(spread.low));
        let centre = bar.left + bar.width / 2.0;
        let range = line(centre, high, centre, low).set("class", "range");
        svg.add(&range_stroke(range, bar));
        let half = (bar.width / 4.0).min(1.5);
        for at in [high, low] {
            let cap = line(centre - half, at, centre + half, at).set("class", "cap");
            svg.add(&range_stroke(cap, bar));
        }
    }

    fn draw_label(&self, svg: &mut Svg, class: usize, label: &str, upright: bool) {
        let centre = self.plot.left + self.class_width * (class as f64 + 0.5);
        let below = self.plot.bottom() + 2.0;
        svg.add_text(&column_label(centre, below, upright), label);
    }
}

/// A line of an error bar, thinner on thin bars.
fn range_stroke(line: Element, bar: &Area) -> Element {
    line.set("stroke", "#000000")
        .at("stroke-width", (bar.width / 4.0).clamp(0.2, 0.7))
}
