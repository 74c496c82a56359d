//! What the lists of a data set hold that a reader of its results should know.

mod balance;
mod finding;
mod groups;
pub(crate) mod labels;
mod lengths;
mod report;
mod rules;
mod samples;
pub(crate) mod splits;
pub(crate) mod transcripts;

use std::collections::BTreeMap;

pub use balance::Balance;
pub use finding::Finding;
pub use report::Report;
pub use rules::{AuditRules, Facts};

use crate::{Annotation, Split};

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
    let textless = samples
        .iter()
        .filter(|sample| sample.text.is_none())
        .count();
    if textless > 0 && textless == samples.len() {
        unchecked.push("transcripts: these lists hold none".into());
    } else {
        findings.extend(transcripts::findings(samples));
        if textless > 0 {
            unchecked.push(format!(
                "transcripts of {textless} samples: their lines hold none"
            ));
        }
    }
    match samples
        .iter()
        .filter(|sample| sample.group.is_none())
        .count()
    {
        0 => findings.extend(groups::shared(&rules.group, samples)),
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
        .map(|split| Balance::count(split, &rules.classes, samples))
        .into();
    Report {
        dataset: rules.name.clone(),
        balance,
        findings,
        unchecked,
    }
}
