//! What a path that names no file says instead, and what is there in its place.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::Fault;
use crate::spelling::{by_numbers, composed};

/// Looks for what was meant; remembers what the folders hold.
#[derive(Default)]
pub(super) struct FoundInstead(BTreeMap<PathBuf, Vec<String>>);

impl FoundInstead {
    /// The fault of a path of which no file is there, and what else can be said of it.
    pub(super) fn of(&mut self, path: &str, root: &Path) -> (Fault, String) {
        if path.contains("://") {
            return (Fault::Address, String::new());
        }
        if root.join(path).is_dir() {
            return (Fault::FolderForFile, String::new());
        }
        let slashes = path.replace('\\', "/");
        if path.contains('\\') {
            let there = root.join(&slashes).is_file();
            return (Fault::Backslash, there_is(there.then_some(&slashes)));
        }
        if path.contains(['*', '?']) {
            return (Fault::Pattern, String::new());
        }
        if path.contains(';') {
            return (Fault::SeveralRecordings, String::new());
        }
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let names = self.names(&root.join(folder));
        if let Some(other) = names.iter().find(|other| composed(other) == composed(name)) {
            let names = format!(
                ": `{}` here, `{}` there",
                by_numbers(name),
                by_numbers(other)
            );
            return (Fault::OtherSpelling, names);
        }
        let same = |other: &&String| other.to_lowercase() == name.to_lowercase();
        (Fault::MissingFile, there_is(names.iter().find(same)))
    }

    fn names(&mut self, folder: &Path) -> &[String] {
        self.0.entry(folder.into()).or_insert_with(|| {
            let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
            let mut names: Vec<String> = entries
                .filter_map(|entry| entry.file_name().into_string().ok())
                .collect();
            names.sort();
            names
        })
    }
}

fn there_is(other: Option<&String>) -> String {
    other.map_or_else(String::new, |other| format!("; `{other}` is there"))
}
