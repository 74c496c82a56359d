//! `journal.jsonl`: what a sweep is, and what each trial reached; lines are only added.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use amst_recipe::{CellId, DataLock};
use serde::{Deserialize, Serialize};

use crate::ReproduceError;
use crate::folders::make_folder;

/// The first line: what makes a sweep another one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Header {
    pub schema: u32,
    pub dataset: String,
    pub data: DataLock,
    pub over: Vec<String>,
    pub methods: Vec<String>,
    pub seeds: Vec<u64>,
    pub search: String,
    pub set: Vec<String>,
}

/// A further line: a trial of a rung.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tried {
    pub method: String,
    /// `KEY=VALUE`.
    pub set: Vec<String>,
    pub epochs: usize,
    /// The cell of each seed.
    pub cells: Vec<CellId>,
    /// Fused validation accuracy of each at its selected epoch, in 0..1.
    pub val_accuracies: Vec<f64>,
}

impl Tried {
    /// Over the seeds.
    pub fn mean(&self) -> f64 {
        self.val_accuracies.iter().sum::<f64>() / self.val_accuracies.len().max(1) as f64
    }

    /// The keys of its settings.
    pub fn keys(&self) -> Vec<String> {
        let keys = self.set.iter().filter_map(|one| one.split_once('='));
        keys.map(|(key, _)| key.to_string()).collect()
    }
}

/// The open file.
pub struct Journal {
    file: File,
    path: PathBuf,
    tried: Vec<Tried>,
}

impl Journal {
    /// Opens the journal in a folder, or begins it. A last line that was cut is taken away.
    ///
    /// # Errors
    ///
    /// It belongs to another sweep, a line is broken, or it cannot be read or written.
    pub fn open(folder: &Path, header: Header) -> Result<Self, ReproduceError> {
        make_folder(folder)?;
        let path = folder.join("journal.jsonl");
        let io = |action, path: &Path| {
            let path = path.to_path_buf();
            move |source| ReproduceError::Io {
                action,
                path,
                source,
            }
        };
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .open(&path)
            .map_err(io("open", &path))?;
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(io("read", &path))?;
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        file.set_len(whole as u64).map_err(io("write", &path))?;
        file.seek(SeekFrom::End(0)).map_err(io("write", &path))?;
        let mut journal = Self {
            file,
            path,
            tried: Vec::new(),
        };
        let mut lines = text[..whole].lines();
        match lines.next() {
            None => journal.write(&header)?,
            Some(first) => {
                let found: Option<Header> = serde_json::from_str(first).ok();
                if found != Some(header) {
                    return Err(ReproduceError::Usage(format!(
                        "{} is the journal of another sweep, over other settings, methods, seeds \
                         or data: give this one another name",
                        journal.path.display()
                    )));
                }
            }
        }
        for line in lines {
            let tried = serde_json::from_str(line).map_err(|error| {
                ReproduceError::Usage(format!(
                    "{} holds a line that is no trial ({error}): give this sweep another name; \
                     finished runs are found again",
                    journal.path.display()
                ))
            })?;
            journal.tried.push(tried);
        }
        Ok(journal)
    }

    /// Adds a trial, unless it is there.
    pub fn add(&mut self, tried: &Tried) -> Result<(), ReproduceError> {
        if self.tried.contains(tried) {
            return Ok(());
        }
        self.write(tried)?;
        self.tried.push(tried.clone());
        Ok(())
    }

    fn write(&mut self, line: &impl Serialize) -> Result<(), ReproduceError> {
        let mut text = serde_json::to_string(line).expect("a line is plain data");
        text.push('\n');
        let written = self.file.write_all(text.as_bytes());
        let written = written.and_then(|()| self.file.sync_data());
        written.map_err(|source| ReproduceError::Io {
            action: "write",
            path: self.path.clone(),
            source,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> Header {
        Header {
            schema: 1,
            dataset: "digits".into(),
            data: serde_json::from_value("aa".into()).unwrap(),
            over: vec!["skip.audio=1,2".into()],
            methods: vec!["amst-alt".into()],
            seeds: vec![100],
            search: "grid".into(),
            set: Vec::new(),
        }
    }

    fn tried(value: u32) -> Tried {
        Tried {
            method: "amst-alt".into(),
            set: vec![format!("skip.audio={value}")],
            epochs: 3,
            cells: vec![serde_json::from_value("ab".into()).unwrap()],
            val_accuracies: vec![0.5],
        }
    }

    #[test]
    fn a_journal_goes_on_after_a_line_that_was_cut() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = Journal::open(folder.path(), header()).unwrap();
        journal.add(&tried(1)).unwrap();
        journal.add(&tried(1)).unwrap();
        let file = folder.path().join("journal.jsonl");
        let text = std::fs::read_to_string(&file).unwrap();
        assert_eq!(text.lines().count(), 2, "a trial stands once");
        std::fs::write(&file, format!("{text}{{\"method\":\"am")).unwrap();
        let mut again = Journal::open(folder.path(), header()).unwrap();
        assert_eq!(again.tried, [tried(1)]);
        again.add(&tried(2)).unwrap();
        let lines = std::fs::read_to_string(&file).unwrap();
        assert_eq!(lines.lines().count(), 3);
        assert!(lines.starts_with(&text));
    }

    #[test]
    fn the_journal_of_another_sweep_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        Journal::open(folder.path(), header()).unwrap();
        let file = folder.path().join("journal.jsonl");
        let before = std::fs::read(&file).unwrap();
        let other = Header {
            seeds: vec![101],
            ..header()
        };
        let error = Journal::open(folder.path(), other).err().unwrap();
        assert!(error.to_string().contains("another name"), "{error}");
        assert_eq!(std::fs::read(&file).unwrap(), before);
        std::fs::write(&file, [&before[..], b"nonsense\n"].concat()).unwrap();
        let error = Journal::open(folder.path(), header()).err().unwrap();
        assert!(error.to_string().contains("no trial"), "{error}");
    }
}
