//! Finished runs with predictions, whose answers are chosen sample by sample.

// Of what is made there, these tests need a part.
#[allow(dead_code)]
#[path = "../made/mod.rs"]
pub mod made;

use std::path::PathBuf;

use amst::methods::built_in;
use amst_recipe::{Cell, DatasetSpec, Grid, Preset, RecipeError, ResolvedDataset};
use amst_report::{Comparison, LeftOut, MeasuredDataset, Table, collect};
use serde_json::json;

/// Rows of a table with their runs on disk.
pub struct Runs {
    pub folder: tempfile::TempDir,
    grid: Grid,
    seeds: Vec<u64>,
    cells: Vec<(String, Cell)>,
    left_out: Vec<LeftOut>,
}

/// Digits of sound and pictures, for which MSLR has rates.
fn digits() -> ResolvedDataset {
    let recipe =
        json!({ "skip": { "audio": 3 }, "mslr": { "lr": { "audio": 0.001, "visual": 0.01 } } });
    let spec = DatasetSpec {
        name: "digits".into(),
        title: "Digits".into(),
        recipe,
        ..DatasetSpec::synthetic()
    };
    ResolvedDataset {
        spec,
        root: "digits".into(),
    }
}

impl Runs {
    /// All rows of a table, none of them run yet.
    pub fn of(table: &str, seeds: &[u64], assignments: &[&str]) -> Self {
        let grid = Grid::named(table).unwrap();
        let assignments: Vec<String> = assignments.iter().map(|a| a.to_string()).collect();
        let (mut cells, mut left_out) = (Vec::new(), Vec::new());
        for row in &grid.experiment {
            for seed in seeds {
                match grid.cell(
                    built_in(),
                    row,
                    *seed,
                    &digits(),
                    &made::lock(),
                    Preset::Recommended,
                    &assignments,
                ) {
                    Ok(cell) => cells.push((row.id.clone(), cell)),
                    Err(RecipeError::NotApplicable {
                        id, dataset, why, ..
                    }) => {
                        left_out.push(LeftOut {
                            experiment: id,
                            column: dataset,
                            why,
                        });
                    }
                    Err(other) => panic!("{other}"),
                }
            }
        }
        Self {
            folder: tempfile::tempdir().unwrap(),
            grid,
            seeds: seeds.to_vec(),
            cells,
            left_out,
        }
    }

    /// Leaves only some rows.
    pub fn only(mut self, rows: &[&str]) -> Self {
        self.grid
            .experiment
            .retain(|e| rows.contains(&e.id.as_str()));
        self.cells.retain(|(id, _)| rows.contains(&id.as_str()));
        self.left_out
            .retain(|l| rows.contains(&l.experiment.as_str()));
        self
    }

    /// Where a run is, or would be.
    pub fn run(&self, id: &str, seed: u64) -> PathBuf {
        self.folder.path().join(self.cell(id, seed).run_dir())
    }

    fn cell(&self, id: &str, seed: u64) -> &Cell {
        &self
            .cells
            .iter()
            .find(|(found, cell)| found == id && cell.recipe.seed == seed)
            .unwrap()
            .1
    }

    /// Finishes a run that answers sample i rightly where `right` has a `1`. Labels are `a` to `c`
    /// in turn.
    pub fn finish(&self, id: &str, seed: u64, right: &str) {
        let answers: Vec<bool> = right.chars().map(|c| c == '1').collect();
        let share = answers.iter().filter(|r| **r).count() as f64 / answers.len() as f64;
        let cell = self.cell(id, seed);
        let mut result = made::result(cell, share);
        result.test.samples = answers.len();
        // A network of one modality has the outputs of one.
        let there = |name: &str| cell.recipe.modalities.iter().any(|m| m.name() == name);
        result
            .test
            .outputs
            .retain(|name, _| name == "fused" || there(name));
        made::write(
            self.folder.path(),
            cell,
            &serde_json::to_string(&result).unwrap(),
        );
        let mut text = String::from("id,label,fused,p:a,p:b,p:c\n");
        for (i, right) in answers.iter().enumerate() {
            let label = ["a", "b", "c"][i % 3];
            let fused = if *right {
                label
            } else {
                ["b", "c", "a"][i % 3]
            };
            text += &format!("s{i},{label},{fused},0.3,0.3,0.4\n");
        }
        std::fs::write(self.run(id, seed).join("predictions.csv"), text).unwrap();
    }

    /// Changes the predictions of a run.
    pub fn rewrite(&self, id: &str, seed: u64, change: impl Fn(String) -> String) {
        let file = self.run(id, seed).join("predictions.csv");
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::write(file, change(text)).unwrap();
    }

    pub fn table(&self) -> Table {
        let rows: Vec<_> = self.grid.experiment.iter().collect();
        let digits = [MeasuredDataset {
            name: "digits".into(),
            title: "Digits".into(),
            classes: 3,
        }];
        let entries = collect(built_in(), &made::wanted(&self.cells), self.folder.path());
        let table = Table::new(&self.grid, &rows, &self.seeds, &digits, &entries);
        table.leaving_out(&self.left_out).with_comparisons(&entries)
    }

    pub fn comparison(&self) -> Comparison {
        self.table().comparisons.remove(0)
    }
}

/// Answers of 295 samples, of which about a share of `skill` is right; systems find the same
/// samples hard.
pub fn answers(skill: f64, seed: u64) -> String {
    let noise = |n: u64| {
        let mut z = n.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        z = (z ^ (z >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        (z >> 40) as f64 / (1u64 << 24) as f64
    };
    let right = |i: u64| {
        let hard = noise(i + 1);
        let luck = noise(1000 * (seed + 1) + i + (skill * 1e6) as u64);
        if 0.7 * hard + 0.3 * luck < skill {
            '1'
        } else {
            '0'
        }
    };
    (0..295).map(right).collect()
}
