//! How raw files are laid out: one file a layout.

mod ave;
pub(crate) mod check;
mod crema_d;
pub mod csv;
mod iemocap;
mod lengths;
mod listed;
mod mvsa;
mod published_features;
mod row;
mod ur_funny;

use amst_recipe::{Layout, Modality, ResolvedDataset};

pub use self::lengths::lengths;
pub use self::row::{Clip, Raw, Row, SplitName};
use crate::DataError;

/// The samples of a data set on disk, in the order of its manifest or lists.
///
/// # Errors
///
/// A manifest, list or folder that is not what its layout says, with everything that is wrong.
pub fn read(dataset: &ResolvedDataset, modalities: &[Modality]) -> Result<Vec<Row>, DataError> {
    match dataset.spec.layout {
        Layout::Csv => csv::read(dataset, modalities),
        Layout::Synthetic => Ok(Vec::new()),
        Layout::CremaD => listed::read(dataset, modalities, &crema_d::CremaD),
        Layout::Ave => listed::read(dataset, modalities, &ave::Ave),
        Layout::Mvsa => listed::read(dataset, modalities, &mvsa::Mvsa),
        Layout::Iemocap => listed::read(dataset, modalities, &iemocap::Iemocap::default()),
        Layout::UrFunny => listed::read(dataset, modalities, &ur_funny::UrFunny),
        Layout::PublishedFeatures => listed::read(
            dataset,
            modalities,
            &published_features::PublishedFeatures::from_descriptor(&dataset.spec)?,
        ),
    }
}
