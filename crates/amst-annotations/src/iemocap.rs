//! IEMOCAP's own files: `dialog/EmoEvaluation/*.txt` and `dialog/transcriptions/*.txt`.

use crate::error::{is_not, shown};
use crate::lines::{all, span};
use crate::{AnnotationError, Dataset, Span};

/// The codes of EmoEvaluation that are none of the five classes; `xxx` stands for raters who did
/// not agree.
pub const OTHER_EMOTIONS: [&str; 6] = ["dis", "fea", "hap", "oth", "sur", "xxx"];

/// What a turn's name says: `Ses05F_impro07_M013`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TurnName {
    /// The session, 1 to 5: its folder is `Session5`. Each has two actors of its own.
    pub session: u32,
    /// The dialogue, `Ses05F_impro07`: its files have this name. The letter says who wears the
    /// markers.
    pub dialogue: String,
    /// The actor who speaks, `Ses05M`: session and the letter of the turn.
    pub speaker: String,
}

impl TurnName {
    /// Takes a turn's name apart.
    ///
    /// # Errors
    /// The name is of another form.
    pub fn parse(id: &str) -> Result<Self, String> {
        let name = Self::take_apart(id);
        name.ok_or_else(|| format!("{} is not a turn such as `Ses05F_impro07_F013`", shown(id)))
    }

    fn take_apart(id: &str) -> Option<Self> {
        let (dialogue, turn) = id.rsplit_once('_')?;
        let after = dialogue.strip_prefix("Ses0")?;
        let (session, rest) = after.split_at_checked(1)?;
        let session: u32 = session.parse().ok()?;
        let (marked, scene) = rest.split_at_checked(1)?;
        let scene = scene.strip_prefix('_')?;
        let is_scene = !scene.is_empty()
            && scene
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'_');
        let (speaker, number) = turn.split_at_checked(1)?;
        // `FXX0`: the second half of a turn that was cut in two.
        let is_number =
            !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit() || b == b'X');
        let are_actors = ["F", "M"].contains(&marked) && ["F", "M"].contains(&speaker);
        let valid = (1..=5).contains(&session) && is_scene && is_number && are_actors;
        valid.then(|| Self {
            session,
            dialogue: dialogue.into(),
            speaker: format!("Ses0{session}{speaker}"),
        })
    }
}

/// A turn of a dialogue and what the raters agreed on.
#[derive(Clone, Debug, PartialEq)]
pub struct Turn {
    /// Its name.
    pub id: String,
    /// When it is said, in seconds from the start of the dialogue.
    pub span: Span,
    /// The emotion by its code: one of the five classes or of [`OTHER_EMOTIONS`].
    pub emotion: String,
    /// The line, from 1.
    pub line: usize,
}

impl Turn {
    /// The label, if the emotion is one of the five classes; turns with another are no samples.
    pub fn label(&self) -> Option<&'static str> {
        Dataset::Iemocap
            .classes()
            .iter()
            .copied()
            .find(|class| *class == self.emotion)
    }
}

/// Reads a file of `EmoEvaluation`: of its lines, those of turns,
/// `[6.2901 - 8.2357]<TAB>Ses01F_impro01_F000<TAB>neu<TAB>[2.5000, 2.5000, 2.5000]`.
///
/// Every other line is passed over: comments (`%`), single raters (`C-E2:`, `A-E3:`) and blank
/// ones.
///
/// # Errors
/// [`AnnotationError::Lines`] with every line that begins as a turn's and is not one;
/// [`AnnotationError::Empty`].
pub fn turns(text: &str, file: &str) -> Result<Vec<Turn>, AnnotationError> {
    all(text, file, |line, content| {
        if content.starts_with('[') {
            turn(line, content).map(Some)
        } else {
            Ok(None)
        }
    })
}

fn turn(line: usize, content: &str) -> Result<Turn, String> {
    let mut fields = None;
    if let [times, id, emotion, _] = content.split('\t').collect::<Vec<_>>()[..] {
        let times = times.strip_prefix('[').and_then(|t| t.strip_suffix(']'));
        let times = times.and_then(|times| times.split_once(" - "));
        fields = times.map(|(start, end)| (start, end, id, emotion));
    }
    let form = "[<start> - <end>]<TAB><turn><TAB><emotion><TAB>[…]";
    let (start, end, id, emotion) = fields.ok_or_else(|| is_not(content, form))?;
    TurnName::parse(id)?;
    if !OTHER_EMOTIONS.contains(&emotion) && Dataset::Iemocap.class_index(emotion).is_none() {
        let known = [Dataset::Iemocap.classes(), &OTHER_EMOTIONS]
            .concat()
            .join(" ");
        return Err(format!(
            "{} is no emotion of IEMOCAP ({known})",
            shown(emotion)
        ));
    }
    Ok(Turn {
        id: id.into(),
        span: span(start, end)?,
        emotion: emotion.into(),
        line,
    })
}

/// What was said in a turn.
#[derive(Clone, Debug, PartialEq)]
pub struct Transcript {
    /// The turn's name.
    pub id: String,
    /// When it is said, in seconds from the start of the dialogue.
    pub span: Span,
    /// The words, with marks such as `[LAUGHTER]`.
    pub text: String,
    /// The line, from 1.
    pub line: usize,
}

/// Reads a file of `transcriptions`: of its lines, those of turns,
/// `Ses01F_impro01_F000 [006.2901-008.2357]: Excuse me.`
///
/// Lines that do not begin with `Ses` (words between turns, `M: …`) are passed over.
///
/// # Errors
/// [`AnnotationError::Lines`] with every line that begins as a turn's and is not one;
/// [`AnnotationError::Empty`].
pub fn transcripts(text: &str, file: &str) -> Result<Vec<Transcript>, AnnotationError> {
    all(text, file, |line, content| {
        if content.starts_with("Ses") {
            transcript(line, content).map(Some)
        } else {
            Ok(None)
        }
    })
}

fn transcript(line: usize, content: &str) -> Result<Transcript, String> {
    let fields = content.split_once(" [").and_then(|(id, rest)| {
        let (times, text) = rest.split_once("]:")?;
        let (start, end) = times.split_once('-')?;
        Some((id, start, end, text))
    });
    let (id, start, end, text) =
        fields.ok_or_else(|| is_not(content, "<turn> [<start>-<end>]: <text>"))?;
    TurnName::parse(id)?;
    Ok(Transcript {
        id: id.into(),
        span: span(start, end)?,
        text: text.trim().into(),
        line,
    })
}
