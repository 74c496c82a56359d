//! CREMA-D: `AudioWAV/<clip>.wav` and `VideoFlash/<clip>.flv`, as the owners' repository has them.

use amst_annotations::{Annotation, Dataset};
use amst_recipe::Modality;

use super::Raw;
use super::listed::{ListedLayout, RawFolder};

pub(super) struct CremaD;

impl ListedLayout for CremaD {
    fn lists(&self) -> Dataset {
        Dataset::CremaD
    }

    fn folders(&self) -> Vec<&str> {
        vec!["AudioWAV", "VideoFlash"]
    }

    fn raw(&self, sample: &Annotation, modality: Modality, folder: &RawFolder) -> Option<Raw> {
        let id = &sample.id;
        match modality {
            Modality::Audio => Some(folder.file(format!("AudioWAV/{id}.wav"))),
            Modality::Visual => {
                Some(folder.frames_of(folder.video(format!("VideoFlash/{id}.flv"))))
            }
            Modality::Text => None,
        }
    }
}
