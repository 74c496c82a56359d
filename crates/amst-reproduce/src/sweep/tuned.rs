//! `sweep.json`: the best settings of each method, which `reproduce --tuned` takes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use amst_recipe::{DataLock, Experiment};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ReproduceError;

/// Version of the layout of `sweep.json` and of the journal.
pub const SWEEP_SCHEMA: u32 = 1;

/// What a sweep found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tuned {
    /// [`SWEEP_SCHEMA`].
    pub schema: u32,
    /// What the sweep is called.
    pub name: String,
    /// The data set.
    pub dataset: String,
    /// Identity of its content.
    pub data: DataLock,
    /// `grid` or `halving`.
    pub search: String,
    /// The seeds of every trial.
    pub seeds: Vec<u64>,
    /// Trials of each method.
    pub trials: usize,
    /// The best settings, by method.
    pub methods: BTreeMap<String, TriedSettings>,
}

/// Settings and what they reached.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TriedSettings {
    /// `KEY=VALUE`.
    pub set: Vec<String>,
    /// Fused validation accuracy, mean over the seeds, in 0..1.
    pub val_accuracy: f64,
}

impl Tuned {
    /// The text of the file.
    pub fn json(&self) -> String {
        let value = serde_json::to_value(self).expect("a sweep is plain data");
        format!("{value:#}\n")
    }

    /// Reads what a sweep found: its name under `out`, its folder, or the file.
    ///
    /// # Errors
    ///
    /// There is none, or it cannot be read.
    pub fn read(sweep: &str, out: &Path) -> Result<Self, ReproduceError> {
        let given = PathBuf::from(sweep);
        let places = [
            given.clone(),
            given.join("sweep.json"),
            out.join("sweeps").join(sweep).join("sweep.json"),
        ];
        let Some(file) = places.iter().find(|place| place.is_file()) else {
            return Err(ReproduceError::Usage(format!(
                "`--tuned {sweep}`: there is no {}; make it with `amst sweep {sweep} --over …`",
                places[2].display()
            )));
        };
        let text = std::fs::read_to_string(file).map_err(|source| ReproduceError::Io {
            action: "read",
            path: file.clone(),
            source,
        })?;
        let tuned: Self = serde_json::from_str(&text).map_err(|error| {
            ReproduceError::Usage(format!("{} is no sweep: {error}", file.display()))
        })?;
        if tuned.schema != SWEEP_SCHEMA {
            return Err(ReproduceError::Usage(format!(
                "{} has layout {}, not {SWEEP_SCHEMA}: call the sweep again",
                file.display(),
                tuned.schema
            )));
        }
        Ok(tuned)
    }

    /// # Errors
    ///
    /// The sweep was over other data.
    pub fn check_data(&self, dataset: &str, data: &DataLock) -> Result<(), ReproduceError> {
        if self.data == *data {
            return Ok(());
        }
        Err(ReproduceError::Usage(format!(
            "`--tuned {}`: the sweep was over {}, and {dataset} is or holds something else: sweep \
             over it, `amst sweep NAME --dataset {dataset} --over …`",
            self.name, self.dataset
        )))
    }

    /// The settings of a method for a row, without what makes the row what it is.
    pub fn settings(&self, method: &str, row: &Experiment) -> Vec<String> {
        let found = self.methods.get(method);
        let all = found.map(|found| found.set.as_slice()).unwrap_or_default();
        let is_rows_own = |setting: &&String| {
            let key = setting.split('=').next().unwrap_or_default();
            let mut steps = key.split('.');
            steps
                .try_fold(&row.set, |at: &Value, step| at.get(step))
                .is_some()
        };
        all.iter()
            .filter(|setting| !is_rows_own(setting))
            .cloned()
            .collect()
    }

    /// What a table says of it, among its settings.
    pub fn note(&self) -> String {
        let seeds: Vec<String> = self.seeds.iter().map(u64::to_string).collect();
        let methods: Vec<&str> = self.methods.keys().map(String::as_str).collect();
        format!(
            "the best of {} trials each of {} on validation, seeds {} (sweep {})",
            self.trials,
            methods.join(", "),
            seeds.join(" and "),
            self.name
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tuned() -> Tuned {
        let found = TriedSettings {
            set: vec!["optim.lr=0.02".into(), "skip.audio=3".into()],
            val_accuracy: 0.8,
        };
        Tuned {
            schema: SWEEP_SCHEMA,
            name: "first".into(),
            dataset: "digits".into(),
            data: serde_json::from_value("aa".into()).unwrap(),
            search: "grid".into(),
            seeds: vec![100, 101],
            trials: 6,
            methods: [("amst-alt".to_string(), found)].into(),
        }
    }

    #[test]
    fn a_row_keeps_what_makes_it_what_it_is() {
        let row = |set: Value| Experiment {
            id: "3".into(),
            name: "row".into(),
            ticks: Vec::new(),
            set,
            published: BTreeMap::new(),
        };
        let tuned = tuned();
        let free = row(serde_json::json!({ "method": "amst-alt" }));
        assert_eq!(
            tuned.settings("amst-alt", &free),
            ["optim.lr=0.02", "skip.audio=3"]
        );
        let fixed = row(serde_json::json!({ "skip": { "audio": 1 } }));
        assert_eq!(tuned.settings("amst-alt", &fixed), ["optim.lr=0.02"]);
        assert!(tuned.settings("naive", &free).is_empty());
    }

    #[test]
    fn it_is_found_by_name_folder_or_file_and_refused_for_other_data() {
        let out = tempfile::tempdir().unwrap();
        let folder = out.path().join("sweeps/first");
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("sweep.json");
        std::fs::write(&file, tuned().json()).unwrap();
        for given in ["first", folder.to_str().unwrap(), file.to_str().unwrap()] {
            assert_eq!(Tuned::read(given, out.path()).unwrap(), tuned());
        }
        let absent = Tuned::read("second", out.path()).unwrap_err().to_string();
        assert!(absent.contains("`amst sweep second --over …`"), "{absent}");
        let other = serde_json::from_value("bb".into()).unwrap();
        assert!(tuned().check_data("digits", &other).is_err());
        std::fs::write(&file, "{}").unwrap();
        assert!(Tuned::read("first", out.path()).is_err());
    }
}
