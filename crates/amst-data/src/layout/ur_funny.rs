//! UR-FUNNY: `urfunny2_videos/<number>.mp4`; the lists have the sentence before the laughter, or
//! before its absence.

use amst_annotations::{Annotation, Dataset};
use amst_recipe::Modality;

use super::Raw;
use super::listed::{ListedLayout, RawFolder};

pub(super) struct UrFunny;

impl ListedLayout for UrFunny {
    fn lists(&self) -> Dataset {
        Dataset::UrFunny
    }

    fn folders(&self) -> Vec<&str> {
        vec!["urfunny2_videos"]
    }

    fn raw(&self, sample: &Annotation, modality: Modality, folder: &RawFolder) -> Option<Raw> {
        let clip = folder.video(format!("urfunny2_videos/{}.mp4", sample.id));
        Some(match modality {
            Modality::Audio => Raw::Sound(clip),
            Modality::Visual => folder.frames_of(clip),
            // The published lists always have it.
            Modality::Text => Raw::Text(sample.text.clone().unwrap_or_default()),
        })
    }
}
