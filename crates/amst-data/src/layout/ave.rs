//! AVE: `AVE/<clip>.mp4`, ten seconds of sound and pictures each.

use amst_annotations::{Annotation, Dataset};
use amst_recipe::Modality;

use super::Raw;
use super::listed::{ListedLayout, RawFolder};

pub(super) struct Ave;

impl ListedLayout for Ave {
    fn lists(&self) -> Dataset {
        Dataset::Ave
    }

    fn folders(&self) -> Vec<&str> {
        vec!["AVE"]
    }

    fn raw(&self, sample: &Annotation, modality: Modality, folder: &RawFolder) -> Option<Raw> {
        let clip = folder.video(format!("AVE/{}.mp4", sample.id));
        match modality {
            Modality::Audio => Some(Raw::Sound(clip)),
            Modality::Visual => Some(folder.frames_of(clip)),
            Modality::Text => None,
        }
    }
}
