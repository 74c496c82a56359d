//! What the lists of a data set hold that a reader of its results should know.

mod balance;
mod finding;
mod groups;
pub(crate) mod labels;
mod lengths;
mod samples;
mod table;
pub(crate) mod transcripts;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

pub use balance::Balance;
pub use finding::Finding;

use crate::{Annotation, Dataset, Split};

/// Pairs of splits, the one that is learnt from first.
pub(crate) const PAIRS: [(Split, Split); 3] = [
    (Split::Train, Split::Val),
    (Split::Train, Split::Test),
    (Split::Val, Split::Test),
];

/// Words from which on two equal transcripts are more than a coincidence.
pub(crate) const LONG: usize = 3;

/// What an audit measures a data set by.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditRules {
    /// The data set's name.
    pub name: String,
    /// Its classes, in the order of their index.
    pub classes: Vec<String>,
    /// What [`Annotation::group`] is: `speaker`, `dialogue`.
    pub group: &'static str,
    /// Frames that a sample must yield, 3 in the paper; 0: there are no videos.
    pub frames: u32,
    /// Frames that are kept of each second.
    pub frames_per_second: u32,
    /// Seconds of sound that features have room for; infinite: there is no sound.
    pub sound_seconds: f64,
}

impl AuditRules {
    /// Those of one of the paper's data sets (METHODS 2.7): three frames; 1024 windows of sound, 10
    /// ms apart.
    pub fn of(dataset: Dataset) -> Self {
        let video = dataset != Dataset::MvsaSingle;
        Self {
            name: dataset.name().into(),
            classes: dataset
                .classes()
                .iter()
                .map(|class| class.to_string())
                .collect(),
            group: if dataset == Dataset::Iemocap {
                "dialogue"
            } else {
                "speaker"
            },
            frames: if video { 3 } else { 0 },
            frames_per_second: if dataset == Dataset::Iemocap { 2 } else { 1 },
            sound_seconds: if video { 10.24 } else { f64::INFINITY },
        }
    }
}

/// What is known of a sample's media; what is `None` is not checked.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Facts {
    /// Frames that were kept of its video.
    pub frames: Option<usize>,
    /// Length of its video in seconds; stands in for `frames` where that is not known.
    pub video_seconds: Option<f64>,
    /// Length of its sound in seconds.
    pub sound_seconds: Option<f64>,
}

/// What an audit found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// The data set.
    pub dataset: String,
    /// Samples and classes of each split: train, val, test.
    pub balance: Vec<Balance>,
    /// What is wrong, or to be known.
    pub findings: Vec<Finding>,
    /// What could not be checked, and why.
    pub unchecked: Vec<String>,
}

/// Looks through the lists of a data set.
///
/// `facts` hold, by a sample's name, what is known of its media. Where they say nothing, the span
/// of a sample is its length. The order of the findings is fixed, and so is that of what they list.
pub fn audit(
    rules: &AuditRules,
    samples: &[Annotation],
    facts: &BTreeMap<String, Facts>,
) -> Report {
    let mut findings = Vec::new();
    let mut unchecked = Vec::new();
    findings.extend(samples::shared(samples));
    findings.extend(samples::repeated(samples));
    findings.extend(labels::conflicts(samples));
    match samples
        .iter()
        .filter(|sample| sample.text.is_none())
        .count()
    {
        0 => findings.extend(transcripts::findings(samples)),
        n if n == samples.len() => unchecked.push("transcripts: these lists hold none".into()),
        n => {
            findings.extend(transcripts::findings(samples));
            unchecked.push(format!("transcripts of {n} samples: their lines hold none"));
        }
    }
    match samples
        .iter()
        .filter(|sample| sample.group.is_none())
        .count()
    {
        0 => findings.extend(groups::shared(rules.group, samples)),
        n => unchecked.push(format!(
            "{}s: the lists do not say them of {n} samples",
            rules.group
        )),
    }
    let lengths = lengths::Lengths::new(rules, facts);
    findings.extend(lengths.short(samples));
    findings.extend(lengths.cut(samples));
    unchecked.extend(lengths.unchecked(samples));
    let balance = Split::ALL
        .map(|split| Balance::of(split, &rules.classes, samples))
        .into();
    Report {
        dataset: rules.name.clone(),
        balance,
        findings,
        unchecked,
    }
}

/// The samples of one split.
pub(crate) fn of(split: Split, samples: &[Annotation]) -> impl Iterator<Item = &Annotation> {
    samples.iter().filter(move |sample| sample.split == split)
}

/// The names of the samples of one split.
pub(crate) fn names(split: Split, samples: &[Annotation]) -> BTreeSet<&str> {
    of(split, samples)
        .map(|sample| sample.id.as_str())
        .collect()
}
