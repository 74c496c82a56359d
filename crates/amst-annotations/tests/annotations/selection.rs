//! Splits without what the audit found, and splits by speaker.

use std::collections::{BTreeMap, BTreeSet};

use amst_annotations::{
    Annotation, AuditRules, Dataset, Dropped, Finding, Reason, Selection, Split, Splitting, audit,
    read_lists, select, ur_funny,
};

use crate::shared;

fn published(dataset: Dataset, test: &str) -> Option<Vec<Annotation>> {
    let folder = shared::lists(dataset, test)?;
    Some(read_lists(dataset, &folder).unwrap_or_else(|error| panic!("{error}")))
}

/// Counted by an independent program, `tests/fixtures/published/faults.py`.
fn oracle() -> serde_json::Value {
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/fixtures/published/faults.json"
    );
    serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}

fn counts(selection: &Selection) -> [usize; 3] {
    Split::ALL.map(|split| {
        selection
            .samples
            .iter()
            .filter(|sample| sample.split == split)
            .count()
    })
}

fn reasons(selection: &Selection) -> BTreeMap<String, usize> {
    let mut reasons = BTreeMap::new();
    for dropped in &selection.dropped {
        let kind = serde_json::to_value(&dropped.reason).unwrap()["reason"]
            .as_str()
            .unwrap()
            .to_string();
        *reasons.entry(kind).or_insert(0) += 1;
    }
    reasons
}

#[test]
fn clean_lists_have_nothing_left_that_leaks_samples_labels_or_long_transcripts() {
    let test = "clean_lists_have_nothing_left_that_leaks_samples_labels_or_long_transcripts";
    let oracle = oracle();
    for dataset in Dataset::ALL {
        let Some(samples) = published(dataset, test) else {
            continue;
        };
        let selection = select(Splitting::Clean, dataset, &samples, None).unwrap();
        let has_unknown_texts = dataset == Dataset::Iemocap && samples[0].text.is_some();
        if !has_unknown_texts {
            let found =
                serde_json::json!({ "kept": counts(&selection), "reasons": reasons(&selection) });
            assert_eq!(found, oracle[dataset.name()]["clean"], "{dataset}");
        }
        assert_eq!(
            selection.samples.len() + selection.dropped.len(),
            samples.len()
        );
        let report = audit(
            &AuditRules::for_dataset(dataset),
            &selection.samples,
            &BTreeMap::new(),
        );
        for finding in report.findings {
            let harmless = match &finding {
                Finding::SharedTranscripts { long_rows, .. } => *long_rows == 0,
                Finding::SharedSamples { .. }
                | Finding::RepeatedSamples { .. }
                | Finding::ConflictingLabels { .. }
                | Finding::ConflictingLabelsBetween { .. } => false,
                _ => true,
            };
            assert!(harmless, "{dataset}: {} {finding}", finding.count());
        }
    }
}

fn sample(split: Split, line: usize, id: &str, label: &str, text: &str) -> Annotation {
    let (id, label, text) = (id.to_string(), label.to_string(), Some(text.to_string()));
    Annotation {
        id,
        label,
        split,
        span: None,
        text,
        group: None,
        line,
    }
}

#[test]
fn every_line_that_goes_has_its_reason() {
    let samples = [
        sample(Split::Train, 1, "disputed", "a", "1"),
        sample(Split::Train, 2, "twice", "a", "2"),
        sample(Split::Train, 3, "twice", "a", "2"),
        sample(Split::Train, 4, "in-test", "a", "3"),
        sample(Split::Train, 5, "in-val", "a", "4"),
        sample(Split::Train, 6, "long", "a", "one two three"),
        sample(Split::Train, 7, "short", "a", "yes"),
        sample(Split::Val, 1, "disputed", "b", "1"),
        sample(Split::Val, 2, "in-val", "a", "4"),
        sample(Split::Val, 3, "long-too", "a", " one two three "),
        sample(Split::Test, 1, "in-test", "a", "3"),
        sample(Split::Test, 2, "said", "a", "one two three"),
        sample(Split::Test, 3, "yes", "a", "yes"),
    ];
    let selection = select(Splitting::Clean, Dataset::UrFunny, &samples, None).unwrap();
    let reasons: Vec<_> = selection
        .dropped
        .iter()
        .map(
            |Dropped {
                 id,
                 split,
                 line,
                 reason,
             }| format!("{split}:{line} {id}: {reason}"),
        )
        .collect();
    assert_eq!(
        reasons,
        [
            "train:1 disputed: conflicting labels: a | b",
            "train:3 twice: on an earlier line of the same list",
            "train:4 in-test: also in test",
            "train:5 in-val: also in val",
            "train:6 long: same transcript as said in test",
            "val:1 disputed: conflicting labels: a | b",
            "val:3 long-too: same transcript as said in test",
        ]
    );
    let kept: Vec<_> = selection
        .samples
        .iter()
        .map(|sample| sample.id.as_str())
        .collect();
    assert_eq!(kept, ["twice", "short", "in-val", "in-test", "said", "yes"]);
    let as_it_was = select(Splitting::Published, Dataset::UrFunny, &samples, None).unwrap();
    assert_eq!(
        (as_it_was.samples.as_slice(), as_it_was.dropped.len()),
        (samples.as_slice(), 0)
    );
}

/// No speaker, dialogue or session in two splits.
fn is_apart(selection: &Selection, unit: impl Fn(&Annotation) -> String) {
    let mut homes: BTreeMap<String, BTreeSet<Split>> = BTreeMap::new();
    for sample in &selection.samples {
        homes.entry(unit(sample)).or_default().insert(sample.split);
    }
    assert!(homes.values().all(|splits| splits.len() == 1), "{homes:?}");
}

#[test]
fn no_speaker_of_crema_d_stands_in_two_splits() {
    let Some(samples) = published(
        Dataset::CremaD,
        "no_speaker_of_crema_d_stands_in_two_splits",
    ) else {
        return;
    };
    let selection = select(
        Splitting::SpeakerIndependent,
        Dataset::CremaD,
        &samples,
        None,
    )
    .unwrap();
    is_apart(&selection, |sample| sample.group.clone().unwrap());
    assert_eq!(selection.samples.len(), 7442);
    assert_eq!(
        serde_json::json!(counts(&selection)),
        oracle()["crema-d"]["by_speaker"]
    );
    let report = audit(
        &AuditRules::for_dataset(Dataset::CremaD),
        &selection.samples,
        &BTreeMap::new(),
    );
    assert!(report.findings.is_empty(), "{report}");
    assert!(
        report
            .balance
            .iter()
            .all(|b| (0.165..0.185).contains(&b.majority_rate)),
        "{report}"
    );
    let again = select(
        Splitting::SpeakerIndependent,
        Dataset::CremaD,
        &samples,
        None,
    )
    .unwrap();
    assert_eq!(again, selection);
}

#[test]
fn no_session_of_iemocap_stands_in_two_splits() {
    let Some(samples) = published(
        Dataset::Iemocap,
        "no_session_of_iemocap_stands_in_two_splits",
    ) else {
        return;
    };
    let selection = select(
        Splitting::SpeakerIndependent,
        Dataset::Iemocap,
        &samples,
        None,
    )
    .unwrap();
    is_apart(&selection, |sample| sample.id[..5].to_string());
    assert_eq!(
        (selection.samples.len(), selection.dropped.len()),
        (6785, 0)
    );
    let report = audit(
        &AuditRules::for_dataset(Dataset::Iemocap),
        &selection.samples,
        &BTreeMap::new(),
    );
    assert!(
        !report
            .findings
            .iter()
            .any(|f| matches!(f, Finding::SharedGroups { .. })),
        "{report}"
    );
}

#[test]
fn ur_funny_follows_its_owners_folds() {
    let samples = [
        sample(Split::Train, 1, "1", "FUNNY", "a"),
        sample(Split::Train, 2, "2", "FUNNY", "b"),
        sample(Split::Val, 1, "3", "FUNNY", "c"),
        sample(Split::Test, 1, "4", "FUNNY", "d"),
    ];
    let by = |json: &str| {
        let folds = ur_funny::folds(json, "folds.json").unwrap();
        select(
            Splitting::SpeakerIndependent,
            Dataset::UrFunny,
            &samples,
            Some(&folds),
        )
    };
    let selection = by(r#"{"train": [4], "dev": [1], "test": [3]}"#).unwrap();
    let split: Vec<_> = selection
        .samples
        .iter()
        .map(|sample| (sample.id.as_str(), sample.split))
        .collect();
    assert_eq!(
        split,
        [("4", Split::Train), ("1", Split::Val), ("3", Split::Test)]
    );
    assert_eq!(selection.dropped.len(), 1);
    assert_eq!(
        (
            selection.dropped[0].id.as_str(),
            &selection.dropped[0].reason
        ),
        ("2", &Reason::NotInFolds)
    );
    let error = by(r#"{"train": [4], "dev": [1], "test": [3, 99]}"#)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("1 clips are not in the published lists (99)"),
        "{error}"
    );
}

#[test]
fn without_speakers_there_is_a_message_instead_of_a_split() {
    let samples = [sample(Split::Train, 1, "1", "FUNNY", "a")];
    let refused = |dataset| {
        select(Splitting::SpeakerIndependent, dataset, &samples, None)
            .unwrap_err()
            .to_string()
    };
    assert!(refused(Dataset::Ave).contains("ave: its lists name no speakers"));
    assert!(refused(Dataset::MvsaSingle).contains("`clean`"));
    assert!(refused(Dataset::UrFunny).contains("data_folds.pkl"));
}
