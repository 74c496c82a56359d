//! Parsers take anything without panicking, and what is written is read back.

use std::collections::{BTreeMap, BTreeSet};

use amst_annotations::{
    Annotation, AnnotationError, AuditRules, Dataset, Finding, Span, Split, Splitting, audit, ave,
    crema_d, iemocap, mvsa, parse_list, published_line, select, ur_funny,
};
use proptest::prelude::*;

/// Text that resembles the formats, so that parsers get beyond their first look.
fn resembling() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        Just(" ### ".to_string()),
        Just(", ".to_string()),
        Just("Ses01F_impro01_F000".to_string()),
        Just("1001_DFA_ANG_XX.flv ".to_string()),
        Just("[006.2901-008.2357]: ".to_string()),
        Just("[6.2901 - 8.2357]\t".to_string()),
        Just("positive".to_string()),
        Just("&".to_string()),
        Just("\t".to_string()),
        Just("\r\n".to_string()),
        "[0-9.é_A-Z]{0,6}",
        any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(part, 0..30).prop_map(|parts| parts.concat())
}

fn sample(dataset: Dataset, rng: (usize, u32, u32, u32), text: &str) -> Annotation {
    let (class, number, start, length) = rng;
    let classes = dataset.classes();
    let label = classes[class % classes.len()];
    let (id, group, span) = match dataset {
        Dataset::CremaD => {
            let speaker = format!("{:04}", number % 10_000);
            let (code, _) = crema_d::EMOTIONS[class % classes.len()];
            (format!("{speaker}_DFA_{code}_XX"), Some(speaker), None)
        }
        Dataset::Ave => (format!("-_{number}"), None, None),
        Dataset::MvsaSingle | Dataset::UrFunny => (number.to_string(), None, None),
        Dataset::Iemocap => {
            let dialogue = format!("Ses0{}M_script01_1", 1 + number % 5);
            // Lists give four digits, 0.1 ms.
            let [start, end] = [start, start + length + 1].map(|t| f64::from(t) / 10_000.0);
            (
                format!("{dialogue}_F{number:03}"),
                Some(dialogue),
                Some(Span { start, end }),
            )
        }
    };
    let text = matches!(dataset, Dataset::Iemocap | Dataset::UrFunny).then(|| text.to_string());
    Annotation {
        id,
        label: label.into(),
        split: Split::Test,
        span,
        text,
        group,
        line: 1,
    }
}

/// Lists in which samples, speakers, labels and transcripts come again and again.
fn crowded() -> impl Strategy<Value = Vec<Annotation>> {
    let line = (0..3_usize, 0..12_u32, 0..2_usize, 0..4_usize, 0..3_u32);
    prop::collection::vec(line, 1..40).prop_map(|lines| {
        let sample =
            |(index, (split, id, label, text, group)): (usize, (usize, u32, usize, usize, u32))| {
                Annotation {
                    id: id.to_string(),
                    label: Dataset::CremaD.classes()[label].into(),
                    split: Split::ALL[split],
                    span: None,
                    text: Some(["ok", "one two three", "four five six", ""][text].into()),
                    group: Some(group.to_string()),
                    line: index + 1,
                }
            };
        lines.into_iter().enumerate().map(sample).collect()
    })
}

/// Lines by name, split and number, to tell whether any was lost or made up.
fn lines<'a>(of: impl Iterator<Item = (&'a String, usize)>) -> BTreeSet<(&'a String, usize)> {
    of.collect()
}

proptest! {
    #[test]
    fn clean_lists_lose_no_line_without_a_reason_and_are_clean(samples in crowded()) {
        let clean = select(Splitting::Clean, Dataset::CremaD, &samples, None).unwrap();
        let kept = clean.samples.iter().map(|s| (&s.id, s.line));
        let found = lines(kept.chain(clean.dropped.iter().map(|d| (&d.id, d.line))));
        prop_assert_eq!(found, lines(samples.iter().map(|s| (&s.id, s.line))));
        prop_assert_eq!(clean.samples.len() + clean.dropped.len(), samples.len());
        let again = select(Splitting::Clean, Dataset::CremaD, &clean.samples, None).unwrap();
        prop_assert_eq!((again.samples, again.dropped), (clean.samples.clone(), vec![]));
        let report = audit(&AuditRules::for_dataset(Dataset::CremaD), &clean.samples, &BTreeMap::new());
        for finding in &report.findings {
            let harmless = match finding {
                Finding::SharedTranscripts { long_rows, .. } => *long_rows == 0,
                Finding::RepeatedTranscripts { .. } | Finding::SharedGroups { .. } => true,
                _ => false,
            };
            prop_assert!(harmless, "{}", report);
        }
    }

    #[test]
    fn no_speaker_is_dealt_into_two_splits(samples in crowded()) {
        let dealt = select(Splitting::SpeakerIndependent, Dataset::CremaD, &samples, None).unwrap();
        let mut homes = BTreeMap::new();
        for sample in &dealt.samples {
            prop_assert_eq!(*homes.entry(&sample.group).or_insert(sample.split), sample.split);
        }
        prop_assert_eq!(dealt.samples.len() + dealt.dropped.len(), samples.len());
    }

    #[test]
    fn no_text_makes_a_parser_panic(text in prop_oneof![resembling(), any::<String>()]) {
        for dataset in Dataset::ALL {
            let _ = parse_list(dataset, Split::Train, &text, "x");
        }
        let _ = (ave::events(&text, "x"), mvsa::pairs(&text, "x"), iemocap::turns(&text, "x"));
        let _ = (iemocap::transcripts(&text, "x"), ur_funny::folds(&text, "x"), mvsa::caption(text.as_bytes(), "x"));
        let _ = (iemocap::TurnName::parse(&text), crema_d::ClipName::parse(&text));
    }

    #[test]
    fn every_line_of_a_list_is_a_sample_or_a_bad_line(
        changes in prop::collection::vec((any::<prop::sample::Index>(), resembling()), 0..4),
        which in 0..5_usize,
    ) {
        let dataset = Dataset::ALL[which];
        let good = sample(dataset, (1, 12, 5, 7), "so \"funny, he said");
        let mut text = format!("{}\n", published_line(dataset, &good)).repeat(6);
        for (at, piece) in changes {
            let places: Vec<usize> = text.char_indices().map(|(place, _)| place).collect();
            text.insert_str(places[at.index(places.len())], &piece);
        }
        // A byte order mark is one at the beginning; anywhere else it makes a line a bad one.
        let content = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let lines = content.split('\n').filter(|line| !line.trim().is_empty());
        let found = match parse_list(dataset, Split::Train, &text, "x") {
            Ok(samples) => samples.iter().map(|sample| sample.line).collect(),
            Err(AnnotationError::Lines { bad }) => {
                prop_assert!(!bad.is_empty());
                let bad: BTreeSet<usize> = bad.iter().map(|bad| bad.line).collect();
                // The lines that are not named are samples by themselves.
                let kept = text.split('\n').enumerate().filter(|(index, _)| !bad.contains(&(index + 1)));
                let kept: Vec<&str> = kept.map(|(_, line)| line).collect();
                let rest = parse_list(dataset, Split::Train, &kept.join("\n"), "x");
                let rest = rest.map_or_else(|_| 0, |samples| samples.len());
                prop_assert_eq!(rest + bad.len(), lines.clone().count());
                return Ok(());
            }
            Err(other) => panic!("{other}"),
        };
        let found: BTreeSet<usize> = found;
        prop_assert_eq!(found.len(), lines.count());
    }

    #[test]
    fn no_bytes_make_a_caption_panic(bytes: Vec<u8>) {
        let _ = mvsa::caption(&bytes, "x");
    }

    #[test]
    fn a_sample_is_written_and_read_back(
        which in 0..5_usize,
        numbers: (usize, u32, u16, u16),
        text in "[^\\p{C}\\s][^\\p{C}]{0,40}[^\\p{C}\\s]",
    ) {
        let dataset = Dataset::ALL[which];
        let numbers = (numbers.0, numbers.1, u32::from(numbers.2), u32::from(numbers.3));
        let sample = sample(dataset, numbers, &text);
        let line = published_line(dataset, &sample);
        let read = parse_list(dataset, Split::Test, &line, "x");
        prop_assert_eq!(read.map_err(|e| e.to_string()), Ok(vec![sample]));
    }
}
