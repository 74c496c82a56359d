//! AVE: `AVE/<clip>.mp4`, ten seconds of sound and pictures each.

use amst_annotations::{Annotation, Dataset};
use amst_recipe::{DatasetSpec, Modality};

use super::Raw;
use super::listed::{Base, Places};

pub(super) struct Ave;

impl Places for Ave {
    fn lists(&self) -> Dataset {
        Dataset::Ave
    }

    fn folders(&self) -> Vec<&str> {
        vec!["AVE"]
    }

    fn raw(
        &self,
        sample: &Annotation,
        modality: Modality,
        base: &Base,
        spec: &DatasetSpec,
    ) -> Option<Raw> {
        let clip = base.video(format!("AVE/{}.mp4", sample.id));
        match modality {
            Modality::Audio => Some(Raw::Sound(clip)),
            Modality::Visual => Some(Raw::Frames {
                clip,
                per_second: spec.frames_per_second,
            }),
            Modality::Text => None,
        }
    }
}
