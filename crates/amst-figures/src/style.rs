//! How an output looks: a colour that everyone can tell apart, a line and a filling that differ too.
//!
//! The colours are those of Okabe and Ito (2008), and grey.

use crate::outputs::FUSED;
use crate::svg::{Element, Svg};

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
    Slanted,
    Level,
    Upright,
}

impl Hatch {
    /// Part of the identifier of a filling.
    fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Slanted => "slanted",
            Self::Level => "level",
            Self::Upright => "upright",
        }
    }
}

impl Style {
    /// The value of `fill` for a bar.
    pub(crate) fn filling(self) -> String {
        if self.hatch == Hatch::Plain {
            self.colour.into()
        } else {
            format!("url(#{})", self.filling_id())
        }
    }

    /// Defines the hatched filling, where there is one.
    pub(crate) fn define_filling(self, svg: &mut Svg) {
        let turn = match self.hatch {
            Hatch::Plain => return,
            Hatch::Slanted => "rotate(45)",
            Hatch::Level => "rotate(90)",
            Hatch::Upright => "rotate(0)",
        };
        let pattern = Element::new("pattern")
            .set("id", self.filling_id())
            .set("patternUnits", "userSpaceOnUse")
            .set("width", 2.4)
            .set("height", 2.4)
            .set("patternTransform", turn);
        let colour = Element::new("rect")
            .set("width", 2.4)
            .set("height", 2.4)
            .set("fill", self.colour);
        let stripe = Element::new("rect")
            .set("width", 0.6)
            .set("height", 2.4)
            .set("fill", "#ffffff");
        svg.open(&pattern);
        svg.add(&colour);
        svg.add(&stripe);
        svg.close("pattern");
    }

    fn filling_id(self) -> String {
        format!("{}-{}", self.hatch.name(), self.colour.trim_start_matches('#'))
    }
}

/// The style of an output, by its name.
pub(crate) fn style(output: &str) -> Style {
    let (module, base) = output.rsplit_once('.').unwrap_or(("", output));
    let hatch = match base {
        "audio" => Hatch::Plain,
        "visual" => Hatch::Slanted,
        "text" => Hatch::Level,
        _ => Hatch::Upright,
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
            "alt.audio", "alt.visual", "alt.text", "joint.audio", "joint.visual", "joint.text", "fused",
        ];
        let colours: BTreeSet<_> = full.map(|output| style(output).colour).into();
        let dashes: BTreeSet<_> = full.map(|output| style(output).dashes).into();
        assert_eq!((colours.len(), dashes.len()), (full.len(), full.len()));
        let hatches: BTreeSet<_> = ["audio", "text", "visual"].map(|o| style(o).hatch).into();
        assert_eq!(hatches.len(), 3);
    }
}
