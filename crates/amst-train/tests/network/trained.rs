//! A network trained for a moment on a few digits, with all its files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use amst::methods::built_in;
use amst_data::{Prepared, Source, Split, SplitName, prepare};
use amst_recipe::{CellResult, DataLock, Modality, ResolvedDataset, find_dataset};
use amst_train::{FoundNetwork, NetworkPath, Run, SelectedNetwork, Trainer, find_network};
use burn::tensor::Device;
use tempfile::TempDir;

pub const ALL: &str = "modalities=audio,text,visual";

/// Rows of the manifest that take part, by split: the first one of each class, and of the test
/// split some more.
const ROWS: [(&str, usize); 3] = [("train", 10), ("val", 10), ("test", 11)];

pub struct Trained {
    folder: TempDir,
    pub dataset: ResolvedDataset,
    pub data: Prepared,
    pub result: CellResult,
    /// The run's directory.
    pub run: PathBuf,
}

impl Trained {
    /// One epoch of narrow networks, evaluated in batches of four.
    pub fn new(assignments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let dataset = few_digits(&folder.path().join("few-digits"));
        let short = [
            "epochs=1",
            "audio.width=4",
            "visual.width=4",
            "eval_batch_size=4",
            "batch_size=5",
        ];
        let assignments: Vec<String> = short
            .iter()
            .chain(assignments)
            .map(|a| a.to_string())
            .collect();
        let recipe = built_in()
            .resolve(std::slice::from_ref(&dataset.spec.recipe), &assignments)
            .unwrap();
        let lock = DataLock::of(&dataset).unwrap();
        let data = prepare(
            &dataset,
            &recipe,
            None,
            &folder.path().join("store"),
            &|_| {},
        )
        .unwrap();
        let run = Run::create(
            &folder.path().join("runs"),
            &built_in().cell(recipe, &lock),
            &lock,
        )
        .unwrap();
        let dir = run.dir().to_path_buf();
        let trainer = Trainer::new(run, data.clone(), Device::flex()).unwrap();
        let trainer = trainer
            .keep_weights(&folder.path().join("weights.safetensors"))
            .unwrap();
        let result = trainer.train(&mut |_| {}).unwrap();
        Self {
            dataset,
            data,
            result,
            run: dir,
            folder,
        }
    }

    /// The file of the selected network's weights.
    pub fn weights(&self) -> PathBuf {
        self.folder.path().join("weights.safetensors")
    }

    /// A folder that vanishes with this.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn found(&self) -> FoundNetwork {
        find_network(&NetworkPath::Weights {
            file: self.weights(),
            run: Some(self.run.clone()),
        })
        .unwrap()
    }

    pub fn network(&self) -> SelectedNetwork {
        let found = self.found();
        let classes = found.classes.clone().unwrap();
        SelectedNetwork::read(&found, &classes, None, &Device::flex()).unwrap()
    }

    pub fn test(&self) -> Split {
        self.data.split(SplitName::Test)
    }

    /// Where a test sample's modalities come from.
    pub fn sources(&self, id: &str, modalities: &[Modality]) -> BTreeMap<Modality, Source> {
        let rows = amst_data::layout::csv::read(&self.dataset, &Modality::ALL, 0).unwrap();
        let row = rows.into_iter().find(|row| row.id == id).unwrap();
        let source = |m: &Modality| match &row.raw[m] {
            amst_data::Raw::Text(text) => (*m, Source::Text(text.clone())),
            amst_data::Raw::Files(files) => (
                *m,
                Source::Files(
                    files
                        .iter()
                        .map(|file| self.dataset.root.join(file))
                        .collect(),
                ),
            ),
            other => panic!("{id} comes from {other:?}"),
        };
        modalities.iter().map(source).collect()
    }
}

/// A data set of some of the embedded digits.
fn few_digits(folder: &Path) -> ResolvedDataset {
    let whole = find_dataset(
        "world-digits",
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("../../datasets"),
    )
    .unwrap();
    let manifest = std::fs::read_to_string(whole.root.join("manifest.csv")).unwrap();
    let mut lines = manifest.lines();
    let mut kept = vec![lines.next().unwrap()];
    for (split, count) in ROWS {
        let of_split: Vec<&str> = lines
            .clone()
            .filter(|line| line.ends_with(&format!(",{split}")))
            .collect();
        let first = (0..10).filter_map(|class| {
            of_split
                .iter()
                .find(|line| line.split(',').nth(1) == Some(&class.to_string()))
        });
        let rest = of_split.iter().rev();
        let mut rows: Vec<&str> = first.chain(rest).copied().collect();
        rows.truncate(count);
        kept.extend(rows);
    }
    for line in &kept[1..] {
        for file in line.split(',').skip(3).take(2) {
            std::fs::create_dir_all(folder.join(file).parent().unwrap()).unwrap();
            std::fs::copy(whole.root.join(file), folder.join(file)).unwrap();
        }
    }
    std::fs::write(folder.join("manifest.csv"), kept.join("\n")).unwrap();
    let mut spec = whole.spec;
    spec.name = "few-digits".into();
    ResolvedDataset {
        spec,
        root: folder.into(),
    }
}
