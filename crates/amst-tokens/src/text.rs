//! From bytes to text, and from a file's text to its lines.

use crate::TokensError;

/// The text that bytes hold.
///
/// # Errors
/// [`TokensError::NotUtf8`] with the offset and line of the first wrong byte.
pub fn utf8<'a>(bytes: &'a [u8], name: &str) -> Result<&'a str, TokensError> {
    std::str::from_utf8(bytes).map_err(|error| {
        let offset = error.valid_up_to();
        let line = 1 + bytes[..offset].iter().filter(|&&b| b == b'\n').count();
        TokensError::NotUtf8 {
            name: name.into(),
            offset,
            line,
        }
    })
}

/// The texts of a file that holds one a line.
///
/// Lines end with `\n` or `\r\n`; an empty line is an empty text, so that row
/// numbers stay line numbers. A byte order mark at the start is no text.
///
/// # Errors
/// As [`utf8`]; and a file without a line.
pub fn lines<'a>(bytes: &'a [u8], name: &str) -> Result<Vec<&'a str>, TokensError> {
    let text = utf8(bytes, name)?;
    let texts: Vec<_> = text
        .strip_prefix('\u{feff}')
        .unwrap_or(text)
        .lines()
        .collect();
    if texts.is_empty() {
        Err(TokensError::Empty { name: name.into() })
    } else {
        Ok(texts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_wrong_byte_is_named_by_offset_and_line() {
        let error = utf8(b"caf\xc3\xa9\ncaf\xe9\n", "posts.txt").unwrap_err();
        assert!(
            matches!(
                error,
                TokensError::NotUtf8 {
                    offset: 9,
                    line: 2,
                    ..
                }
            ),
            "{error}"
        );
        assert!(error.to_string().contains("iconv"), "{error}");
        // A character that is cut off is wrong where it starts.
        assert!(matches!(
            utf8(b"a\xe2\x82", "x"),
            Err(TokensError::NotUtf8 {
                offset: 1,
                line: 1,
                ..
            })
        ));
    }

    #[test]
    fn rows_stay_lines() {
        assert_eq!(
            lines("\u{feff}a\r\n\nb \n".as_bytes(), "x").unwrap(),
            ["a", "", "b "]
        );
        assert_eq!(lines(b"\n", "x").unwrap(), [""]);
        assert!(matches!(lines(b"", "x"), Err(TokensError::Empty { .. })));
        assert_eq!(lines(b"last", "x").unwrap(), ["last"]);
    }
}
