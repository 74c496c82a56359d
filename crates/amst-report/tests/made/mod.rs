//! Results as a trainer would leave them, with accuracies chosen by hand.

use std::collections::BTreeMap;
use std::path::Path;

use amst::methods::built_in;
use amst_recipe::{
    Cell, CellResult, DataLock, DatasetSpec, Grid, OutputMetrics, Preset, RESULT_SCHEMA,
    ResolvedDataset, Selected, TestResult,
};
use amst_report::{Entry, MeasuredDataset, Table, Wanted, collect};

pub const SEEDS: [u64; 3] = [0, 1, 2];

pub fn digits() -> ResolvedDataset {
    let spec = descriptor(
        "name = 'digits'\ntitle = 'Digits'\nlayout = 'csv'\n[recipe]\nepochs = 3\nskip = { audio = 3 }\n",
    );
    ResolvedDataset {
        spec,
        root: "digits".into(),
    }
}

/// A descriptor as it is read from disk.
fn descriptor(text: &str) -> DatasetSpec {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("dataset.toml");
    std::fs::write(&file, text).unwrap();
    DatasetSpec::read(&file).unwrap()
}

pub fn lock() -> DataLock {
    serde_json::from_value("0123456789abcdef".into()).unwrap()
}

/// Every experiment and seed of Table 2 on the digits, without the rows to compare with.
pub fn cells(dataset: &ResolvedDataset) -> Vec<(String, Cell)> {
    let grid = Grid::named("table2").unwrap();
    let cell = |id: &str, seed| {
        let experiment = grid.experiment(id).unwrap();
        (
            id.to_string(),
            grid.cell(
                built_in(),
                experiment,
                seed,
                dataset,
                &lock(),
                Preset::Recommended,
                &[],
            )
            .unwrap(),
        )
    };
    grid.experiment
        .iter()
        .flat_map(|e| SEEDS.map(|seed| cell(&e.id, seed)))
        .collect()
}

pub fn result(cell: &Cell, accuracy: f64) -> CellResult {
    let output = |accuracy| OutputMetrics {
        loss: 0.5,
        accuracy,
        confidence: 0.9,
        entropy: 0.2,
        ..OutputMetrics::default()
    };
    let outputs = [
        ("fused", accuracy),
        ("audio", 0.75),
        ("visual", 0.5),
        ("alt.fused", 0.625),
    ];
    CellResult {
        schema: RESULT_SCHEMA,
        cell: cell.id.clone(),
        data: lock(),
        requested: None,
        recipe: cell.recipe.clone(),
        selected: Selected {
            epoch: 2,
            val_accuracy: accuracy,
        },
        test: TestResult {
            samples: 200,
            majority_rate: 0.15,
            outputs: outputs
                .map(|(name, a)| (name.to_string(), output(a)))
                .into(),
        },
        last_train_loss: BTreeMap::new(),
        balance: BTreeMap::new(),
        epochs: 40,
        encoder_updates: 0,
    }
}

pub fn write(runs: &Path, cell: &Cell, text: &str) {
    let folder = runs.join(cell.run_dir());
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("result.json"), text).unwrap();
}

/// Experiment e and seed s give 0.5 + 0.05·e + 0.01·s, so that every mean and error is known.
pub fn write_all(runs: &Path, cells: &[(String, Cell)]) {
    for (experiment, cell) in cells {
        let accuracy =
            0.5 + 0.05 * experiment.parse::<f64>().unwrap() + 0.01 * cell.recipe.seed as f64;
        write(
            runs,
            cell,
            &serde_json::to_string(&result(cell, accuracy)).unwrap(),
        );
    }
}

/// The runs of a table, in the column of their data set.
pub fn wanted(cells: &[(String, Cell)]) -> Vec<Wanted> {
    let of = |(experiment, cell): &(String, Cell)| {
        let column = cell.recipe.dataset.clone();
        Wanted {
            experiment: experiment.clone(),
            column,
            cell: cell.clone(),
        }
    };
    cells.iter().map(of).collect()
}

pub fn table(entries: &[Entry]) -> Table {
    let grid = Grid::named("table2").unwrap();
    let experiments: Vec<_> = grid.experiment.iter().collect();
    let datasets = [MeasuredDataset {
        name: "digits".into(),
        title: "Digits".into(),
        classes: 10,
    }];
    Table::new(&grid, &experiments, &SEEDS, &datasets, entries)
}

/// The table of finished runs, of which `spoil` may remove or change some.
pub fn table_after(spoil: impl Fn(&Path, &[(String, Cell)])) -> Table {
    let runs = tempfile::tempdir().unwrap();
    let cells = cells(&digits());
    write_all(runs.path(), &cells);
    spoil(runs.path(), &cells);
    let mut table = table(&collect(built_in(), &wanted(&cells), runs.path()));
    forget_identities(&mut table, runs.path());
    table
}

/// Golden files name neither a temporary folder nor identities, which change with every new key.
fn forget_identities(table: &mut Table, runs: &Path) {
    let runs = runs.display().to_string();
    for row in &mut table.rows {
        for outcome in row.cells.iter_mut().flat_map(|c| &mut c.seeds) {
            let short = format!("{}000000{}", row.experiment, outcome.seed);
            let told = |text: String| {
                text.replace(&runs, "runs")
                    .replace(outcome.cell.short(), &short)
            };
            outcome.source = told(outcome.source.display().to_string()).into();
            outcome.missing = outcome.missing.take().map(told);
            outcome.cell = serde_json::from_value(short.repeat(8).into()).unwrap();
        }
    }
}
