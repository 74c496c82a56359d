//! File names in commands that are meant to be pasted.

use std::path::Path;

/// The path as one word of a shell that no program takes for an option.
///
/// ```
/// use amst_annotations::shell_quoted;
///
/// assert_eq!(shell_quoted("data/list.csv"), "data/list.csv");
/// assert_eq!(shell_quoted("it's (1).csv"), r"'it'\''s (1).csv'");
/// assert_eq!(shell_quoted("-n.csv"), "./-n.csv");
/// ```
pub fn shell_quoted(path: impl AsRef<Path>) -> String {
    let path = path.as_ref().display().to_string();
    let name = if path.starts_with('-') {
        format!("./{path}")
    } else {
        path
    };
    shell_word(&name)
}

/// Any text as one word of a shell: in single quotes, where it would read something into it.
///
/// ```
/// use amst_annotations::shell_word;
///
/// assert_eq!(shell_word("--out=a/b"), "--out=a/b");
/// assert_eq!(shell_word("$HOME"), "'$HOME'");
/// assert_eq!(shell_word(""), "''");
/// ```
pub fn shell_word(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+,=@%:".contains(c);
    if !name.is_empty() && name.chars().all(plain) {
        return name.into();
    }
    format!("'{}'", name.replace('\'', r"'\''"))
}
