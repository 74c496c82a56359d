//! `amst audit`.

use std::path::PathBuf;

use amst_annotations::Splitting;
use clap::Args;

/// `amst audit`.
#[derive(Debug, Args)]
pub struct Audit {
    /// One of the paper's data sets (crema-d, ave, mvsa-single, iemocap, ur-funny), or the folder
    /// with its published lists; or a data set with a manifest, by name or folder
    #[arg(value_name = "DATASET|DIR")]
    pub what: PathBuf,
    /// The folder of the published lists, if it is not `datasets/DATASET/raw`
    #[arg(long, value_name = "DIR")]
    pub lists: Option<PathBuf>,
    /// The folder of the raw files, whose lengths are looked at, if it is not
    /// `datasets/DATASET/raw` or DIR
    #[arg(long, value_name = "DIR", conflicts_with = "lists_only")]
    pub raw: Option<PathBuf>,
    /// Do not look at the raw files: it takes minutes where thousands of videos lie
    #[arg(long)]
    pub lists_only: bool,
    /// Which lists to look at: `published`; `clean`, without what the audit finds wrong with them;
    /// or `speaker-independent`
    #[arg(long, value_name = "KIND", value_parser = splitting, default_value = "published")]
    pub split: Splitting,
    /// Of a manifest with several splits, which one to look at
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub fold: usize,
    /// UR-FUNNY's own folds, `data_folds.pkl` or the same as JSON, for `--split
    /// speaker-independent`
    #[arg(long, value_name = "FILE")]
    pub folds: Option<PathBuf>,
    /// Also write the lists of `--split` to this folder, under their published names, and
    /// `dropped.txt` beside them
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// As a JSON object
    #[arg(long)]
    pub json: bool,
    /// End with code 1 if anything is found
    #[arg(long)]
    pub strict: bool,
}

fn splitting(word: &str) -> Result<Splitting, String> {
    let kinds = Splitting::ALL.map(Splitting::name).join(", ");
    let known = Splitting::ALL.into_iter().find(|kind| kind.name() == word);
    known.ok_or_else(|| format!("there is no such split; give one of: {kinds}"))
}
