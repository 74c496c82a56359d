//! IEMOCAP: each sample is a span of a dialogue, `Session<s>/dialog/avi/DivX/<dialogue>.avi`, of
//! which it has both the pictures (the whole dyad, both actors) and the sound. The words stand in
//! the lists, or in the owners' `Session<s>/dialog/transcriptions/<dialogue>.txt` where a list
//! leaves them out.

use std::cell::RefCell;
use std::collections::HashMap;

use amst_annotations::iemocap::{TurnName, transcripts};
use amst_annotations::{Annotation, Dataset};
use amst_recipe::{DatasetSpec, Modality};

use super::listed::{Base, Places};
use super::{Clip, Raw};

/// The words of a dialogue by its turns, or why there are none.
type Words = Result<HashMap<String, String>, String>;

#[derive(Default)]
pub(super) struct Iemocap {
    /// The dialogues that were read, by file.
    dialogues: RefCell<HashMap<String, Words>>,
}

impl Places for Iemocap {
    fn lists(&self) -> Dataset {
        Dataset::Iemocap
    }

    fn folders(&self) -> Vec<&str> {
        vec!["Session1", "Session2", "Session3", "Session4", "Session5"]
    }

    fn raw(
        &self,
        sample: &Annotation,
        modality: Modality,
        base: &Base,
        spec: &DatasetSpec,
    ) -> Option<Raw> {
        let turn = match TurnName::parse(&sample.id) {
            Ok(turn) => turn,
            Err(why) => return Some(Raw::Lost(why)),
        };
        let dialog = format!("Session{}/dialog", turn.session);
        let clip = || {
            let video = base.file(format!("{dialog}/avi/DivX/{}.avi", turn.dialogue));
            Clip {
                video,
                span: sample.span.map(|span| [span.start, span.end]),
            }
        };
        Some(match modality {
            Modality::Audio => Raw::Sound(clip()),
            Modality::Visual => Raw::Frames {
                clip: clip(),
                per_second: spec.frames_per_second,
            },
            Modality::Text => match &sample.text {
                Some(text) => Raw::Text(text.clone()),
                None => self.words(
                    &sample.id,
                    &format!("{dialog}/transcriptions/{}.txt", turn.dialogue),
                    base,
                ),
            },
        })
    }
}

impl Iemocap {
    fn words(&self, turn: &str, file: &str, base: &Base) -> Raw {
        let mut dialogues = self.dialogues.borrow_mut();
        let dialogue = dialogues.entry(file.into()).or_insert_with(|| {
            let bytes = std::fs::read(base.path(file))
                .map_err(|error| format!("{file} cannot be read: {error}"))?;
            let turns = transcripts(&String::from_utf8_lossy(&bytes), file)
                .map_err(|error| error.to_string())?;
            Ok(turns.into_iter().map(|turn| (turn.id, turn.text)).collect())
        });
        match dialogue {
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
