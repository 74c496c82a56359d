//! MVSA-Single: `data/<n>.jpg` and the caption in `data/<n>.txt`, UTF-8 or else ISO-8859-1.

use amst_annotations::{Annotation, Dataset, mvsa};
use amst_recipe::Modality;

use super::Raw;
use super::listed::{ListedLayout, RawFolder};

pub(super) struct Mvsa;

impl ListedLayout for Mvsa {
    fn lists(&self) -> Dataset {
        Dataset::MvsaSingle
    }

    fn folders(&self) -> Vec<&str> {
        vec!["data"]
    }

    fn raw(&self, sample: &Annotation, modality: Modality, folder: &RawFolder) -> Option<Raw> {
        let id = &sample.id;
        match modality {
            Modality::Visual => Some(folder.file(format!("data/{id}.jpg"))),
            Modality::Text => Some(caption(&format!("data/{id}.txt"), folder)),
            Modality::Audio => None,
        }
    }
}

fn caption(file: &str, folder: &RawFolder) -> Raw {
    match std::fs::read(folder.path(file)) {
        Ok(bytes) => {
            mvsa::caption(&bytes, file).map_or_else(|error| Raw::Lost(error.to_string()), Raw::Text)
        }
        Err(error) => Raw::Lost(format!("{file} cannot be read: {error}")),
    }
}
