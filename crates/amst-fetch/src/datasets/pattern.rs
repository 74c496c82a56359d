//! Paths with stars.

use std::path::{Path, PathBuf};

use crate::FetchError;

/// Whether a name fits a pattern, in which `*` stands for any number of characters.
pub(crate) fn fits(pattern: &str, name: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else {
        return pattern == name;
    };
    let Some(mut name) = name.strip_prefix(first) else {
        return false;
    };
    let mut parts: Vec<_> = rest.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        match name.find(part) {
            Some(at) => name = &name[at + part.len()..],
            None => return false,
        }
    }
    name.len() >= last.len() && name.ends_with(last)
}

/// Every file below a folder whose path fits, sorted. Names that begin with a dot are not looked
/// at, unless the pattern's do: other systems leave such files in archives.
pub(crate) fn files(folder: &Path, pattern: &str) -> Result<Vec<PathBuf>, FetchError> {
    let mut found = vec![folder.to_path_buf()];
    for part in pattern.split('/') {
        let mut next = Vec::new();
        for folder in found {
            if part.contains('*') {
                next.extend(children(&folder, part)?);
            } else {
                next.push(folder.join(part));
            }
        }
        found = next;
    }
    found.retain(|path| path.is_file());
    found.sort();
    Ok(found)
}

fn children(folder: &Path, pattern: &str) -> Result<Vec<PathBuf>, FetchError> {
    let failed = FetchError::io("read", folder);
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        let name = name.to_string_lossy();
        if fits(pattern, &name) && (!name.starts_with('.') || pattern.starts_with('.')) {
            found.push(folder.join(&*name));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn stars_stand_for_any_characters() {
        for (pattern, name, expected) in [
            ("a.wav", "a.wav", true),
            ("*.wav", "a.wav", true),
            ("*.wav", ".wav", true),
            ("*.wav", "a.wav.part", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "acb", false),
            ("a*a", "a", false),
            ("*", "", true),
        ] {
            assert_eq!(fits(pattern, name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn files_are_found_through_folders_and_hidden_ones_are_not() {
        let folder = tempfile::tempdir().unwrap();
        for path in [
            "S1/d/a.wav",
            "S2/d/b.wav",
            "S2/d/._b.wav",
            "S2/d/c.txt",
            "S3/e/d.wav",
            "T/d/e.wav",
        ] {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "x").unwrap();
        }
        let found = files(folder.path(), "S*/d/*.wav").unwrap();
        assert_eq!(
            found,
            ["S1/d/a.wav", "S2/d/b.wav"].map(|path| folder.path().join(path))
        );
        assert!(files(folder.path(), "nowhere/*").unwrap().is_empty());
    }

    proptest! {
        #[test]
        fn a_name_fits_itself_with_anything_cut_out(name in "[a-c*é]{0,8}", from in 0..8_usize, to in 0..8_usize) {
            let letters: Vec<_> = name.chars().filter(|c| *c != '*').collect();
            let (from, to) = (from.min(letters.len()), to.min(letters.len()));
            let (from, to) = (from.min(to), from.max(to));
            let pattern: String = letters[..from].iter().chain(&['*']).chain(&letters[to..]).collect();
            prop_assert!(fits(&pattern, &letters.iter().collect::<String>()), "{pattern}");
        }
    }
}
