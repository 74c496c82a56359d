//! CREMA-D says everything in the names of its files: `1001_DFA_ANG_XX`.

use crate::error::{is_not, shown};

/// The emotions of names and what the published lists call them.
pub const EMOTIONS: [(&str, &str); 6] = [
    ("ANG", "Anger"),
    ("DIS", "Disgust"),
    ("FEA", "Fear"),
    ("HAP", "Happy"),
    ("NEU", "Neutral"),
    ("SAD", "Sad"),
];

/// The twelve sentences that every speaker says.
pub const SENTENCES: [&str; 12] = [
    "DFA", "IEO", "IOM", "ITH", "ITS", "IWL", "IWW", "MTI", "TAI", "TIE", "TSI", "WSI",
];

/// What a clip's name says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClipName {
    /// The actor's number, `1001` to `1091`.
    pub speaker: String,
    /// One of [`SENTENCES`].
    pub sentence: String,
    /// One of [`EMOTIONS`], by the code of the name.
    pub emotion: &'static str,
    /// How strong: `LO`, `MD`, `HI`, or `XX` where it was not asked for.
    pub level: String,
}

impl ClipName {
    /// Takes a name without its ending apart.
    ///
    /// # Errors
    /// Which part of the name is not what it should be.
    pub fn parse(id: &str) -> Result<Self, String> {
        let parts: Vec<_> = id.split('_').collect();
        let [speaker, sentence, emotion, level] = parts[..] else {
            return Err(is_not(id, "<speaker>_<sentence>_<emotion>_<level>"));
        };
        let wrong =
            |what: &str, part: &str| format!("{} in {} is no {what}", shown(part), shown(id));
        if speaker.len() != 4 || !speaker.bytes().all(|b| b.is_ascii_digit()) {
            return Err(wrong("speaker of four digits", speaker));
        }
        if !SENTENCES.contains(&sentence) {
            return Err(wrong("sentence of CREMA-D", sentence));
        }
        if !["LO", "MD", "HI", "XX"].contains(&level) {
            return Err(wrong("level (LO, MD, HI, XX)", level));
        }
        let known = EMOTIONS.iter().find(|(code, _)| *code == emotion);
        let (emotion, _) =
            known.ok_or_else(|| wrong("emotion (ANG DIS FEA HAP NEU SAD)", emotion))?;
        Ok(Self {
            speaker: speaker.into(),
            sentence: sentence.into(),
            emotion,
            level: level.into(),
        })
    }

    /// The label in the published lists.
    pub fn label(&self) -> &'static str {
        EMOTIONS
            .iter()
            .find(|(code, _)| *code == self.emotion)
            .map_or("", |(_, label)| label)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_speaker_sentence_and_emotion() {
        let name = ClipName::parse("1001_DFA_ANG_XX").unwrap();
        assert_eq!(
            (name.speaker.as_str(), name.sentence.as_str(), name.label()),
            ("1001", "DFA", "Anger")
        );
        for (wrong, why) in [
            ("1001_DFA_ANG", "is not `<speaker>"),
            ("101_DFA_ANG_XX", "speaker"),
            ("1001_XXX_ANG_XX", "sentence"),
            ("1001_DFA_JOY_XX", "emotion"),
            ("1001_DFA_ANG_ZZ", "level"),
        ] {
            assert!(ClipName::parse(wrong).unwrap_err().contains(why), "{wrong}");
        }
    }
}
