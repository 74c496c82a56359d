//! A data set, an output folder, and a stand-in for `amst` that copies results made by hand.
#![allow(dead_code)] // Each test file takes what it needs.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use amst::methods::built_in;
use amst_recipe::{
    Cell, CellResult, DataLock, Grid, OutputMetrics, Preset, RESULT_SCHEMA, Recipe, Selected,
    TestResult, find_dataset,
};
use assert_cmd::Command;
use assert_cmd::assert::Assert;

/// A data set, an output folder and the stand-in.
pub struct Bench {
    table: &'static str,
    folder: tempfile::TempDir,
    data: DataLock,
}

/// Writes down how it was called, then leaves the result that was made for the cell.
const STAND_IN: &str = r#"#!/bin/sh
task=$1; shift
while [ $# -gt 0 ]; do
    case $1 in --resolved) recipe=$2 ;; --out) out=$2 ;; esac
    shift 2
done
# The recipe's file is called EXPERIMENT-SEED-CELL.toml.
name=$(basename "$recipe" .toml)
cell=${name##*-}
row=${name%-*}
e=${row%-*}
s=${row##*-}
[ "$task" = train ] || s=
echo "$task $e $s" >> "$STASH/calls"
mkdir -p "$STASH/given" && cp "$recipe" "$STASH/given/$task-$name.toml"
if [ -e "$STASH/fail-$task-$e-$s" ]; then
    echo "loading" >&2
    cat "$STASH/fail-$task-$e-$s" >&2
    exit 4
fi
[ "$task" = train ] || exit 0
if [ -e "$STASH/waits-$e-$s" ]; then
    trap 'exit 130' INT
    touch "$STASH/waiting"
    sleep 60
fi
if [ -e "$STASH/begins-$e-$s" ]; then
    cat "$STASH/begins-$e-$s"
    exec sleep 60
fi
echo '{"kind":"start","epochs":2,"cell":"'"$cell"'"}'
echo '{"kind":"epoch","epoch":0,"epochs":2,"val_accuracy":0.5,"seconds":0.1}'
echo '{"kind":"done","test_accuracy":0.5}'
[ -e "$STASH/$e-$s.run" ] || exit 0
run=$out/$(cat "$STASH/$e-$s.run")
mkdir -p "$run" && cp "$STASH/$e-$s.json" "$run/result.json"
[ ! -e "$STASH/$e-$s.csv" ] || cp "$STASH/$e-$s.csv" "$run/predictions.csv"
"#;

impl Bench {
    pub fn new() -> Self {
        Self::of("table2", "")
    }

    /// A bench of another table, whose data set has further settings.
    pub fn of(table: &'static str, settings: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let digits = folder.path().join("digits");
        std::fs::create_dir_all(&digits).unwrap();
        std::fs::create_dir(folder.path().join("stash")).unwrap();
        let descriptor = "name = 'digits'\ntitle = 'Digits'\nlayout = 'csv'\nclasses = ['a', 'b', 'c', 'd']\n\
                          [recipe]\nepochs = 2\nbatch_size = 2\nskip = { audio = 2 }\n";
        std::fs::write(
            digits.join("dataset.toml"),
            format!("{descriptor}{settings}"),
        )
        .unwrap();
        std::fs::write(
            digits.join("manifest.csv"),
            "id,label,split\n1,a,train\n2,b,test\n",
        )
        .unwrap();
        let program = folder.path().join("amst");
        std::fs::write(&program, STAND_IN).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        let data =
            DataLock::of(&find_dataset(digits.to_str().unwrap(), Path::new("")).unwrap()).unwrap();
        Self {
            table,
            folder,
            data,
        }
    }

    /// The same folders, for another table.
    pub fn then(self, table: &'static str) -> Self {
        Self { table, ..self }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn reproduce(&self, arguments: &[&str]) -> Assert {
        Command::from_std(self.command(arguments)).assert()
    }

    /// The same, not started yet.
    pub fn command(&self, arguments: &[&str]) -> std::process::Command {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_xtask"));
        command
            .args(["reproduce", self.table])
            .arg("--dataset")
            .arg(self.path("digits"));
        command
            .arg("--out")
            .arg(self.path("out"))
            .arg("--amst")
            .arg(self.path("amst"));
        command.env("STASH", self.path("stash")).args(arguments);
        command
    }

    pub fn cell(&self, experiment: &str, seed: u64, assignments: &[String]) -> Cell {
        let grid = Grid::named(self.table).unwrap();
        let digits = find_dataset(self.path("digits").to_str().unwrap(), Path::new("")).unwrap();
        let row = grid.experiment(experiment).unwrap();
        grid.cell(
            built_in(),
            row,
            seed,
            &digits,
            &self.data,
            Preset::Recommended,
            assignments,
        )
        .unwrap()
    }

    /// A result for every cell, in the stash of the stand-in. Experiment e and seed s give 0.5 +
    /// 0.05·e + 0.01·s, where a modality alone counts as −1.
    pub fn stash(&self, assignments: &[String]) {
        for (experiment, seed) in grid_cells() {
            let cell = self.cell(experiment, seed, assignments);
            let name = format!("{experiment}-{seed}");
            std::fs::write(
                self.path(&format!("stash/{name}.run")),
                cell.run_dir().to_str().unwrap(),
            )
            .unwrap();
            let number = experiment.parse::<f64>().unwrap_or(-1.0);
            let accuracy = 0.5 + 0.05 * number + 0.01 * seed as f64;
            let text = serde_json::to_string(&self.result(&cell, accuracy)).unwrap();
            std::fs::write(self.path(&format!("stash/{name}.json")), text).unwrap();
        }
    }

    /// The same results, as if they had been trained before.
    pub fn finish_all(&self) {
        self.stash(&[]);
        for (experiment, seed) in grid_cells() {
            let run = self.run(experiment, seed);
            std::fs::create_dir_all(&run).unwrap();
            std::fs::copy(
                self.path(&format!("stash/{experiment}-{seed}.json")),
                run.join("result.json"),
            )
            .unwrap();
        }
    }

    pub fn run(&self, experiment: &str, seed: u64) -> PathBuf {
        self.path("out/runs")
            .join(self.cell(experiment, seed, &[]).run_dir())
    }

    pub fn result(&self, cell: &Cell, accuracy: f64) -> CellResult {
        let output = OutputMetrics {
            accuracy,
            ..OutputMetrics::default()
        };
        CellResult {
            schema: RESULT_SCHEMA,
            cell: cell.id.clone(),
            data: self.data.clone(),
            requested: None,
            recipe: cell.recipe.clone(),
            selected: Selected {
                epoch: 1,
                val_accuracy: accuracy,
            },
            test: TestResult {
                samples: 100,
                majority_rate: 0.3,
                outputs: [("fused".into(), output)].into(),
            },
            last_train_loss: BTreeMap::new(),
            balance: BTreeMap::new(),
            epochs: 2,
            encoder_updates: 0,
        }
    }

    /// How the stand-in was called, one line a process.
    pub fn calls(&self) -> Vec<String> {
        let calls = std::fs::read_to_string(self.path("stash/calls")).unwrap_or_default();
        calls.lines().map(String::from).collect()
    }

    pub fn forget_calls(&self) {
        std::fs::remove_file(self.path("stash/calls")).unwrap();
    }

    /// The result of a cell that answers sample i rightly where `right` has a `1`, with its
    /// predictions, in the stash.
    pub fn stash_answers(&self, experiment: &str, seed: u64, right: &str) {
        let cell = self.cell(experiment, seed, &[]);
        let share = right.matches('1').count() as f64 / right.len() as f64;
        let mut result = self.result(&cell, share);
        result.test.samples = right.len();
        let line = |(i, c): (usize, char)| format!("{i},a,{}\n", if c == '1' { 'a' } else { 'b' });
        let predictions: String = right.chars().enumerate().map(line).collect();
        let name = format!("stash/{experiment}-{seed}");
        std::fs::write(
            self.path(&format!("{name}.run")),
            cell.run_dir().to_str().unwrap(),
        )
        .unwrap();
        std::fs::write(
            self.path(&format!("{name}.json")),
            serde_json::to_string(&result).unwrap(),
        )
        .unwrap();
        std::fs::write(
            self.path(&format!("{name}.csv")),
            format!("id,label,fused\n{predictions}"),
        )
        .unwrap();
    }

    /// The identities of the recipes that the stand-in was given, in the order of its tasks and
    /// rows.
    pub fn given(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.path("stash/given")).unwrap();
        let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        files.sort();
        let mut identities = Vec::new();
        for file in files {
            let text = std::fs::read_to_string(file).unwrap();
            let recipe: Recipe = toml::from_str(&text).unwrap();
            identities.push(built_in().cell_id(&recipe, &self.data).to_string());
        }
        identities
    }
}

/// Every row and seed of Table 2 that applies.
pub fn grid_cells() -> impl Iterator<Item = (&'static str, u64)> {
    ["audio", "visual", "1", "2", "3", "4", "5", "6"]
        .into_iter()
        .flat_map(|e| [0, 1, 2].map(|s| (e, s)))
}

pub fn stdout(assert: &Assert) -> String {
    String::from_utf8(assert.get_output().stdout.clone()).unwrap()
}

pub fn stderr(assert: &Assert) -> String {
    String::from_utf8(assert.get_output().stderr.clone()).unwrap()
}
