//! How an output looks: a colour that everyone can tell apart, a line and a filling that differ too.
//!
//! The colours are those of Okabe and Ito (2008), and grey.

use crate::outputs::FUSED;
use crate::page::Area;
use crate::svg::{Element, Svg, number};

/// Colour, dashes and hatching of an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Style {
    pub colour: &'static str,
    /// `stroke-dasharray` in points; empty for a line without gaps.
    pub dashes: &'static str,
    pub hatch: Hatch,
}

/// White lines over the filling of a bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Hatch {
    Plain,
    Rising,
    Falling,
    Crossed,
}

/// Between two white lines, across and up, in points.
const HATCH_STEP: f64 = 3.6;

impl Style {
    /// Draws a bar in this colour, and its hatching.
    pub(crate) fn fill(self, svg: &mut Svg, bar: Area, element: Element) {
        svg.add(&element.set("fill", self.colour));
        let lines = self.hatch.lines(bar);
        if !lines.is_empty() {
            let hatching = Element::new("path")
                .set("class", "hatching")
                .set("d", lines)
                .set("stroke", "#ffffff")
                .at("stroke-width", 0.6);
            svg.add(&hatching);
        }
    }
}

impl Hatch {
    /// The lines inside a bar as the data of a path, from its lower left corner on.
    ///
    /// Lines rather than a `<pattern>`: no identifiers that two figures in one page could share,
    /// and every program draws them alike.
    fn lines(self, bar: Area) -> String {
        let (rising, falling) = match self {
            Self::Plain => (false, false),
            Self::Rising => (true, false),
            Self::Falling => (false, true),
            Self::Crossed => (true, true),
        };
        let mut lines = Vec::new();
        let steps = ((bar.width + bar.height) / HATCH_STEP).ceil() as usize;
        for offset in (1..steps).map(|step| step as f64 * HATCH_STEP) {
            // Where the line of this offset enters the bar and where it leaves it, from the corner.
            let enters = ((offset - bar.height).max(0.0), offset.min(bar.height));
            let leaves = (offset.min(bar.width), (offset - bar.width).max(0.0));
            let ends = [enters, leaves];
            if falling {
                lines.push(segment(ends.map(|(x, y)| (bar.left + x, bar.bottom() - y))));
            }
            if rising {
                lines.push(segment(
                    ends.map(|(x, y)| (bar.right() - x, bar.bottom() - y)),
                ));
            }
        }
        lines.join(" ")
    }
}

fn segment(ends: [(f64, f64); 2]) -> String {
    let [start, end] = ends.map(|(x, y)| format!("{} {}", number(x), number(y)));
    format!("M{start}L{end}")
}

/// The style of an output, by its name.
pub(crate) fn style(output: &str) -> Style {
    let (module, base) = output.rsplit_once('.').unwrap_or(("", output));
    let hatch = match base {
        "audio" => Hatch::Plain,
        "visual" => Hatch::Rising,
        "text" => Hatch::Falling,
        _ => Hatch::Crossed,
    };
    let (colour, dashes) = match (module, base) {
        ("" | "alt", "audio") => ("#0072B2", "4 1.5"),
        ("" | "alt", "visual") => ("#D55E00", "1.5 1.2"),
        ("" | "alt", "text") => ("#009E73", "5 1.2 1.2 1.2"),
        ("", FUSED) => ("#000000", ""),
        ("alt", FUSED) => ("#000000", "8 1.5"),
        (_, "audio") => ("#56B4E9", "6 1.2 1.2 1.2 1.2 1.2"),
        (_, "visual") => ("#E69F00", "2.5 2.5"),
        (_, "text") => ("#CC79A7", "8 2 2 2"),
        (_, FUSED) => ("#777777", "8 1.5 3 1.5"),
        _ => ("#CC79A7", "3 1"),
    };
    Style {
        colour,
        dashes,
        hatch,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_outputs_of_a_system_differ_in_colour_or_line_and_mostly_both() {
        let full = [
            "alt.audio",
            "alt.visual",
            "alt.text",
            "joint.audio",
            "joint.visual",
            "joint.text",
            "fused",
        ];
        let colours: BTreeSet<_> = full.map(|output| style(output).colour).into();
        let dashes: BTreeSet<_> = full.map(|output| style(output).dashes).into();
        assert_eq!((colours.len(), dashes.len()), (full.len(), full.len()));
        let hatches: BTreeSet<_> = ["audio", "text", "visual"].map(|o| style(o).hatch).into();
        assert_eq!(hatches.len(), 3);
    }

    #[test]
    fn hatching_stays_in_its_bar() {
        let bar = Area {
            left: 10.0,
            top: 20.0,
            width: 5.0,
            height: 9.0,
        };
        for hatch in [Hatch::Rising, Hatch::Falling, Hatch::Crossed] {
            let lines = hatch.lines(bar);
            let numbers: Vec<f64> = lines
                .split(['M', 'L', ' '])
                .filter_map(|text| text.parse().ok())
                .collect();
            assert_eq!(numbers.len() % 4, 0, "{lines}");
            for place in numbers.chunks(2) {
                assert!((10.0..=15.0).contains(&place[0]), "{lines}");
                assert!((20.0..=29.0).contains(&place[1]), "{lines}");
            }
        }
        assert_eq!(Hatch::Plain.lines(bar), "");
    }
}
