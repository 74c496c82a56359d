//! Names that look the same and are not: other bytes for the same letters.
//!
//! `é` is one character (NFC) or an `e` and an accent (NFD); macOS writes the second where most
//! keyboards give the first.

use unicode_normalization_alignments::UnicodeNormalization;

/// The composed form, by which two spellings of one name are found equal.
pub(crate) fn composed(name: &str) -> String {
    name.nfc().map(|(character, _)| character).collect()
}

/// The name with its characters beyond ASCII by their numbers, so that two spellings differ to the
/// eye.
pub(crate) fn by_numbers(name: &str) -> String {
    let mut shown = String::new();
    for character in name.chars() {
        if character.is_ascii() {
            shown.push(character);
        } else {
            shown.extend(character.escape_unicode());
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_spellings_of_a_name_are_one_name_and_are_told_apart() {
        let (composed_form, decomposed) = ("caf\u{e9}", "cafe\u{301}");
        assert_ne!(composed_form, decomposed);
        assert_eq!(composed(composed_form), composed(decomposed));
        assert_eq!(by_numbers(composed_form), r"caf\u{e9}");
        assert_eq!(by_numbers(decomposed), r"cafe\u{301}");
    }
}
