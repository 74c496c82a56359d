//! Runs as rows of methods and columns of seeds.

use std::collections::{BTreeMap, BTreeSet};

use crate::WatchedRun;

/// Which run stands where.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Arrangement {
    /// One row a method; several where a seed of it has several runs.
    pub rows: Vec<MethodRow>,
    /// The columns' seeds, ascending.
    pub seeds: Vec<Option<u64>>,
}

/// A row of runs.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct MethodRow {
    /// The method, with the data set where there are several.
    pub label: String,
    /// Indices of the runs, by column.
    pub cells: Vec<Option<usize>>,
}

/// Runs of one method on one data set, by seed.
type BySeed = BTreeMap<Option<u64>, Vec<usize>>;

impl Arrangement {
    /// That of the runs.
    pub fn of(runs: &[WatchedRun]) -> Self {
        let mut systems: BTreeMap<(&str, &str), BySeed> = BTreeMap::new();
        for (index, run) in runs.iter().enumerate() {
            let system = systems.entry((&run.dataset, &run.method)).or_default();
            system.entry(run.seed).or_default().push(index);
        }
        let datasets: BTreeSet<&str> = runs.iter().map(|run| run.dataset.as_str()).collect();
        let seeds: BTreeSet<Option<u64>> = runs.iter().map(|run| run.seed).collect();
        let mut rows = Vec::new();
        for ((dataset, method), by_seed) in &systems {
            let variants = by_seed.values().map(Vec::len).max().unwrap_or(0);
            for variant in 0..variants {
                let mut label = if datasets.len() > 1 {
                    format!("{dataset}/{method}")
                } else {
                    (*method).to_string()
                };
                if variant > 0 {
                    label += &format!(" ({})", variant + 1);
                }
                let cells = seeds
                    .iter()
                    .map(|seed| by_seed.get(seed)?.get(variant).copied())
                    .collect();
                rows.push(MethodRow { label, cells });
            }
        }
        Self {
            rows,
            seeds: seeds.into_iter().collect(),
        }
    }

    /// Indices of all runs, row by row.
    pub fn in_order(&self) -> Vec<usize> {
        let cells = self.rows.iter().flat_map(|row| &row.cells);
        cells.flatten().copied().collect()
    }

    /// Row and column of a run.
    pub fn place(&self, run: usize) -> Option<(usize, usize)> {
        self.rows.iter().enumerate().find_map(|(at, row)| {
            let column = row.cells.iter().position(|cell| *cell == Some(run))?;
            Some((at, column))
        })
    }

    /// The run so many rows below another, in the column that is nearest to it.
    pub fn below(&self, run: usize, rows: isize) -> Option<usize> {
        let (row, column) = self.place(run)?;
        let cells = &self.rows.get(row.checked_add_signed(rows)?)?.cells;
        let there = cells.iter().enumerate().filter_map(|(at, cell)| {
            let distance = at.abs_diff(column);
            cell.map(|run| (distance, run))
        });
        there.min().map(|(_, run)| run)
    }

    /// The next run of the row to the right (1) or left (-1).
    pub fn beside(&self, run: usize, step: isize) -> Option<usize> {
        let (row, mut column) = self.place(run)?;
        loop {
            column = column.checked_add_signed(step)?;
            if let Some(run) = self.rows[row].cells.get(column)? {
                return Some(*run);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(folders: &[&str]) -> Vec<WatchedRun> {
        folders.iter().map(WatchedRun::in_folder).collect()
    }

    #[test]
    fn methods_are_rows_and_seeds_are_columns() {
        let runs = runs(&["d/b/2-x", "d/a/0-x", "d/b/10-x", "d/b/2-y"]);
        let arrangement = Arrangement::of(&runs);
        assert_eq!(arrangement.seeds, [Some(0), Some(2), Some(10)]);
        let rows: Vec<_> = arrangement
            .rows
            .iter()
            .map(|row| (row.label.as_str(), row.cells.clone()))
            .collect();
        assert_eq!(
            rows,
            [
                ("a", vec![Some(1), None, None]),
                ("b", vec![None, Some(0), Some(2)]),
                ("b (2)", vec![None, Some(3), None]),
            ]
        );
        assert_eq!(arrangement.in_order(), [1, 0, 2, 3]);
    }

    #[test]
    fn data_sets_are_named_where_there_are_several() {
        let arrangement = Arrangement::of(&runs(&["d/a/0-x", "e/a/0-x"]));
        let labels: Vec<&str> = arrangement.rows.iter().map(|r| r.label.as_str()).collect();
        assert_eq!(labels, ["d/a", "e/a"]);
    }

    #[test]
    fn keys_move_over_gaps_and_stay_at_the_edge() {
        let arrangement = Arrangement::of(&runs(&["d/a/0-x", "d/a/2-x", "d/b/1-x", "d/c/2-x"]));
        assert_eq!(arrangement.beside(0, 1), Some(1));
        assert_eq!(arrangement.beside(1, 1), None);
        assert_eq!(arrangement.beside(1, -1), Some(0));
        assert_eq!(arrangement.below(1, 1), Some(2));
        assert_eq!(arrangement.below(2, 1), Some(3));
        assert_eq!(arrangement.below(3, 1), None);
        assert_eq!(arrangement.below(0, -1), None);
        assert_eq!(Arrangement::of(&[]).below(0, 1), None);
    }
}
