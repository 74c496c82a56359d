//! Splits that share no speaker.

use std::collections::{BTreeMap, BTreeSet};

use crate::selection::clean::once;
use crate::selection::{Reason, Selection, sieve};
use crate::{Annotation, AnnotationError, Dataset, Split, iemocap};

/// Deals every sample that stands once anew.
pub(super) fn independent(
    dataset: Dataset,
    samples: &[Annotation],
    folds: Option<&BTreeMap<String, Split>>,
) -> Result<Selection, AnnotationError> {
    let once = once(samples);
    let dealt = match dataset {
        Dataset::CremaD => by_speaker(dataset, samples, &once.samples),
        Dataset::Iemocap => once.samples.iter().map(by_session).collect(),
        Dataset::UrFunny => by_fold(&once.samples, folds.ok_or(AnnotationError::FoldsWanted)?)?,
        Dataset::Ave | Dataset::MvsaSingle => {
            return Err(AnnotationError::NoSpeakers {
                dataset: dataset.name(),
            });
        }
    };
    let mut splits = dealt.iter();
    let kept = sieve(&once.samples, |_| {
        let is_dealt = splits.next().is_some_and(Option::is_some);
        (!is_dealt).then_some(Reason::NotInFolds)
    });
    let mut dropped = [once.dropped, kept.dropped].concat();
    dropped.sort_by_key(|dropped| (dropped.split, dropped.line));
    let mut splits = dealt.into_iter().flatten();
    let mut samples = kept.samples;
    samples
        .iter_mut()
        .for_each(|sample| sample.split = splits.next().unwrap_or(sample.split));
    samples.sort_by_key(|sample| sample.split);
    Ok(Selection { samples, dropped })
}

/// Sessions 1 to 3 train, 4 validates, 5 tests: each session has two actors of its own, who are
/// seen and heard in all of it, so that nothing finer keeps speakers apart; and session 5 is what
/// others test on.
fn by_session(sample: &Annotation) -> Option<Split> {
    let name = iemocap::TurnName::parse(&sample.id).ok()?;
    Some(match name.session {
        1..=3 => Split::Train,
        4 => Split::Val,
        _ => Split::Test,
    })
}

/// What the owners say; every clip that they name must be in the lists.
fn by_fold(
    samples: &[Annotation],
    folds: &BTreeMap<String, Split>,
) -> Result<Vec<Option<Split>>, AnnotationError> {
    let known: BTreeSet<_> = samples.iter().map(|sample| sample.id.as_str()).collect();
    let clips = folds.keys().map(String::as_str);
    let unknown: Vec<_> = clips.filter(|clip| !known.contains(clip)).collect();
    if !unknown.is_empty() {
        let shown = unknown[..unknown.len().min(10)].join(", ");
        let more = if unknown.len() > 10 { ", …" } else { "" };
        let why = format!(
            "{} clips are not in the published lists ({shown}{more}): these may be the folds of \
             UR-FUNNY's version 1, and version 2 is meant",
            unknown.len()
        );
        return Err(AnnotationError::Folds {
            file: "the owners' folds".into(),
            why,
        });
    }
    Ok(samples
        .iter()
        .map(|sample| folds.get(&sample.id).copied())
        .collect())
}

/// How much nearer a split comes to what it should hold, class by class, by a speaker's samples:
/// the decrease of the squared distance.
fn gain(missing: &[f64], counts: &[f64]) -> f64 {
    let classes = missing.iter().zip(counts);
    classes.map(|(missing, n)| (2.0 * missing - n) * n).sum()
}

/// Deals speakers, those with the most samples first, each into the split that is then nearest to
/// what it should hold: of every class, the share that the published split has of all lines.
fn by_speaker(
    dataset: Dataset,
    published: &[Annotation],
    samples: &[Annotation],
) -> Vec<Option<Split>> {
    let classes = dataset.classes().len();
    let mut speakers: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for sample in samples {
        let counts = speakers
            .entry(sample.group.as_deref().unwrap_or_default())
            .or_insert_with(|| vec![0.0; classes]);
        counts[dataset.class_index(&sample.label).unwrap_or_default()] += 1.0;
    }
    let total: Vec<f64> = (0..classes)
        .map(|class| speakers.values().map(|counts| counts[class]).sum())
        .collect();
    let mut missing: Vec<Vec<f64>> = Split::ALL
        .iter()
        .map(|&split| {
            let share = published.iter().filter(|s| s.split == split).count() as f64
                / published.len() as f64;
            total.iter().map(|count| count * share).collect()
        })
        .collect();
    let mut order: Vec<_> = speakers.iter().collect();
    order.sort_by_key(|(speaker, counts)| {
        (
            std::cmp::Reverse(counts.iter().sum::<f64>() as usize),
            **speaker,
        )
    });
    let mut dealt = BTreeMap::new();
    for (speaker, counts) in order {
        let best = (0..missing.len())
            .rev()
            .max_by(|&a, &b| gain(&missing[a], counts).total_cmp(&gain(&missing[b], counts)))
            .unwrap_or_default();
        for (missing, n) in missing[best].iter_mut().zip(counts) {
            *missing -= n;
        }
        dealt.insert(*speaker, Split::ALL[best]);
    }
    samples
        .iter()
        .map(|sample| {
            dealt
                .get(sample.group.as_deref().unwrap_or_default())
                .copied()
        })
        .collect()
}
