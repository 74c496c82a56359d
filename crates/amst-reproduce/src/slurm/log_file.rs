//! The end of a log.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

/// Bytes at the end of a log that are read.
const END_BYTES: u64 = 8 << 10;

/// Characters of a line that stand below a table.
const SHOWN: usize = 300;

/// The last line that is not empty; `None` where there is no log.
pub(super) fn last_line(log: &Path) -> Option<String> {
    let mut file = File::open(log).ok()?;
    let length = file.metadata().ok()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(END_BYTES)))
        .ok()?;
    let mut end = Vec::new();
    file.read_to_end(&mut end).ok()?;
    let end = String::from_utf8_lossy(&end);
    let last = end.lines().map(str::trim).rfind(|line| !line.is_empty());
    Some(last.unwrap_or_default().chars().take(SHOWN).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_is_found_in_a_log_of_any_length() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        assert_eq!(last_line(&log), None);
        for (text, last) in [
            (String::new(), ""),
            ("one\ntwo\n\n".to_string(), "two"),
            (
                "epoch\n".repeat(100_000) + "error: no data",
                "error: no data",
            ),
        ] {
            std::fs::write(&log, text).unwrap();
            assert_eq!(last_line(&log).as_deref(), Some(last));
        }
    }
}
