//! A table of runs that belong to no table of the paper: a row for each recipe.

use std::collections::{BTreeMap, BTreeSet};

use amst_figures::Panel;
use amst_recipe::{Cell, Experiment, Grid, ShownSplit};
use amst_report::{Entry, MeasuredDataset, Table};

/// The table of a data set's panels. Unfinished runs are in none of its numbers.
pub(crate) fn runs_table(dataset: &str, panels: &[Panel]) -> Table {
    let mut experiments = Vec::new();
    let mut entries = Vec::new();
    let mut seeds = BTreeSet::new();
    let mut classes = 0;
    let trained = panels.iter().filter(|panel| !panel.runs()[0].is_published);
    for (index, panel) in trained.enumerate() {
        let id = (index + 1).to_string();
        for run in panel.runs() {
            let Some(result) = &run.result else { continue };
            seeds.insert(run.seed());
            let fused = result.test.outputs.get("fused");
            classes = fused.map_or(classes, |fused| fused.class_entropy.len());
            entries.push(Entry {
                experiment: id.clone(),
                column: dataset.into(),
                seed: run.seed(),
                cell: Cell {
                    requested: run.method().clone(),
                    trained_as: None,
                    recipe: result.recipe.clone(),
                    id: result.cell.clone(),
                    is_drawn_from_seed: false,
                },
                file: run.folder.join("result.json"),
                outcome: Ok(result.clone()),
            });
        }
        experiments.push(Experiment {
            id,
            name: panel.title().into(),
            ticks: Vec::new(),
            set: serde_json::Value::Null,
            published: BTreeMap::new(),
        });
    }
    let seeds: Vec<u64> = seeds.into_iter().collect();
    let grid = Grid {
        name: "runs".into(),
        title: format!("Test accuracy on {dataset} (%)"),
        seeds: seeds.clone(),
        split: ShownSplit::Test,
        figure: None,
        pairs: Vec::new(),
        heading: Some("method".into()),
        ticks: Vec::new(),
        reference: Vec::new(),
        experiment: experiments,
    };
    let measured = MeasuredDataset {
        name: dataset.into(),
        title: dataset.into(),
        classes,
    };
    let rows: Vec<&Experiment> = grid.experiment.iter().collect();
    Table::new(&grid, &rows, &seeds, &[measured], &entries)
        .with_comparisons(&entries)
        .with_modalities_together(&entries)
}
