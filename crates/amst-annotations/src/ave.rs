//! AVE's own files: `Annotations.txt`, `trainSet.txt`, `valSet.txt`, `testSet.txt`.

use crate::error::is_not;
use crate::lines::{all, id, span};
use crate::{Annotation, AnnotationError, Dataset, Span, Split};

/// What the owners call the list of a split.
pub fn own_list_name(split: Split) -> &'static str {
    match split {
        Split::Train => "trainSet.txt",
        Split::Val => "valSet.txt",
        Split::Test => "testSet.txt",
    }
}

/// A clip and the event heard and seen in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// One of the 28 classes.
    pub category: String,
    /// The clip's name at YouTube; its file is `AVE/<id>.mp4`.
    pub id: String,
    /// What the annotators thought of it, `good` as a rule.
    pub quality: String,
    /// When the event happens within the ten seconds. The sample is the whole clip.
    pub event: Span,
    /// The line, from 1.
    pub line: usize,
}

impl Event {
    /// The clip as a sample of a split.
    pub fn annotation(&self, split: Split) -> Annotation {
        Annotation {
            id: self.id.clone(),
            label: self.category.clone(),
            split,
            span: None,
            text: None,
            group: None,
            line: self.line,
        }
    }
}

/// Reads `Annotations.txt` (with its header) or a list of a split (without): `Church
/// bell&RUhOCu3LNXM&good&0&10`.
///
/// Lines come back as they stand. 28 clips are there with two labels:
/// [`later_label_wins`](crate::later_label_wins) decides and reports them.
///
/// # Errors
/// [`AnnotationError::Lines`] with every line that is wrong; [`AnnotationError::Empty`].
pub fn events(text: &str, file: &str) -> Result<Vec<Event>, AnnotationError> {
    all(text, file, |line, content| {
        let is_header = line == 1 && content.starts_with("Category&");
        if is_header {
            Ok(None)
        } else {
            event(line, content).map(Some)
        }
    })
}

fn event(line: usize, content: &str) -> Result<Event, String> {
    let fields: Vec<_> = content.trim_end().split('&').collect();
    let [category, clip, quality, start, end] = fields[..] else {
        return Err(is_not(content, "<category>&<id>&<quality>&<start>&<end>"));
    };
    Ok(Event {
        category: Dataset::Ave.label(category)?,
        id: id(clip)?,
        quality: quality.into(),
        event: span(start, end)?,
        line,
    })
}
