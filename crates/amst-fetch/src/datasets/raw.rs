//! Whether a folder of raw files holds what it must.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::pattern::{files, fits};
use super::{Listed, Need, Recipe};
use crate::lfs::Pointer;
use crate::{Content, FetchError};

/// What was found of a data set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The folder below which everything is: the one that was given, or one in it.
    pub root: PathBuf,
    /// What was looked for.
    pub items: Vec<Item>,
}

/// One thing that was looked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Item {
    /// For a reader.
    pub what: String,
    /// How many files there are.
    pub found: usize,
    /// How many there should be, if that is known.
    pub wanted: Option<usize>,
    /// Files that are known by name and not there.
    pub missing: Vec<PathBuf>,
    /// Files that are there and cannot be used, with the reason.
    pub wrong: Vec<(PathBuf, String)>,
}

impl Item {
    /// Whether nothing is missing or wrong.
    pub fn is_complete(&self) -> bool {
        self.missing.is_empty()
            && self.wrong.is_empty()
            && self.found >= self.wanted.unwrap_or(1).max(1)
    }
}

impl Report {
    /// Whether nothing is missing or wrong.
    pub fn is_complete(&self) -> bool {
        self.items.iter().all(Item::is_complete)
    }
}

/// Looks for everything that a recipe needs. Lists are read and their hashes compared; of other
/// files, names and lengths are looked at: none may be empty, or a Git LFS pointer.
///
/// # Errors
/// A folder or list cannot be read.
pub fn inspect(recipe: &Recipe, raw: &Path) -> Result<Report, FetchError> {
    let root = root(recipe, raw)?;
    let mut items = Vec::new();
    for file in &recipe.files {
        items.push(list(raw, file)?);
    }
    for need in &recipe.needs {
        items.push(needed(&root, need)?);
    }
    for listed in &recipe.listed {
        items.push(by_lists(raw, &root, listed)?);
    }
    Ok(Report { root, items })
}

/// Archives in the folder that would bring what is missing.
///
/// # Errors
/// The folder cannot be read.
pub fn archives(recipe: &Recipe, raw: &Path) -> Result<Vec<PathBuf>, FetchError> {
    let root = root(recipe, raw)?;
    for need in &recipe.needs {
        if !files(&root, &need.path)?.is_empty() {
            return Ok(Vec::new());
        }
    }
    let mut archives = files(raw, "*")?;
    archives.retain(|path| {
        let name = file_name(path);
        recipe.unpack.iter().any(|pattern| fits(pattern, &name))
    });
    Ok(archives)
}

fn file_name(path: &Path) -> Cow<'_, str> {
    path.file_name().unwrap_or_default().to_string_lossy()
}

/// The folder itself, or the one in it that has what the recipe needs: archives and clones bring a
/// folder of their own.
fn root(recipe: &Recipe, raw: &Path) -> Result<PathBuf, FetchError> {
    let mut candidates = vec![raw.to_path_buf()];
    if let Ok(entries) = std::fs::read_dir(raw) {
        let mut folders: Vec<_> = entries
            .filter_map(|entry| entry.ok().map(|entry| entry.path()))
            .collect();
        folders.retain(|path| path.is_dir() && !file_name(path).starts_with('.'));
        folders.sort();
        candidates.extend(folders);
    }
    for candidate in &candidates {
        for need in &recipe.needs {
            if !files(candidate, &need.path)?.is_empty() {
                return Ok(candidate.clone());
            }
        }
    }
    Ok(raw.into())
}

fn list(raw: &Path, file: &super::Download) -> Result<Item, FetchError> {
    let path = raw.join(&file.path);
    let mut item = Item {
        what: file.path.clone(),
        found: 0,
        wanted: Some(1),
        missing: Vec::new(),
        wrong: Vec::new(),
    };
    if !path.is_file() {
        item.missing.push(path);
        return Ok(item);
    }
    item.found = 1;
    if let Some(difference) = file.expected.differs(&Content::of_file(&path)?) {
        item.wrong.push((path, difference.to_string()));
    }
    Ok(item)
}

fn needed(root: &Path, need: &Need) -> Result<Item, FetchError> {
    let found = files(root, &need.path)?;
    let wrong = found
        .iter()
        .filter_map(|path| unusable(path).map(|why| (path.clone(), why)))
        .collect();
    Ok(Item {
        what: need.path.clone(),
        found: found.len(),
        wanted: need.count,
        missing: Vec::new(),
        wrong,
    })
}

fn by_lists(raw: &Path, root: &Path, listed: &Listed) -> Result<Item, FetchError> {
    let mut wanted = BTreeSet::new();
    let mut wrong = Vec::new();
    let mut all_read = true;
    for list in &listed.lists {
        let path = raw.join(list);
        let Ok(text) = std::fs::read_to_string(&path) else {
            // The list itself is reported elsewhere; how many files there should be is not known.
            all_read = false;
            continue;
        };
        for (number, line) in text
            .lines()
            .enumerate()
            .filter(|(_, line)| !line.trim().is_empty())
        {
            for pattern in &listed.files {
                match filled(pattern, line) {
                    Some(file) => drop(wanted.insert(file)),
                    None => wrong.push((
                        path.clone(),
                        format!("line {} is not understood", number + 1),
                    )),
                }
            }
        }
    }
    let (there, missing): (Vec<_>, Vec<_>) = wanted
        .iter()
        .map(|file| root.join(file))
        .partition(|path| path.is_file());
    let what = format!(
        "{} of every line of {}",
        listed.files.join(", "),
        listed.lists.join(", ")
    );
    let wanted = all_read.then_some(wanted.len());
    Ok(Item {
        what,
        found: there.len(),
        wanted,
        missing,
        wrong,
    })
}

/// A path of a list's line. A name that leads elsewhere is not understood.
fn filled(pattern: &str, line: &str) -> Option<String> {
    let name = line
        .split([' ', '\t', ','])
        .next()
        .filter(|name| !name.is_empty())?;
    if name.contains(['/', '\\']) || name == ".." {
        return None;
    }
    let stem = Path::new(name).file_stem()?.to_str()?;
    let mut path = pattern.replace("{stem}", stem);
    if path.contains("{dialogue}") {
        path = path.replace("{dialogue}", stem.rsplit_once('_')?.0);
    }
    if path.contains("{session}") {
        path = path.replace("{session}", stem.get(4..5)?);
    }
    Some(path)
}

/// Why a file that is there is of no use.
fn unusable(path: &Path) -> Option<String> {
    match std::fs::metadata(path) {
        Err(error) => Some(error.to_string()),
        Ok(metadata) if metadata.len() == 0 => Some("it is empty".into()),
        Ok(metadata) if metadata.len() < 1024 && Pointer::read(path).is_ok() => {
            Some("it is a Git LFS pointer, not the file: `git lfs pull` brings it".into())
        }
        Ok(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::datasets::recipes;

    fn put(folder: &Path, path: &str, text: &str) {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    #[test]
    fn a_line_of_each_published_list_becomes_its_files() {
        let lines = [
            "1086_ITS_SAD_XX.flv Sad",
            "c---zaDCTaE.mp4 Church bell",
            "897.jpg positive",
            "Ses05F_impro07_F013, exc, 60.2400, 64.5700 ### text",
            "10397, NOTFUNNY, ### text",
        ];
        let expected = [
            vec![
                "AudioWAV/1086_ITS_SAD_XX.wav",
                "VideoFlash/1086_ITS_SAD_XX.flv",
            ],
            vec!["AVE/c---zaDCTaE.mp4"],
            vec!["data/897.jpg", "data/897.txt"],
            vec![
                "Session5/dialog/avi/DivX/Ses05F_impro07.avi",
                "Session5/dialog/wav/Ses05F_impro07.wav",
                "Session5/dialog/EmoEvaluation/Ses05F_impro07.txt",
                "Session5/dialog/transcriptions/Ses05F_impro07.txt",
            ],
            vec!["urfunny2_videos/10397.mp4"],
        ];
        for ((recipe, line), expected) in recipes().iter().zip(lines).zip(expected) {
            let files: Vec<_> = recipe.listed[0]
                .files
                .iter()
                .map(|file| filled(file, line).unwrap())
                .collect();
            assert_eq!(files, expected, "{}", recipe.name);
        }
        for wrong in ["", "../x y", "a/b.mp4", "Ses05F"] {
            assert_eq!(filled("{dialogue}/{session}", wrong), None, "{wrong}");
        }
    }

    #[test]
    fn what_is_missing_and_what_is_wrong_is_named() {
        let text = "name = 'x'\ntitle = 'X'\nlicence = 'MIT'\naccess = 'open'\nhome = 'h'\n\
                    [[need]]\npath = 'w/*.wav'\ncount = 3\n\
                    [[listed]]\nlists = ['l']\nfiles = ['w/{stem}.wav']\n";
        let recipe = Recipe::parse(text).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let nothing = inspect(&recipe, folder.path()).unwrap();
        assert!(
            nothing.items.iter().all(|item| !item.is_complete()),
            "a list that is missing lists nothing: {nothing:?}"
        );
        put(folder.path(), "l", "a.flv Sad\n\nb.flv Sad\nc.flv Sad\n");
        let oid = Content::of_bytes(b"").sha256;
        put(
            folder.path(),
            "clone/w/a.wav",
            &format!("version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize 9\n"),
        );
        put(folder.path(), "clone/w/b.wav", "");
        let report = inspect(&recipe, folder.path()).unwrap();
        assert_eq!(report.root, folder.path().join("clone"));
        assert!(!report.is_complete());
        let [needs, listed] = report.items.as_slice() else {
            panic!("{report:?}")
        };
        assert_eq!(
            (needs.found, needs.wanted, needs.wrong.len()),
            (2, Some(3), 2)
        );
        assert!(
            needs.wrong[0].1.contains("git lfs pull") && needs.wrong[1].1.contains("empty"),
            "{needs:?}"
        );
        assert_eq!(listed.missing, [folder.path().join("clone/w/c.wav")]);

        for name in ["a", "b", "c"] {
            put(folder.path(), &format!("clone/w/{name}.wav"), "RIFF");
        }
        assert!(inspect(&recipe, folder.path()).unwrap().is_complete());
    }

    #[test]
    fn an_archive_is_looked_for_only_while_its_content_is_missing() {
        let recipe = &recipes()[1];
        let folder = tempfile::tempdir().unwrap();
        assert!(
            archives(recipe, &folder.path().join("nowhere"))
                .unwrap()
                .is_empty()
        );
        put(folder.path(), "AVE_Dataset.zip", "PK");
        put(folder.path(), "other.zip", "PK");
        assert_eq!(
            archives(recipe, folder.path()).unwrap(),
            [folder.path().join("AVE_Dataset.zip")]
        );
        put(folder.path(), "AVE_Dataset/AVE/x.mp4", "x");
        assert!(archives(recipe, folder.path()).unwrap().is_empty());
    }

    #[test]
    fn the_published_lists_are_understood_to_the_last_line() {
        let reference =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/reference/splits");
        if !reference.is_dir() {
            eprintln!("skipped: the published lists are not here");
            return;
        }
        let folders = ["CREMAD", "AVE", "MVSA", "IEMOCAP", "UR-FUNNY"];
        // Samples named once or more often: the split lists overlap.
        let counts = [
            [5962, 742, 742],
            [3338, 402, 402],
            [3552, 478, 481],
            [5426, 683, 676],
            [8132, 1016, 1018],
        ];
        for ((recipe, folder), counts) in recipes().iter().zip(folders).zip(counts) {
            for (list, count) in recipe.listed[0].lists.iter().zip(counts) {
                let path = reference
                    .join(folder)
                    .join(list.strip_prefix("splits/").unwrap());
                let text = std::fs::read_to_string(&path).unwrap();
                let lines: Vec<_> = text
                    .lines()
                    .filter(|line| !line.trim().is_empty())
                    .collect();
                assert_eq!(lines.len(), count, "{}", path.display());
                assert!(
                    lines
                        .iter()
                        .all(|line| filled(&recipe.listed[0].files[0], line).is_some())
                );
            }
        }
    }
}
