//! A data set's open files into its folder of raw files.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::Recipe;
use super::pattern::files;
use crate::lfs::{self, Object, Pointer};
use crate::transfer::Client;
use crate::{FetchError, Source, Step, Verified};

/// Brings what a recipe says may be downloaded; what is here is only read and checked.
///
/// `pointers` is a checkout of the recipe's repository, at its commit, without the LFS objects;
/// without it, those are left out. `progress` gets each file's path below `raw`, from several
/// threads, one at a time.
///
/// # Errors
/// As [`Client::download`] and [`lfs::fetch`].
pub fn fetch(
    client: &Client,
    recipe: &Recipe,
    raw: &Path,
    pointers: Option<&Path>,
    progress: &mut (dyn FnMut(&str, Step) + Send),
) -> Result<Vec<Verified>, FetchError> {
    let mut done = Vec::new();
    for file in &recipe.files {
        let source = Source::new(&file.url, file.expected);
        done.push(
            client.download(&source, &raw.join(&file.path), &mut |step| {
                progress(&file.path, step)
            })?,
        );
    }
    if let (Some(repository), Some(pointers)) = (&recipe.repository, pointers) {
        let objects = objects(&repository.objects, pointers, raw)?;
        let progress = Mutex::new(progress);
        done.extend(lfs::fetch(
            client,
            &repository.url,
            None,
            &objects,
            &|object, step| {
                let path = object.path.strip_prefix(raw).unwrap_or(&object.path);
                let mut progress = progress.lock().unwrap_or_else(PoisonError::into_inner);
                progress(&path.to_string_lossy(), step);
            },
        )?);
    }
    Ok(done)
}

/// The objects that a checkout's pointers stand for.
fn objects(patterns: &[String], pointers: &Path, raw: &Path) -> Result<Vec<Object>, FetchError> {
    let mut objects = Vec::new();
    for pattern in patterns {
        for path in files(pointers, pattern)? {
            let below: PathBuf = path.strip_prefix(pointers).unwrap_or(&path).into();
            objects.push(Object {
                pointer: Pointer::read(&path)?,
                path: raw.join(below),
            });
        }
    }
    Ok(objects)
}
