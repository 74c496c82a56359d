//! File names in commands that are meant to be pasted.

use std::path::Path;

/// The path as one word of a shell that no program takes for an option.
///
/// ```
/// use amst_files::shell_quoted;
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
/// use amst_files::shell_word;
///
/// assert_eq!(shell_word("--out=a/b"), "--out=a/b");
/// assert_eq!(shell_word("$HOME"), "'$HOME'");
/// assert_eq!(shell_word(""), "''");
/// ```
pub fn shell_word(name: &str) -> String {
    word_where_plain(name, "/._-+,=@%:")
}

/// The name of a file as one word of a shell, and as ffmpeg takes it for a file.
///
/// ```
/// use amst_files::ffmpeg_file;
///
/// assert_eq!(ffmpeg_file("12:30 (1).png"), "'./12:30 (1).png'");
/// ```
pub fn ffmpeg_file(name: &str) -> String {
    // ffmpeg takes what stands before a colon for a protocol.
    let colon_first = name
        .split('/')
        .next()
        .is_some_and(|part| part.contains(':'));
    let name = if colon_first || name.starts_with('-') {
        format!("./{name}")
    } else {
        name.to_owned()
    };
    word_where_plain(&name, "/._-+,=@%")
}

/// In single quotes unless it has letters, digits and these signs only.
fn word_where_plain(name: &str, signs: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || signs.contains(c);
    if !name.is_empty() && name.chars().all(is_plain) {
        return name.into();
    }
    format!("'{}'", name.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::ffmpeg_file;

    #[test]
    fn a_name_is_one_word_of_a_shell_and_no_protocol_of_ffmpeg() {
        for (name, word) in [
            ("a/b-1.png", "a/b-1.png"),
            ("my clip (1).png", "'my clip (1).png'"),
            ("it's.png", r"'it'\''s.png'"),
            ("$(x).png", "'$(x).png'"),
            ("-i.png", "./-i.png"),
            ("12:30.png", "'./12:30.png'"),
            ("a/12:30.png", "'a/12:30.png'"),
            ("", "''"),
        ] {
            assert_eq!(ffmpeg_file(name), word);
        }
    }
}
