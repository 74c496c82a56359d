//! Whether the runs fit beside each other, and how wide their cells are.

use crate::arrangement::Arrangement;
use crate::cell::BESIDE_BAR;
use crate::lettering::width;

/// A bar is at least this wide.
const LEAST_BAR: usize = 3;

/// A wider bar says nothing more.
const LARGEST_BAR: usize = 12;

/// A label that is cut shorter than this says nothing.
const LEAST_LABEL: usize = 10;

/// Columns of the terminal for each part of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct GridColumns {
    /// Of the label.
    pub label: usize,
    /// Of each bar.
    pub bar: usize,
}

impl GridColumns {
    /// Those of a grid in a terminal of a width; `None` where the cells do not fit.
    pub fn of(arrangement: &Arrangement, terminal: u16) -> Option<Self> {
        let labels = arrangement.rows.iter().map(|row| width(&row.label));
        let longest = labels.max()?;
        let seeds = arrangement.seeds.len();
        let terminal = usize::from(terminal);
        // With a space before each cell.
        let narrowest = seeds * (1 + LEAST_BAR + BESIDE_BAR);
        let label = longest.min(terminal.checked_sub(narrowest)?);
        if label < longest.min(LEAST_LABEL) {
            return None;
        }
        let cell = (terminal - label) / seeds;
        let bar = cell.saturating_sub(1 + BESIDE_BAR).min(LARGEST_BAR);
        Some(Self { label, bar })
    }

    /// Of a cell without the space before it.
    pub fn cell(self) -> usize {
        self.bar + BESIDE_BAR
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::WatchedRun;

    fn seeds(n: usize, method: &str) -> Arrangement {
        let folders = (0..n).map(|seed| format!("d/{method}/{seed}-x"));
        let runs: Vec<_> = folders.map(WatchedRun::in_folder).collect();
        Arrangement::of(&runs)
    }

    #[test]
    fn five_seeds_fit_in_eighty_columns() {
        let columns = GridColumns::of(&seeds(5, "early-stopping"), 80).unwrap();
        assert_eq!((columns.label, columns.bar), (14, 3));
        assert!(14 + 5 * (1 + columns.cell()) <= 80);
        assert_eq!(GridColumns::of(&seeds(6, "early-stopping"), 80), None);
        let columns = GridColumns::of(&seeds(3, "naive"), 80).unwrap();
        assert_eq!((columns.label, columns.bar), (5, 12));
    }

    #[test]
    fn a_long_name_is_cut_before_the_grid_becomes_a_list() {
        let long = "m".repeat(70);
        let columns = GridColumns::of(&seeds(5, &long), 80).unwrap();
        assert_eq!((columns.label, columns.bar), (15, 3));
        assert_eq!(GridColumns::of(&seeds(0, ""), 80), None, "there is nothing");
        assert_eq!(GridColumns::of(&seeds(1, "naive"), 3), None);
    }
}
