//! UR-FUNNY: `urfunny2_videos/<number>.mp4`; the sentence before the laughter, or not, stands in
//! the lists.

use amst_annotations::{Annotation, Dataset};
use amst_recipe::{DatasetSpec, Modality};

use super::Raw;
use super::listed::{Base, Places};

pub(super) struct UrFunny;

impl Places for UrFunny {
    fn lists(&self) -> Dataset {
        Dataset::UrFunny
    }

    fn folders(&self) -> Vec<&str> {
        vec!["urfunny2_videos"]
    }

    fn raw(
        &self,
        sample: &Annotation,
        modality: Modality,
        base: &Base,
        spec: &DatasetSpec,
    ) -> Option<Raw> {
        let clip = base.video(format!("urfunny2_videos/{}.mp4", sample.id));
        match modality {
            Modality::Audio => Some(Raw::Sound(clip)),
            Modality::Visual => Some(Raw::Frames {
                clip,
                per_second: spec.frames_per_second,
            }),
            // The published lists always have it.
            Modality::Text => Some(Raw::Text(sample.text.clone().unwrap_or_default())),
        }
    }
}
