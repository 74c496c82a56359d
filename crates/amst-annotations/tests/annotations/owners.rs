//! The files that the owners ship, in the forms that DATASETS.md and their repositories show.

use amst_annotations::{AnnotationError, Split, ave, iemocap, later_label_wins, mvsa, ur_funny};

#[test]
fn annotations_of_ave_have_a_header_and_its_lists_have_none() {
    let lines =
        "Church bell&RUhOCu3LNXM&good&0&10\nMale speech, man speaking&-GJvu5hr6w4&good&2&7\n";
    let with_header = format!("Category&VideoID&Quality&StartTime&EndTime\n{lines}");
    let events = ave::events(&with_header, "Annotations.txt").unwrap();
    assert_eq!(
        (
            events[0].category.as_str(),
            events[0].id.as_str(),
            events[0].line
        ),
        ("Church bell", "RUhOCu3LNXM", 2)
    );
    assert_eq!((events[1].event.start, events[1].event.end), (2.0, 7.0));
    let listed = ave::events(lines, ave::own_list_name(Split::Val)).unwrap();
    let sample = listed[1].annotation(Split::Val);
    assert_eq!(
        (sample.label.as_str(), sample.span, sample.line),
        ("Male speech, man speaking", None, 2)
    );
}

#[test]
fn of_two_events_of_a_clip_the_later_one_names_it() {
    let text = "Bark&4AYySiliYAw&good&0&10\nCat&x&good&0&10\nGoat&4AYySiliYAw&good&0&10\n";
    let events = ave::events(text, "trainSet.txt").unwrap();
    let mut samples: Vec<_> = events
        .iter()
        .map(|event| event.annotation(Split::Train))
        .collect();
    let conflicts = later_label_wins(&mut samples);
    assert_eq!(conflicts.len(), 1);
    let mentions: Vec<_> = conflicts[0]
        .mentions
        .iter()
        .map(|m| (m.line, m.label.as_str()))
        .collect();
    assert_eq!(mentions, [(1, "Bark"), (3, "Goat")]);
    assert_eq!(
        samples.iter().map(|s| s.label.as_str()).collect::<Vec<_>>(),
        ["Goat", "Cat", "Goat"]
    );
}

#[test]
fn pairs_of_mvsa_are_one_label_or_none() {
    let text = "ID\ttext,image\n1\tpositive,positive\n2\tpositive,negative\n3\tneutral,negative\n4\tpositive,neutral\n\
                5\tneutral,neutral\n6\tnegative,positive\n";
    let pairs = mvsa::pairs(text, "labelResultAll.txt").unwrap();
    let labels: Vec<_> = pairs
        .iter()
        .map(|pair| (pair.id.as_str(), pair.label()))
        .collect();
    let expected = [
        Some("positive"),
        None,
        Some("negative"),
        Some("positive"),
        Some("neutral"),
        None,
    ];
    assert_eq!(
        labels,
        ["1", "2", "3", "4", "5", "6"]
            .into_iter()
            .zip(expected)
            .collect::<Vec<_>>()
    );
}

#[test]
fn a_caption_is_utf8_or_iso_8859_1_or_refused() {
    assert_eq!(
        mvsa::caption("RT @a: caf\u{e9} \u{1f600}\r\n".as_bytes(), "1.txt").unwrap(),
        "RT @a: caf\u{e9} \u{1f600}"
    );
    assert_eq!(
        mvsa::caption(b"caf\xe9 \x93quoted\x94", "2.txt").unwrap(),
        "caf\u{e9} \u{93}quoted\u{94}"
    );
    assert_eq!(mvsa::caption(b"", "3.txt").unwrap(), "");
    let utf16: Vec<u8> = "hello".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for bytes in [
        utf16.as_slice(),
        b"\x89PNG\r\n\x1a\n\xff",
        b"\xff\xd8\xff\xe0\0\x10JFIF",
    ] {
        let error = mvsa::caption(bytes, "4.txt").unwrap_err();
        assert!(matches!(error, AnnotationError::NotText { .. }), "{error}");
        assert!(
            error
                .to_string()
                .starts_with("4.txt: it is neither UTF-8 nor ISO-8859-1"),
            "{error}"
        );
    }
}

const EVALUATION: &str = "% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]\n\n\
    [6.2901 - 8.2357]\tSes01F_impro01_F000\tneu\t[2.5000, 2.5000, 2.5000]\nC-E2:\tNeutral;\t()\n\
    A-E3:\tval 3; act 2; dom  2;\t()\n\n[10.0100 - 11.3925]\tSes01F_impro01_F001\txxx\t[2.5000, 2.5000, 2.5000]\n";

#[test]
fn evaluations_of_iemocap_are_turns_among_other_lines() {
    let turns = iemocap::turns(EVALUATION, "Ses01F_impro01.txt").unwrap();
    let read: Vec<_> = turns
        .iter()
        .map(|t| (t.id.as_str(), t.label(), t.span.start, t.span.end, t.line))
        .collect();
    let expected = [
        ("Ses01F_impro01_F000", Some("neu"), 6.2901, 8.2357, 3),
        ("Ses01F_impro01_F001", None, 10.01, 11.3925, 7),
    ];
    assert_eq!(read, expected);
}

#[test]
fn transcripts_of_iemocap_keep_their_marks() {
    let text = "Ses01F_impro01_F000 [006.2901-008.2357]: Excuse me.\nM: [BREATHING]\n\
                Ses01F_impro01_M000 [007.5712-010.4750]: [LAUGHTER] Do you have your forms?\n";
    let transcripts = iemocap::transcripts(text, "Ses01F_impro01.txt").unwrap();
    let read: Vec<_> = transcripts
        .iter()
        .map(|t| (t.id.as_str(), t.text.as_str(), t.span.start, t.line))
        .collect();
    let second = (
        "Ses01F_impro01_M000",
        "[LAUGHTER] Do you have your forms?",
        7.5712,
        3,
    );
    assert_eq!(
        read,
        [("Ses01F_impro01_F000", "Excuse me.", 6.2901, 1), second]
    );
}

#[test]
fn a_turns_name_says_session_dialogue_and_speaker() {
    let name = iemocap::TurnName::parse("Ses02M_script02_1_F021").unwrap();
    assert_eq!(
        (name.session, name.dialogue.as_str(), name.speaker.as_str()),
        (2, "Ses02M_script02_1", "Ses02F")
    );
    for wrong in [
        "",
        "Ses02M",
        "Ses06M_impro01_F021",
        "Ses02X_impro01_F021",
        "Ses02M_impro01_021",
        "Ses02M__F1/x",
        "é",
    ] {
        assert!(iemocap::TurnName::parse(wrong).is_err(), "{wrong:?}");
    }
}

#[test]
fn the_owners_folds_of_ur_funny_are_disjoint_lists() {
    let folds = ur_funny::folds(
        r#"{"train": [3, "4"], "dev": [5], "test": [6]}"#,
        "folds.json",
    )
    .unwrap();
    let split = |clip: &str| folds.get(clip).copied();
    assert_eq!(
        [split("3"), split("4"), split("5"), split("6")].map(Option::unwrap),
        { [Split::Train, Split::Train, Split::Val, Split::Test] }
    );
    for (wrong, why) in [
        ("[]", "no object"),
        ("{", "no JSON"),
        (r#"{"train": [1], "dev": [2]}"#, "no clips in `test`"),
        (
            r#"{"train": [1], "dev": [2], "test": []}"#,
            "no clips in `test`",
        ),
        (
            r#"{"train": [1], "dev": [2], "test": [1]}"#,
            "clip 1 stands in `test` and before that in train",
        ),
        (
            r#"{"train": [1.5], "dev": [2], "test": [3]}"#,
            "1.5 in `train` is no clip's number",
        ),
        (
            r#"{"train": [1], "dev": [2], "test": [3], "val": [4]}"#,
            "[\"val\"] is none of the folds",
        ),
    ] {
        let error = ur_funny::folds(wrong, "folds.json")
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("folds.json: ") && error.contains(why),
            "{error}"
        );
    }
}

fn fold(name: &str) -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/folds")
        .join(name)
}

#[test]
fn the_owners_folds_are_a_pickle_of_any_protocol() {
    let expected = ur_funny::folds(
        r#"{"train": [1, 70000], "dev": [300], "test": [4]}"#,
        "folds.json",
    )
    .unwrap();
    assert_eq!(expected.len(), 4);
    for protocol in 0..6 {
        let folds = ur_funny::read_folds(&fold(&format!("protocol{protocol}.pkl")));
        assert_eq!(
            folds.unwrap_or_else(|error| panic!("{error}")),
            expected,
            "protocol {protocol}"
        );
    }
    let folder = tempfile::tempdir().unwrap();
    let json = folder.path().join("folds.json");
    std::fs::write(&json, r#"{"train": [1, 70000], "dev": [300], "test": [4]}"#).unwrap();
    assert_eq!(ur_funny::read_folds(&json).unwrap(), expected);
}

#[test]
fn a_pickle_that_holds_more_than_lists_of_numbers_is_refused_and_nothing_of_it_runs() {
    let refused = |path: &std::path::Path| ur_funny::read_folds(path).unwrap_err().to_string();
    let message = refused(&fold("runs.pkl"));
    assert!(message.contains("no clips in `train`"), "{message}");
    assert!(!std::path::Path::new("it-ran").exists());
    let message = refused(&fold("numpy.pkl"));
    assert!(
        message.contains("in `train` is no clip's number") && message.contains("numpy"),
        "{message}"
    );
    let message = refused(&fold("make.py"));
    assert!(
        message.contains("no pickle") && message.contains("data_folds.pkl"),
        "{message}"
    );
    assert!(matches!(
        ur_funny::read_folds(&fold("nothing.pkl")),
        Err(AnnotationError::Io { .. })
    ));
}
