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
            ("a/b-1.wav", "a/b-1.wav"),
            ("my clip (1).mp3", "'my clip (1).mp3'"),
            ("it's.mp3", r"'it'\''s.mp3'"),
            ("$(x).mp3", "'$(x).mp3'"),
            ("-i.mp3", "./-i.mp3"),
            ("12:30.mp3", "'./12:30.mp3'"),
            ("a/12:30.mp3", "'a/12:30.mp3'"),
            ("", "''"),
        ] {
            assert_eq!(quoted(name), word);
        }
    }
}
