//! What Git leaves in the place of a file whose content Git LFS keeps.

use std::path::Path;

use crate::shell_quoted;

/// The longest that a pointer gets.
const LONGEST: usize = 1024;

/// What these bytes of a file are and how the file is had, if they are a pointer.
pub fn lfs_pointer(bytes: &[u8], path: &Path) -> Option<String> {
    let is_pointer = bytes.len() <= LONGEST && bytes.starts_with(b"version https://git-lfs");
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    is_pointer.then(|| {
        format!(
            "a Git LFS pointer, not the file: `git -C {} lfs pull` brings it",
            shell_quoted(folder.unwrap_or(Path::new(".")))
        )
    })
}
