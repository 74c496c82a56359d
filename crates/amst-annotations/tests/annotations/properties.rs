//! Parsers take anything without panicking, and what is written is read back.

use amst_annotations::{
    Annotation, Dataset, Span, Split, ave, crema_d, iemocap, mvsa, parse_list, published_line, ur_funny,
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
            (format!("{dialogue}_F{number:03}"), Some(dialogue), Some(Span { start, end }))
        }
    };
    let text = matches!(dataset, Dataset::Iemocap | Dataset::UrFunny).then(|| text.to_string());
    Annotation { id, label: label.into(), split: Split::Test, span, text, group, line: 1 }
}

proptest! {
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
