//! The audit finds exactly what is known of the published lists, and what was planted.

use std::collections::BTreeMap;

use amst_annotations::{
    Annotation, AuditRules, Dataset, Facts, Finding, Report, Span, Split, audit, read_lists,
};

use crate::shared;

fn published(dataset: Dataset, test: &str) -> Option<Report> {
    let folder = shared::lists(dataset, test)?;
    let samples = read_lists(dataset, &folder).unwrap_or_else(|error| panic!("{error}"));
    Some(audit(
        &AuditRules::for_dataset(dataset),
        &samples,
        &BTreeMap::new(),
    ))
}

/// Each finding as its count and its sentence.
fn sentences(report: &Report) -> Vec<String> {
    report
        .findings
        .iter()
        .map(|finding| format!("{} {finding}", finding.count()))
        .collect()
}

/// What an independent program counts: `tests/fixtures/published/faults.py`.
fn oracle(dataset: Dataset) -> serde_json::Value {
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/fixtures/published/faults.json"
    );
    let all: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    all[dataset.name()].clone()
}

#[test]
fn exactly_what_an_independent_program_counts_is_found() {
    for dataset in Dataset::ALL {
        let test = "exactly_what_an_independent_program_counts_is_found";
        let Some(mut report) = published(dataset, test) else {
            continue;
        };
        if dataset == Dataset::Iemocap {
            // The lists that the program read had no transcripts; the licensed ones are asked
            // below.
            report.findings.retain(|finding| !transcripts(finding));
        }
        let oracle = oracle(dataset);
        assert_eq!(
            serde_json::json!(sentences(&report)),
            oracle["findings"],
            "{dataset}"
        );
        assert_eq!(
            serde_json::json!(report.balance.iter().map(|b| b.rows).collect::<Vec<_>>()),
            oracle["rows"]
        );
        // Printed with six digits.
        let majority = report.balance[2].majority_rate - oracle["majority"].as_f64().unwrap();
        assert!(majority.abs() < 1e-6, "{dataset}: {majority}");
    }
}

fn transcripts(finding: &Finding) -> bool {
    matches!(
        finding,
        Finding::SharedTranscripts { .. } | Finding::RepeatedTranscripts { .. }
    )
}

#[test]
fn the_four_clips_of_crema_d_are_named() {
    let Some(report) = published(Dataset::CremaD, "the_four_clips_of_crema_d_are_named") else {
        return;
    };
    let mut ids = report.findings[0].ids();
    ids.sort_unstable();
    assert_eq!(
        ids,
        [
            "1026_ITS_ANG_XX",
            "1029_MTI_NEU_XX",
            "1060_TSI_SAD_XX",
            "1064_IWL_HAP_XX"
        ]
    );
    assert_eq!(report.balance[2].majority.as_deref(), Some("Sad"));
}

#[test]
fn what_the_lists_do_not_tell_is_said_to_be_unchecked() {
    let test = "what_the_lists_do_not_tell_is_said_to_be_unchecked";
    for (dataset, unchecked) in [
        (
            Dataset::CremaD,
            vec![
                "transcripts: these lists hold none",
                "length of video and sound of 7446 samples",
            ],
        ),
        (
            Dataset::MvsaSingle,
            vec![
                "transcripts: these lists hold none",
                "speakers: the lists do not say them of 4511",
            ],
        ),
        (
            Dataset::UrFunny,
            vec![
                "speakers: the lists do not say them of 10166",
                "length of video and sound of 10166",
            ],
        ),
    ] {
        let Some(report) = published(dataset, test) else {
            continue;
        };
        assert_eq!(
            report.unchecked.len(),
            unchecked.len(),
            "{:?}",
            report.unchecked
        );
        assert!(
            report
                .unchecked
                .iter()
                .zip(&unchecked)
                .all(|(found, start)| found.starts_with(start)),
            "{report}"
        );
    }
}

/// Known of the transcripts of the licensed lists: 132 of the test split stand in the training
/// split, 66 of them with three words or more. The copies that may be passed on hold none, which
/// the audit says.
#[test]
fn transcripts_of_iemocap_are_compared_where_they_are() {
    let test = "transcripts_of_iemocap_are_compared_where_they_are";
    let Some(report) = published(Dataset::Iemocap, test) else {
        return;
    };
    let twins = report.findings.iter().find_map(|finding| match finding {
        Finding::SharedTranscripts {
            first: Split::Train,
            second: Split::Test,
            rows,
            long_rows,
            ..
        } => Some((*rows, *long_rows)),
        _ => None,
    });
    if report.unchecked.is_empty() {
        assert_eq!(twins, Some((132, 66)));
    } else {
        eprintln!("skipped: the count of 132 in {test}: these lists hold no transcripts");
        assert_eq!(
            (twins, report.unchecked),
            (None, vec!["transcripts: these lists hold none".to_string()])
        );
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
        group: Some("g".into()),
        line,
    }
}

fn rules() -> AuditRules {
    AuditRules {
        classes: vec!["a".into(), "b".into()],
        ..AuditRules::for_dataset(Dataset::UrFunny)
    }
}

#[test]
fn what_was_planted_is_found() {
    let samples = [
        sample(Split::Train, 1, "x", "a", "one two three"),
        sample(Split::Train, 2, "x", "a", "one two three"),
        sample(Split::Train, 3, "y", "a", "ok"),
        sample(Split::Val, 1, "z", "b", " ok "),
        sample(Split::Val, 2, "y", "b", "ok"),
        sample(Split::Test, 1, "w", "b", "one two three"),
    ];
    let mut facts = BTreeMap::new();
    facts.insert(
        "x".to_string(),
        Facts {
            frames: Some(2),
            sound_seconds: Some(10.25),
            ..Facts::default()
        },
    );
    facts.insert(
        "z".to_string(),
        Facts {
            video_seconds: Some(2.0),
            sound_seconds: Some(10.24),
            ..Facts::default()
        },
    );
    facts.insert(
        "w".to_string(),
        Facts {
            video_seconds: Some(2.1),
            ..Facts::default()
        },
    );
    let report = audit(&rules(), &samples, &facts);
    assert_eq!(
        sentences(&report),
        [
            "1 samples in both train and val",
            "1 samples of train on several lines",
            "1 samples with another label in another split",
            "1 of 2 in val with a transcript of train; 0 of three words or more",
            "1 of 1 in test with a transcript of train; 1 of three words or more",
            "2 of val sharing 1 transcripts among them; 0 of three words or more",
            "2 of 2 in val by a speaker of train: 1 of 1 speakers",
            "1 of 1 in test by a speaker of train: 1 of 1 speakers",
            "1 of 1 in test by a speaker of val: 1 of 1 speakers",
            "2 of 2 in train too short for 3 frames: the first stands for all",
            "1 of 1 in val too short for 3 frames: the first stands for all",
            "2 of 2 in train with sound beyond 10.24 s, which is cut off",
        ]
    );
    assert_eq!(
        report.unchecked,
        [
            "length of video of 2 samples: their files were not read",
            "length of sound of 3 samples: their files were not read"
        ]
    );
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(
        json["findings"][0],
        serde_json::json!({
            "kind": "shared-samples", "first": "train", "second": "val", "ids": ["y"]
        })
    );
}

#[test]
fn a_span_stands_in_for_the_length_of_a_file() {
    let spanned = |id: &str, end: f64| Annotation {
        span: Some(Span { start: 5.0, end }),
        ..sample(Split::Train, 1, id, "a", "x")
    };
    let rules = AuditRules {
        classes: vec!["a".into()],
        ..AuditRules::for_dataset(Dataset::Iemocap)
    };
    let report = audit(
        &rules,
        &[
            spanned("long", 15.3),
            spanned("short", 6.0),
            spanned("fit", 6.1),
        ],
        &BTreeMap::new(),
    );
    let ids: Vec<_> = report
        .findings
        .iter()
        .filter(|f| !matches!(f, Finding::RepeatedTranscripts { .. }))
        .collect();
    assert_eq!(
        ids.iter().map(|finding| finding.ids()).collect::<Vec<_>>(),
        [["short"], ["long"]]
    );
    assert!(report.unchecked.is_empty());
}

#[test]
fn the_table_shows_classes_findings_and_what_was_not_checked() {
    let samples = [
        sample(Split::Train, 1, "x", "a", "one"),
        sample(Split::Val, 1, "x", "a", "one"),
    ];
    let text = audit(&rules(), &samples, &BTreeMap::new()).to_string();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines[0], "ur-funny: 2 lines");
    assert_eq!(
        lines[2..6],
        [
            "           train     val    test",
            "a              1       1       0",
            "b              0       0       0",
            "lines          1       1       0",
        ]
    );
    assert!(
        text.contains("     1 samples in both train and val (x)\n"),
        "{text}"
    );
    assert!(
        text.ends_with(
            "not checked: length of video and sound of 2 samples: their files were not read\n"
        ),
        "{text}"
    );
}
