//! File names in commands that are meant to be pasted.

/// The name as one word of a shell, and as ffmpeg takes it for a file.
pub(crate) fn quoted(name: &str) -> String {
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
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+,=@%".contains(c);
    if !name.is_empty() && name.chars().all(plain) {
        return name;
    }
    format!("'{}'", name.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::quoted;

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
            assert_eq!(quoted(name), word);
        }
    }
}
