//! What the paper printed, to be shown beside what was measured here.

use serde::{Deserialize, Serialize};

use crate::Modality;

/// A published mean and its standard error over three seeds, in per cent.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Published(
    /// Mean accuracy.
    pub f64,
    /// Standard error.
    pub f64,
);

/// One of the paper's five data sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PaperDataset {
    /// Name on the command line.
    pub name: &'static str,
    /// Name in the paper's tables.
    pub title: &'static str,
    /// Its modalities, in training order.
    pub modalities: &'static [Modality],
    /// How to get it, in one line.
    pub access: &'static str,
}

/// The paper's data sets, in the order of its tables.
pub const PAPER_DATASETS: [PaperDataset; 5] = [
    PaperDataset {
        name: "crema-d",
        title: "CREMA-D",
        modalities: &[Modality::Audio, Modality::Visual],
        access: "open (ODbL): clone CheyneyComputerScience/CREMA-D from GitHub with Git LFS (3 GB)",
    },
    PaperDataset {
        name: "ave",
        title: "AVE",
        modalities: &[Modality::Audio, Modality::Visual],
        access: "open: AVE_Dataset.zip, linked from the README of YapengTian/AVE-ECCV18 on GitHub",
    },
    PaperDataset {
        name: "mvsa-single",
        title: "MVSA",
        modalities: &[Modality::Text, Modality::Visual],
        access: "open: MVSA-Single from mcrlab.net, \"MVSA: Sentiment Analysis on Multi-view Social Data\"",
    },
    PaperDataset {
        name: "iemocap",
        title: "IEMOCAP",
        modalities: &Modality::ALL,
        access: "on request: sign the licence form at sail.usc.edu/iemocap",
    },
    PaperDataset {
        name: "ur-funny",
        title: "UR-FUNNY",
        modalities: &Modality::ALL,
        access: "open: urfunny2_videos.zip, linked from the README of ROC-HCI/UR-FUNNY on GitHub",
    },
];
