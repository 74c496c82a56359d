//! The legend below the panels.

use crate::lettering::width;
use crate::page::{Area, area, line, text};
use crate::style::Style;
use crate::svg::{Element, Svg};

const SIZE: f64 = 7.0;
const ROW: f64 = 10.0;
/// Width of a sample.
const SAMPLE: f64 = 17.0;
const AFTER_SAMPLE: f64 = 3.0;
const BETWEEN: f64 = 9.0;

/// Colour of what belongs to no output.
pub(crate) const GREY: &str = "#777777";

/// What a legend explains.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Sample {
    /// An output's curve.
    Curve(Style),
    /// An output's bars.
    Bar(Style),
    /// The range over the runs, around a curve.
    Band,
    /// The range over the runs, on a bar.
    ErrorBar,
    /// An epoch in which a modality was trained.
    Trained,
    /// The learning rate drops.
    Drop,
}

#[derive(Clone, Debug, PartialEq)]
struct Item {
    sample: Sample,
    text: String,
}

/// Samples and their meaning, in rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Legend {
    items: Vec<Item>,
    /// By item: its row and the points to its left.
    places: Vec<Place>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Place {
    row: usize,
    left: f64,
}

impl Legend {
    pub(crate) fn add(&mut self, sample: Sample, text: impl Into<String>) {
        self.items.push(Item {
            sample,
            text: text.into(),
        });
    }

    /// Breaks the rows, so that each takes `available` points at most.
    pub(crate) fn within(mut self, available: f64) -> Self {
        let mut next = Place { row: 0, left: 0.0 };
        self.places.clear();
        for item in &self.items {
            let needs = SAMPLE + AFTER_SAMPLE + width(&item.text, SIZE);
            if next.left > 0.0 && next.left + needs > available {
                next = Place {
                    row: next.row + 1,
                    left: 0.0,
                };
            }
            self.places.push(next);
            next.left += needs + BETWEEN;
        }
        self
    }

    /// Points from its top to its bottom.
    pub(crate) fn height(&self) -> f64 {
        ROW * self.places.last().map_or(0, |place| place.row + 1) as f64
    }

    pub(crate) fn draw(&self, svg: &mut Svg, left: f64, top: f64) {
        svg.open(&Element::new("g").set("class", "legend"));
        for (item, place) in self.items.iter().zip(&self.places) {
            let sample = Area {
                left: left + place.left,
                top: top + ROW * place.row as f64 + 1.5,
                width: SAMPLE,
                height: ROW - 3.0,
            };
            item.sample.draw(svg, sample);
            let beside = sample.right() + AFTER_SAMPLE;
            svg.add_text(&text(beside, sample.top + SIZE * 0.85, SIZE), &item.text);
        }
        svg.close("g");
    }
}

impl Sample {
    fn draw(self, svg: &mut Svg, place: Area) {
        let middle = place.top + place.height / 2.0;
        let centre = place.left + place.width / 2.0;
        let upright = line(centre, place.top, centre, place.bottom());
        match self {
            Self::Curve(style) => {
                let sample = line(place.left, middle, place.right(), middle);
                svg.add(&stroked(sample, style));
            }
            Self::Bar(style) => style.fill(svg, place, area(place)),
            Self::Band => svg.add(
                &area(place)
                    .set("fill", GREY)
                    .set("fill-opacity", BAND_OPACITY),
            ),
            Self::ErrorBar => svg.add(&upright.set("stroke", "#000000").at("stroke-width", 0.7)),
            Self::Trained => {
                let mark = Area {
                    left: centre - 2.0,
                    top: middle - 2.0,
                    width: 4.0,
                    height: 4.0,
                };
                svg.add(&area(mark).set("fill", GREY));
            }
            Self::Drop => svg.add(&drop_line(upright)),
        }
    }
}

/// How much of what lies behind a band it hides.
pub(crate) const BAND_OPACITY: &str = "0.2";

/// A line in an output's colour and dashes.
pub(crate) fn stroked(line: Element, style: Style) -> Element {
    line.set("stroke", style.colour)
        .at("stroke-width", 1.2)
        .set_unless_empty("stroke-dasharray", style.dashes)
}

/// The line where the learning rate drops.
pub(crate) fn drop_line(line: Element) -> Element {
    line.set("stroke", "#555555").at("stroke-width", 0.6)
}
