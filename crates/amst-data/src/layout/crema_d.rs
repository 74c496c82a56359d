//! CREMA-D: `AudioWAV/<clip>.wav` and `VideoFlash/<clip>.flv`, as the owners' repository has them.

use amst_annotations::{Annotation, Dataset};
use amst_recipe::{DatasetSpec, Modality};

use super::Raw;
use super::listed::{Base, Places};

pub(super) struct CremaD;

impl Places for CremaD {
    fn lists(&self) -> Dataset {
        Dataset::CremaD
    }

    fn folders(&self) -> Vec<&str> {
        vec!["AudioWAV", "VideoFlash"]
    }

    fn raw(
        &self,
        sample: &Annotation,
        modality: Modality,
        base: &Base,
        spec: &DatasetSpec,
    ) -> Option<Raw> {
        let id = &sample.id;
        match modality {
            Modality::Audio => Some(Raw::Files(vec![base.file(format!("AudioWAV/{id}.wav"))])),
            Modality::Visual => {
                let clip = base.video(format!("VideoFlash/{id}.flv"));
                Some(Raw::Frames {
                    clip,
                    per_second: spec.frames_per_second,
                })
            }
            Modality::Text => None,
        }
    }
}
