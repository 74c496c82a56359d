//! How raw files are laid out: one file a layout.

pub mod annotations;
mod ave;
pub(crate) mod check;
mod crema_d;
pub mod csv;
mod found_instead;
mod iemocap;
mod lengths;
mod lines;
mod listed;
mod mvsa;
mod published_features;
mod row;
pub mod table;
mod unlabelled;
mod ur_funny;

use amst_recipe::{Layout, Modality, Recipe, ResolvedDataset};

pub use self::lengths::lengths;
use self::listed::ListedLayout;
use self::published_features::PublishedFeatures;
pub use self::row::{Clip, Raw, Row, SplitName};
pub use self::unlabelled::{Unlabelled, read_unlabelled};
use crate::DataError;

/// The samples of a data set on disk, in the order of its manifest or lists.
///
/// # Errors
///
/// A manifest, list or folder that is not what its layout says, with everything that is wrong.
pub fn read(dataset: &ResolvedDataset, recipe: &Recipe) -> Result<Vec<Row>, DataError> {
    let layout: Box<dyn ListedLayout> = match dataset.spec.layout {
        Layout::Csv => return csv::read(dataset, &recipe.modalities, recipe.fold),
        _ if recipe.fold > 0 => return Err(check::no_such_fold(dataset, recipe.fold)),
        Layout::Synthetic => return Ok(Vec::new()),
        Layout::CremaD => Box::new(crema_d::CremaD),
        Layout::Ave => Box::new(ave::Ave),
        Layout::Mvsa => Box::new(mvsa::Mvsa),
        Layout::Iemocap => Box::new(iemocap::Iemocap::default()),
        Layout::UrFunny => Box::new(ur_funny::UrFunny),
        Layout::PublishedFeatures if resamples(recipe) => {
            return Err(DataError::setting(
                "audio.resample",
                "the filterbanks of `published-features` have been computed: take the setting out, or \
                 prepare the recordings themselves",
            ));
        }
        Layout::PublishedFeatures => Box::new(PublishedFeatures::from_descriptor(&dataset.spec)?),
    };
    listed::read(dataset, &recipe.modalities, &*layout)
}

fn resamples(recipe: &Recipe) -> bool {
    recipe.modalities.contains(&Modality::Audio) && recipe.audio.resample.is_some()
}
