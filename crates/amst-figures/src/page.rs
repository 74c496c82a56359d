//! The page of a figure: size, the places of its panels, and what stands around their curves.

use crate::axis::{Axis, Scale};
use crate::legend::Legend;
use crate::lettering::{FONT, width, wrap};
use crate::svg::{Element, Svg, number};
use crate::{FigureError, Panel};

/// Points (1/72 inch) in a millimetre.
pub(crate) const POINTS: f64 = 72.0 / 25.4;

/// Millimetres that a figure may be wide.
const WIDTHS: std::ops::RangeInclusive<f64> = 60.0..=400.0;

/// Size of the panels' headings and the axes' labels, in points.
pub(crate) const LABEL_SIZE: f64 = 7.5;
/// Size of the numbers along the axes, in points.
pub(crate) const TICK_SIZE: f64 = 6.5;
/// Size of notes below the legend, in points.
const NOTE_SIZE: f64 = 6.0;

const RIGHT_MARGIN: f64 = 5.0;
const COLUMN_GAP: f64 = 8.0;
const ROW_GAP: f64 = 6.0;
const HEADING_LINE: f64 = 9.0;
/// How much wider bold letters are.
const BOLD: f64 = 1.15;
const NOTE_LINE: f64 = 7.5;
/// Between a plot's left side and the numbers beside it.
const BESIDE_PLOT: f64 = 2.5;

/// Size and arrangement of a figure.
#[derive(Clone, Debug, PartialEq)]
pub struct PageOptions {
    /// The title that screen readers read out; `None` for one that says what is drawn.
    pub title: Option<String>,
    /// Width in millimetres, 60 to 400. Letters have the same size in every width.
    pub width_mm: f64,
    /// Panels beside each other; `None` for as many as suit.
    pub columns: Option<usize>,
}

/// One column of a printed page, 85 mm.
impl Default for PageOptions {
    fn default() -> Self {
        Self {
            title: None,
            width_mm: 85.0,
            columns: None,
        }
    }
}

impl PageOptions {
    /// A width in millimetres as it is typed, for options of programs.
    ///
    /// # Errors
    ///
    /// It is no number, or [no page's width](FigureError::Width); the message says what is.
    pub fn parse_width(text: &str) -> Result<f64, String> {
        let width_mm: f64 = text.parse().map_err(|_| "is not a number".to_string())?;
        if WIDTHS.contains(&width_mm) {
            Ok(width_mm)
        } else {
            Err(FigureError::Width { width_mm }.to_string())
        }
    }

    /// # Errors
    ///
    /// The width is no page's, or there is nothing to draw.
    pub(crate) fn check(&self, panels: &[Panel]) -> Result<(), FigureError> {
        if panels.is_empty() {
            return Err(FigureError::NoPanels);
        }
        self.check_width()
    }

    /// # Errors
    ///
    /// The width is no page's.
    pub(crate) fn check_width(&self) -> Result<(), FigureError> {
        if !WIDTHS.contains(&self.width_mm) {
            return Err(FigureError::Width {
                width_mm: self.width_mm,
            });
        }
        Ok(())
    }
}

/// What a panel's title is drawn as: `(b) Joint`. It gets no letter where it is the only one, or
/// begins with a parenthesis already.
pub(crate) fn headings(panels: &[Panel]) -> Vec<String> {
    let mut headings = Vec::new();
    for (index, panel) in panels.iter().enumerate() {
        let letter = match u8::try_from(index) {
            Ok(index @ 0..26) => char::from(b'a' + index).to_string(),
            _ => (index + 1).to_string(),
        };
        let has_letter = panel.title().starts_with('(');
        headings.push(if panels.len() == 1 || has_letter {
            panel.title().into()
        } else {
            format!("({letter}) {}", panel.title())
        });
    }
    headings
}

/// A rectangle on the page, in points from the upper left corner.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Area {
    pub left: f64,
    pub top: f64,
    pub width: f64,
    pub height: f64,
}

impl Area {
    pub(crate) fn right(&self) -> f64 {
        self.left + self.width
    }

    pub(crate) fn bottom(&self) -> f64 {
        self.top + self.height
    }
}

/// What the drawing of a panel needs besides its plot.
pub(crate) struct Spacing {
    /// Panels beside each other.
    pub columns: usize,
    /// Height of a plot in its width.
    pub aspect: f64,
    /// Points below a plot, for the marks and numbers of the horizontal axis.
    pub below_plot: f64,
    /// Points that the longest text beside the first column's plots takes.
    pub beside_plot: f64,
}

/// The page: axes that all panels share, and where everything stands.
pub(crate) struct Page {
    headings: Vec<Vec<String>>,
    columns: usize,
    width: f64,
    left: f64,
    /// By row, with the space below it.
    heading_heights: Vec<f64>,
    plot_width: f64,
    plot_height: f64,
    below_plot: f64,
    notes: Vec<String>,
    legend: Legend,
    y_axis: Axis,
    y_label: String,
    x_label: String,
}

/// Labels of the axes.
pub(crate) struct AxisLabels {
    pub x: String,
    pub y: String,
}

impl Page {
    pub(crate) fn new(
        width_mm: f64,
        headings: &[String],
        spacing: &Spacing,
        y_axis: Axis,
        labels: AxisLabels,
        legend: Legend,
        notes: &[String],
    ) -> Self {
        let columns = spacing.columns.clamp(1, headings.len());
        let page_width = width_mm * POINTS;
        let ticks = y_axis
            .ticks
            .iter()
            .map(|tick| width(&y_axis.text(*tick), TICK_SIZE));
        let beside = ticks.fold(spacing.beside_plot, f64::max);
        let left = LABEL_SIZE + 5.0 + beside + BESIDE_PLOT;
        let gaps = COLUMN_GAP * (columns - 1) as f64;
        // Even a page with too many columns has plots.
        let plot_width = ((page_width - left - RIGHT_MARGIN - gaps) / columns as f64).max(8.0);
        let headings: Vec<_> = headings
            .iter()
            .map(|heading| wrap(heading, LABEL_SIZE * BOLD, plot_width))
            .collect();
        let mut heading_heights = Vec::new();
        for row in headings.chunks(columns) {
            let lines = row.iter().map(Vec::len).max().unwrap_or(1);
            heading_heights.push(HEADING_LINE * lines as f64 + 2.0);
        }
        let available = page_width - 2.0 * RIGHT_MARGIN;
        Self {
            columns,
            width: page_width,
            left,
            heading_heights,
            plot_width,
            plot_height: (plot_width * spacing.aspect).clamp(60.0, 160.0),
            below_plot: spacing.below_plot,
            notes: notes
                .iter()
                .flat_map(|note| wrap(note, NOTE_SIZE, available))
                .collect(),
            legend: legend.within(available),
            headings,
            y_axis,
            y_label: labels.y,
            x_label: labels.x,
        }
    }

    /// Where the curves or bars of a panel are.
    pub(crate) fn plot(&self, panel: usize) -> Area {
        let (row, column) = (panel / self.columns, panel % self.columns);
        let headings: f64 = self.heading_heights[..=row].iter().sum();
        let above = row as f64 * (self.plot_height + self.below_plot + ROW_GAP);
        Area {
            left: self.left + column as f64 * (self.plot_width + COLUMN_GAP),
            top: 3.0 + headings + above,
            width: self.plot_width,
            height: self.plot_height,
        }
    }

    /// Whether a panel has nothing to its left.
    pub(crate) fn is_first_of_row(&self, panel: usize) -> bool {
        panel.is_multiple_of(self.columns)
    }

    /// Where the numbers of the vertical axis stand in a panel.
    pub(crate) fn y_scale(&self, panel: usize) -> Scale {
        let plot = self.plot(panel);
        Scale::new(&self.y_axis, plot.bottom(), plot.top)
    }

    /// Begins the drawing: its size, what it shows in words, the ground, the vertical label.
    pub(crate) fn begin(&self, title: &str, description: &str) -> Svg {
        let mut svg = Svg::default();
        let height = self.height();
        let millimetres = |points: f64| format!("{}mm", number(points / POINTS));
        let root = Element::new("svg")
            .set("xmlns", "http://www.w3.org/2000/svg")
            .set("width", millimetres(self.width))
            .set("height", millimetres(height))
            .set(
                "viewBox",
                format!("0 0 {} {}", number(self.width), number(height)),
            )
            .set("role", "img")
            .set("font-family", FONT)
            .set("fill", "#222222");
        svg.open(&root);
        svg.add_text(&Element::new("title"), title);
        svg.add_text(&Element::new("desc"), description);
        let ground = Element::new("rect")
            .set("class", "ground")
            .at("width", self.width)
            .at("height", height)
            .set("fill", "#ffffff");
        svg.add(&ground);
        let first = self.plot(0);
        let last = self.plot(self.headings.len() - 1);
        let middle = (first.top + last.bottom()) / 2.0;
        let place = format!(
            "translate({} {}) rotate(-90)",
            number(LABEL_SIZE + 0.5),
            number(middle)
        );
        let label = Element::new("text")
            .set("class", "y-label")
            .set("transform", place)
            .at("font-size", LABEL_SIZE)
            .set("text-anchor", "middle");
        svg.add_text(&label, &self.y_label);
        svg
    }

    /// Draws what a panel's curves or bars stand on: heading, lines at round numbers, labels.
    pub(crate) fn draw_ground(&self, svg: &mut Svg, panel: usize) {
        let plot = self.plot(panel);
        let y = self.y_scale(panel);
        for (index, line) in self.headings[panel].iter().rev().enumerate() {
            let foot = plot.top - 3.5 - HEADING_LINE * index as f64;
            let heading = text(plot.left, foot, LABEL_SIZE)
                .set("class", "heading")
                .set("font-weight", "bold");
            svg.add_text(&heading, line);
        }
        for tick in &self.y_axis.ticks {
            let at = y.at(*tick);
            svg.add(&grid_line(plot.left, at, plot.right(), at));
            if self.is_first_of_row(panel) {
                // The lowest stands on the axis, out of the way of what is below.
                let foot = (at + TICK_SIZE * 0.35).min(plot.bottom());
                let label = text(plot.left - BESIDE_PLOT, foot, TICK_SIZE)
                    .set("class", "y-tick")
                    .set("text-anchor", "end");
                svg.add_text(&label, &self.y_axis.text(*tick));
            }
        }
        if panel + self.columns >= self.headings.len() {
            let below = plot.bottom() + self.below_plot + LABEL_SIZE;
            let label = text(plot.left + plot.width / 2.0, below, LABEL_SIZE)
                .set("class", "x-label")
                .set("text-anchor", "middle");
            svg.add_text(&label, &self.x_label);
        }
    }

    /// Draws the frame of a panel, over its curves or bars.
    pub(crate) fn draw_frame(&self, svg: &mut Svg, panel: usize) {
        let plot = self.plot(panel);
        let frame = area(plot)
            .set("class", "frame")
            .set("fill", "none")
            .set("stroke", "#333333")
            .at("stroke-width", 0.6);
        svg.add(&frame);
    }

    /// Ends the drawing with the legend and the notes.
    pub(crate) fn end(&self, mut svg: Svg) -> String {
        let top = self.panels_bottom() + 3.0;
        self.legend.draw(&mut svg, RIGHT_MARGIN, top);
        let first = top + self.legend.height() + NOTE_SIZE + 1.0;
        for (index, line) in self.notes.iter().enumerate() {
            let note = text(RIGHT_MARGIN, first + NOTE_LINE * index as f64, NOTE_SIZE);
            svg.add_text(&note.set("class", "note"), line);
        }
        svg.close("svg");
        svg.finish()
    }

    fn panels_bottom(&self) -> f64 {
        self.plot(self.headings.len() - 1).bottom() + self.below_plot + LABEL_SIZE + 2.0
    }

    fn height(&self) -> f64 {
        let notes = NOTE_LINE * self.notes.len() as f64;
        self.panels_bottom() + 3.0 + self.legend.height() + notes + 4.0
    }
}

/// A text whose line begins at a place.
pub(crate) fn text(x: f64, y: f64, size: f64) -> Element {
    Element::new("text")
        .at("x", x)
        .at("y", y)
        .at("font-size", size)
}

/// The label below a column whose middle is at `centre`, upright where labels do not fit beside
/// each other.
pub(crate) fn column_label(centre: f64, below: f64, upright: bool) -> Element {
    let element = if upright {
        let place = format!(
            "translate({} {}) rotate(-90)",
            number(centre + TICK_SIZE * 0.35),
            number(below)
        );
        Element::new("text")
            .set("transform", place)
            .at("font-size", TICK_SIZE)
            .set("text-anchor", "end")
    } else {
        text(centre, below + TICK_SIZE, TICK_SIZE).set("text-anchor", "middle")
    };
    element.set("class", "x-tick")
}

/// A straight line.
pub(crate) fn line(x1: f64, y1: f64, x2: f64, y2: f64) -> Element {
    Element::new("line")
        .at("x1", x1)
        .at("y1", y1)
        .at("x2", x2)
        .at("y2", y2)
}

/// A rectangle.
pub(crate) fn area(area: Area) -> Element {
    Element::new("rect")
        .at("x", area.left)
        .at("y", area.top)
        .at("width", area.width)
        .at("height", area.height)
}

/// A line at a round number.
pub(crate) fn grid_line(x1: f64, y1: f64, x2: f64, y2: f64) -> Element {
    line(x1, y1, x2, y2)
        .set("class", "grid")
        .set("stroke", "#dddddd")
        .at("stroke-width", 0.5)
}
