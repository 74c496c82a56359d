//! Where the published lists lie on the machines of this project: beside the repository, or where
//! `AMST_SHARED` says.

use std::path::PathBuf;

use amst_annotations::Dataset;

/// The folder of a data set's published lists, or `None` after saying which test is skipped.
pub fn lists(dataset: Dataset, test: &str) -> Option<PathBuf> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let shared = std::env::var_os("AMST_SHARED").map_or(beside, PathBuf::from);
    let folder = match dataset {
        Dataset::CremaD => "CREMAD",
        Dataset::Ave => "AVE",
        Dataset::MvsaSingle => "MVSA",
        Dataset::Iemocap => "IEMOCAP",
        Dataset::UrFunny => "UR-FUNNY",
    };
    let folder = shared.join("reference/splits").join(folder);
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!(
        "skipped: {test} ({dataset}): no published lists at {}; AMST_SHARED names another place",
        folder.display()
    );
    None
}
