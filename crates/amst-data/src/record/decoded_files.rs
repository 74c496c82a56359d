//! Decoded files of which several samples are parts, so that each is decoded once and not once a
//! sample.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many bytes of decoded files are kept. A file that alone takes more is kept until the next.
const KEPT_BYTES: usize = 256 << 20;

/// The files that were decoded last, newest first. Threads share it.
pub(super) struct DecodedFiles<T>(Mutex<VecDeque<DecodedFile<T>>>);

struct DecodedFile<T> {
    path: PathBuf,
    bytes: usize,
    content: Arc<T>,
}

impl<T> Default for DecodedFiles<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> DecodedFiles<T> {
    /// A file that is kept, or what `decode` makes of the bytes that are read; `size` says how many
    /// bytes of memory that takes.
    pub(super) fn get(
        &self,
        path: &Path,
        decode: impl FnOnce(&[u8], &str) -> Result<T, String>,
        size: impl FnOnce(&T) -> usize,
    ) -> Result<Arc<T>, String> {
        let known = self
            .lock()
            .iter()
            .find(|file| file.path == path)
            .map(|file| Arc::clone(&file.content));
        if let Some(content) = known {
            return Ok(content);
        }
        // Two threads may both do this; that costs one of them a moment.
        let name = path.display().to_string();
        let bytes = std::fs::read(path).map_err(|error| format!("{name}: {error}"))?;
        let content = Arc::new(decode(&bytes, &name)?);
        let mut files = self.lock();
        files.push_front(DecodedFile {
            path: path.into(),
            bytes: size(&content),
            content: Arc::clone(&content),
        });
        while files.len() > 1 && files.iter().map(|file| file.bytes).sum::<usize>() > KEPT_BYTES {
            files.pop_back();
        }
        Ok(content)
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<DecodedFile<T>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_decoded_once_unless_too_much_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let files = DecodedFiles::default();
        let mut decoded = Vec::new();
        for (name, bytes) in [
            ("a", 1),
            ("b", 1),
            ("a", 1),
            ("c", KEPT_BYTES),
            ("c", 1),
            ("a", 1),
        ] {
            let path = folder.path().join(name);
            std::fs::write(&path, name).unwrap();
            let decode = |content: &[u8], _: &str| {
                decoded.push(name);
                Ok(content.to_vec())
            };
            let content = files.get(&path, decode, |_| bytes).unwrap();
            assert_eq!(*content, name.as_bytes());
        }
        assert_eq!(decoded, ["a", "b", "c", "a"]);
    }
}
