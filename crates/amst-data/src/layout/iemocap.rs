//! IEMOCAP: each sample is a span of a dialogue, `Session<s>/dialog/avi/DivX/<dialogue>.avi`, of
//! which it has both the pictures (the whole dyad, both actors) and the sound. The words are in the
//! lists, or in the owners' `Session<s>/dialog/transcriptions/<dialogue>.txt` where a list leaves
//! them out.

use std::cell::RefCell;
use std::collections::HashMap;

use amst_annotations::iemocap::{TurnName, transcripts};
use amst_annotations::{Annotation, Dataset};
use amst_recipe::Modality;

use super::listed::{ListedLayout, RawFolder};
use super::{Clip, Raw};

/// The words of a dialogue by its turns, or why there are none.
type Transcript = Result<HashMap<String, String>, String>;

#[derive(Default)]
pub(super) struct Iemocap {
    /// The transcripts that were read, by file.
    transcripts: RefCell<HashMap<String, Transcript>>,
}

impl ListedLayout for Iemocap {
    fn lists(&self) -> Dataset {
        Dataset::Iemocap
    }

    fn folders(&self) -> Vec<&str> {
        vec!["Session1", "Session2", "Session3", "Session4", "Session5"]
    }

    fn raw(&self, sample: &Annotation, modality: Modality, folder: &RawFolder) -> Option<Raw> {
        let turn = match TurnName::parse(&sample.id) {
            Ok(turn) => turn,
            Err(why) => return Some(Raw::Lost(why)),
        };
        let (dialog, name) = (format!("Session{}/dialog", turn.session), turn.dialogue);
        let clip = Clip {
            span: sample.span.map(|span| [span.start, span.end]),
            ..folder.video(format!("{dialog}/avi/DivX/{name}.avi"))
        };
        Some(match (modality, &sample.text) {
            (Modality::Audio, _) => Raw::Sound(clip),
            (Modality::Visual, _) => folder.frames_of(clip),
            (Modality::Text, Some(text)) => Raw::Text(text.clone()),
            (Modality::Text, None) => {
                let file = format!("{dialog}/transcriptions/{name}.txt");
                self.words(&sample.id, &file, folder)
            }
        })
    }
}

impl Iemocap {
    fn words(&self, turn: &str, file: &str, folder: &RawFolder) -> Raw {
        let mut read = self.transcripts.borrow_mut();
        let transcript = read.entry(file.into()).or_insert_with(|| {
            let bytes = std::fs::read(folder.path(file))
                .map_err(|error| format!("{file} cannot be read: {error}"))?;
            let turns = transcripts(&String::from_utf8_lossy(&bytes), file)
                .map_err(|error| error.to_string())?;
            Ok(turns.into_iter().map(|turn| (turn.id, turn.text)).collect())
        });
        match transcript {
            Ok(turns) => match turns.get(turn) {
                Some(text) => Raw::Text(text.clone()),
                None => Raw::Lost(format!(
                    "the list leaves its words out, and {file} has no turn `{turn}`"
                )),
            },
            Err(why) => Raw::Lost(why.clone()),
        }
    }
}
