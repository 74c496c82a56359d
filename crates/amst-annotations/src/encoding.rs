//! The bytes of a table or list as text: UTF-8, with or without a byte-order mark.

use std::path::Path;

use crate::{lfs_pointer, shell_quoted};

/// The text of a file, without its byte-order mark.
///
/// # Errors
/// What the bytes are instead (UTF-16, another encoding of one byte a character, a spreadsheet, a
/// Git LFS pointer), where, and a command that puts it right.
///
/// ```
/// use amst_annotations::utf8_text;
///
/// assert_eq!(utf8_text(b"\xef\xbb\xbfid,label\n", "list.csv".as_ref()), Ok("id,label\n"));
/// let why = utf8_text(b"id,label\n1,caf\xe9\n", "list.csv".as_ref()).unwrap_err();
/// assert!(why.contains("line 2 holds the byte 0xe9") && why.contains("iconv -f ISO-8859-1"));
/// ```
pub fn utf8_text<'a>(bytes: &'a [u8], file: &Path) -> Result<&'a str, String> {
    if let Some(why) = other_format(bytes, file) {
        return Err(why);
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => match text.find('\0') {
            None => Ok(text.strip_prefix('\u{feff}').unwrap_or(text)),
            Some(at) => Err(format!(
                "line {} holds a zero byte, so it is no text; save it again as UTF-8",
                line_of(bytes, at)
            )),
        },
        Err(error) => Err(other_than_utf8(bytes, error.valid_up_to(), file)),
    }
}

/// What the file is, where its first bytes show that it is not the text itself.
pub(crate) fn other_format(bytes: &[u8], file: &Path) -> Option<String> {
    let utf_16 = |encoding: &str| {
        let command = iconv(encoding, file);
        Some(format!("it is UTF-16 text; convert it with {command}"))
    };
    match bytes {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => utf_16("UTF-16"),
        [b'P', b'K', 3, 4, ..] | [0xd0, 0xcf, 0x11, 0xe0, ..] => Some(
            "it is a spreadsheet's own file, not a table in text; save it as CSV (UTF-8)".into(),
        ),
        // The header is ASCII as a rule.
        [first, 0, second, 0, ..] if *first != 0 && *second != 0 => utf_16("UTF-16LE"),
        [0, first, 0, second, ..] if *first != 0 && *second != 0 => utf_16("UTF-16BE"),
        _ => lfs_pointer(bytes, file).map(|what| format!("it is {what}")),
    }
}

fn other_than_utf8(bytes: &[u8], at: usize, file: &Path) -> String {
    // Windows has letters and marks where ISO-8859-1 has control characters.
    let is_windows = bytes.iter().any(|byte| (0x80..0xa0).contains(byte));
    let encoding = if is_windows {
        "WINDOWS-1252"
    } else {
        "ISO-8859-1"
    };
    format!(
        "it is not UTF-8: line {} holds the byte 0x{:02x}; it is probably {encoding}, and then {} \
         converts it; or save it as UTF-8",
        line_of(bytes, at),
        bytes[at],
        iconv(encoding, file)
    )
}

fn line_of(bytes: &[u8], at: usize) -> usize {
    1 + bytes[..at].iter().filter(|byte| **byte == b'\n').count()
}

/// A command that puts the same text in UTF-8 in the file's place.
fn iconv(encoding: &str, file: &Path) -> String {
    let [old, new] = [file.to_path_buf(), file.with_added_extension("utf8")].map(shell_quoted);
    format!("`iconv -f {encoding} -t UTF-8 {old} > {new} && mv {new} {old}`")
}
