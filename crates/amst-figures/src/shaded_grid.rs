//! A grid of shaded cells with a number in each: confusion matrices and heat maps.

use crate::axis::whole_step;
use crate::lettering::width;
use crate::page::{Area, TICK_SIZE, area, column_label, text};
use crate::svg::Svg;

/// Sizes of the numbers in cells, in points.
const LARGEST_NUMBER: f64 = 7.0;
const SMALLEST_NUMBER: f64 = 3.5;

/// Colours of a cell of 0 and of one of 1: white to the blue of Okabe and Ito (2008).
const LIGHT: [f64; 3] = [255.0, 255.0, 255.0];
const DARK: [f64; 3] = [0.0, 114.0, 178.0];

/// Rows of cells, from above, with their labels.
pub(crate) struct ShadedGrid {
    pub rows: Vec<String>,
    pub columns: Vec<String>,
    /// `[row][column]`; `None` where there is nothing.
    pub cells: Vec<Vec<Option<Shade>>>,
}

/// What a cell shows.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Shade {
    /// 0 is light, 1 dark.
    pub share: f64,
    /// Written where it fits.
    pub text: String,
}

impl ShadedGrid {
    /// Points that the longest label beside it takes.
    pub(crate) fn beside(&self) -> f64 {
        let widths = self.rows.iter().map(|label| width(label, TICK_SIZE));
        widths.fold(0.0, f64::max)
    }

    /// Points below it, when it is so wide.
    pub(crate) fn below(&self, plot_width: f64) -> f64 {
        if self.is_upright(plot_width) {
            self.widest_column() + 2.0
        } else {
            TICK_SIZE + 2.0
        }
    }

    fn widest_column(&self) -> f64 {
        let widths = self.columns.iter().map(|label| width(label, TICK_SIZE));
        widths.fold(0.0, f64::max)
    }

    fn is_upright(&self, plot_width: f64) -> bool {
        self.widest_column() + 2.0 > plot_width / self.columns.len() as f64
    }

    /// Draws cells and labels; `with_rows` where the rows' labels have their place.
    pub(crate) fn draw(&self, svg: &mut Svg, plot: Area, with_rows: bool) {
        let cell_width = plot.width / self.columns.len() as f64;
        let cell_height = plot.height / self.rows.len() as f64;
        let size = self.number_size(cell_width, cell_height);
        for (row, cells) in self.cells.iter().enumerate() {
            for (column, cell) in cells.iter().enumerate() {
                let Some(shade) = cell else { continue };
                let place = Area {
                    left: plot.left + cell_width * column as f64,
                    top: plot.top + cell_height * row as f64,
                    width: cell_width,
                    height: cell_height,
                };
                draw_cell(svg, place, shade, size);
            }
        }
        if with_rows {
            self.draw_row_labels(svg, plot, cell_height);
        }
        self.draw_column_labels(svg, plot, cell_width);
    }

    /// The size in which every number fits into its cell, if there is one.
    fn number_size(&self, cell_width: f64, cell_height: f64) -> Option<f64> {
        let shades = self.cells.iter().flatten().flatten();
        let widest = shades
            .map(|shade| width(&shade.text, 1.0))
            .fold(0.0, f64::max);
        let fits = LARGEST_NUMBER
            .min((cell_width - 1.0) / widest.max(0.1))
            .min(cell_height - 1.0);
        (fits >= SMALLEST_NUMBER).then_some(fits)
    }

    fn draw_row_labels(&self, svg: &mut Svg, plot: Area, cell_height: f64) {
        let fit = (plot.height / TICK_SIZE) as usize;
        let step = whole_step(self.rows.len(), fit);
        for (row, label) in self.rows.iter().enumerate().step_by(step) {
            let centre = plot.top + cell_height * (row as f64 + 0.5);
            let element = text(plot.left - 2.5, centre + TICK_SIZE * 0.35, TICK_SIZE)
                .set("class", "y-tick")
                .set("text-anchor", "end");
            svg.add_text(&element, label);
        }
    }

    fn draw_column_labels(&self, svg: &mut Svg, plot: Area, cell_width: f64) {
        let is_upright = self.is_upright(plot.width);
        let needs = if is_upright {
            TICK_SIZE
        } else {
            self.widest_column() + 2.0
        };
        let step = whole_step(self.columns.len(), (plot.width / needs) as usize);
        for (column, label) in self.columns.iter().enumerate().step_by(step) {
            let centre = plot.left + cell_width * (column as f64 + 0.5);
            let below = plot.bottom() + 2.0;
            svg.add_text(&column_label(centre, below, is_upright), label);
        }
    }
}

fn draw_cell(svg: &mut Svg, place: Area, shade: &Shade, size: Option<f64>) {
    let share = shade.share.clamp(0.0, 1.0);
    let cell = area(place).set("class", "cell").set("fill", colour(share));
    svg.add(&cell);
    let Some(size) = size else { return };
    let left = place.left + place.width / 2.0;
    let foot = place.top + place.height / 2.0 + size * 0.35;
    // Neither the page's black nor its white, which a dark page turns round.
    let ink = if share > 0.6 { "#fefefe" } else { "#111111" };
    let label = text(left, foot, size)
        .set("class", "cell-number")
        .set("text-anchor", "middle")
        .set("fill", ink);
    svg.add_text(&label, &shade.text);
}

/// `#rrggbb` between light and dark.
fn colour(share: f64) -> String {
    let mut text = String::from("#");
    for (light, dark) in LIGHT.into_iter().zip(DARK) {
        let value = (light + share * (dark - light)).round() as u8;
        text += &format!("{value:02x}");
    }
    // The page's own white is another's black.
    if text == "#ffffff" {
        "#fefefe".into()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_go_from_white_to_blue() {
        assert_eq!(
            [0.0, 0.5, 1.0].map(colour),
            ["#fefefe", "#80b9d9", "#0072b2"]
        );
    }
}
