//! MVSA-Single's own files: `labelResultAll.txt` and the captions.

use crate::error::is_not;
use crate::lines::{all, id};
use crate::{AnnotationError, Dataset};

/// A tweet, as its annotator labelled its two halves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The number that `data/<id>.jpg` and `data/<id>.txt` have.
    pub id: String,
    /// Label of the text.
    pub text: String,
    /// Label of the picture.
    pub image: String,
    /// The line, from 1.
    pub line: usize,
}

impl Pair {
    /// One label of two, by MultiSentiNet's rule: equal ones agree, neutral gives way to the other,
    /// and positive with negative is no sample. 4,511 of 5,129 pairs remain.
    pub fn label(&self) -> Option<&str> {
        match (self.text.as_str(), self.image.as_str()) {
            (text, image) if text == image => Some(text),
            ("neutral", other) | (other, "neutral") => Some(other),
            _ => None,
        }
    }
}

/// Reads `labelResultAll.txt`: under a header, `1<TAB>positive,neutral` (text, image).
///
/// # Errors
/// [`AnnotationError::Lines`] with every line that is wrong; [`AnnotationError::Empty`].
pub fn pairs(text: &str, file: &str) -> Result<Vec<Pair>, AnnotationError> {
    all(text, file, |line, content| {
        let is_header = line == 1 && content.trim_start().to_ascii_lowercase().starts_with("id");
        if is_header {
            Ok(None)
        } else {
            pair(line, content).map(Some)
        }
    })
}

fn pair(line: usize, content: &str) -> Result<Pair, String> {
    let fields = content
        .trim_end()
        .split_once('\t')
        .and_then(|(number, labels)| {
            let (text, image) = labels.split_once(',')?;
            Some([number, text, image].map(str::trim))
        });
    let [number, text, image] =
        fields.ok_or_else(|| is_not(content, "<id><TAB><text label>,<image label>"))?;
    Ok(Pair {
        id: id(number)?,
        text: Dataset::MvsaSingle.label(text)?,
        image: Dataset::MvsaSingle.label(image)?,
        line,
    })
}

/// A caption's text, without the line ends that close it: UTF-8, else ISO-8859-1, as published.
///
/// # Errors
/// [`AnnotationError::NotText`] for bytes that are text in neither: every byte is a character of
/// ISO-8859-1, but a file with zero bytes or other control characters is UTF-16 or no text at all.
pub fn caption(bytes: &[u8], file: &str) -> Result<String, AnnotationError> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.to_string(),
        Err(_) => bytes.iter().map(|&byte| char::from(byte)).collect(),
    };
    // Only the first 32: those from 0x80 on stand in captions that were saved under Windows, and
    // published code takes them as they are.
    if let Some(found) = text
        .chars()
        .find(|c| *c < ' ' && !matches!(c, '\t' | '\n' | '\r'))
    {
        let why = format!(
            "it is neither UTF-8 nor ISO-8859-1 text: it holds the byte 0x{:02x}",
            found as u32
        );
        return Err(AnnotationError::NotText {
            file: file.into(),
            why,
        });
    }
    Ok(text.trim_end_matches(['\n', '\r']).into())
}
