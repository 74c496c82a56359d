//! The published lists parse to the counts that are known of them (docs/paper.md §2.7).

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use amst_annotations::{
    Annotation, Dataset, Split, later_label_wins, parse_list, published_line, read_lists,
};

use crate::shared;

fn read(dataset: Dataset, test: &str) -> Option<Vec<Annotation>> {
    let folder = shared::lists(dataset, test)?;
    Some(read_lists(dataset, &folder).unwrap_or_else(|error| panic!("{error}")))
}

#[test]
fn every_published_list_has_as_many_samples_as_the_paper_says() {
    let counts = [
        [5962, 742, 742],
        [3338, 402, 402],
        [3552, 478, 481],
        [5426, 683, 676],
        [8132, 1016, 1018],
    ];
    for (dataset, counts) in Dataset::ALL.into_iter().zip(counts) {
        let Some(samples) = read(
            dataset,
            "every_published_list_has_as_many_samples_as_the_paper_says",
        ) else {
            continue;
        };
        let found = Split::ALL.map(|split| samples.iter().filter(|s| s.split == split).count());
        assert_eq!(found, counts, "{dataset}");
        let labels: BTreeSet<_> = samples.iter().map(|s| s.label.as_str()).collect();
        assert_eq!(
            labels,
            dataset.classes().iter().copied().collect(),
            "{dataset}: every class is there"
        );
    }
}

#[test]
fn what_stands_beside_the_labels_is_read() {
    let test = "what_stands_beside_the_labels_is_read";
    if let Some(samples) = read(Dataset::CremaD, test) {
        let speakers: BTreeSet<_> = samples.iter().filter_map(|s| s.group.as_deref()).collect();
        assert_eq!(speakers.len(), 91);
    }
    if let Some(samples) = read(Dataset::Iemocap, test) {
        let dialogues: BTreeSet<_> = samples.iter().filter_map(|s| s.group.as_deref()).collect();
        assert_eq!(dialogues.len(), 151);
        let first = &samples[0];
        assert_eq!(
            (first.id.as_str(), first.label.as_str()),
            ("Ses05F_impro07_F013", "exc")
        );
        assert_eq!(
            (first.span.unwrap().start, first.span.unwrap().end),
            (60.24, 64.57)
        );
        // The copies that may be passed on hold no transcripts, the licensed ones hold all.
        let texts = samples.iter().filter(|s| s.text.is_some()).count();
        assert!(
            texts == 0 || texts == samples.len(),
            "{texts} of {} have a transcript",
            samples.len()
        );
    }
    if let Some(samples) = read(Dataset::UrFunny, test) {
        let text = "wherever he went at every stall he stopped he was closely followed by a devoted smiling woman of \
                    indescribable ugliness";
        let found = samples.iter().find(|s| s.split == Split::Test).unwrap();
        assert_eq!(
            (found.id.as_str(), found.text.as_deref()),
            ("4109", Some(text))
        );
    }
}

#[test]
fn of_conflicting_labels_in_a_list_the_later_line_wins() {
    let Some(mut samples) = read(
        Dataset::Ave,
        "of_conflicting_labels_in_a_list_the_later_line_wins",
    ) else {
        return;
    };
    let conflicts = later_label_wins(&mut samples);
    let by_split = |split| {
        conflicts
            .iter()
            .filter(|c| c.mentions[0].split == split)
            .count()
    };
    assert_eq!(Split::ALL.map(by_split), [27, 1, 0]);
    let goat: Vec<_> = samples
        .iter()
        .filter(|s| s.id == "4AYySiliYAw")
        .map(|s| s.label.as_str())
        .collect();
    assert_eq!(goat, ["Goat", "Goat"], "Bark stands before Goat");
    assert_eq!(later_label_wins(&mut samples), []);
}

#[test]
fn a_list_is_written_as_it_was_read() {
    for dataset in Dataset::ALL {
        let Some(folder) = shared::lists(dataset, "a_list_is_written_as_it_was_read") else {
            continue;
        };
        for split in Split::ALL {
            let text = std::fs::read_to_string(folder.join(dataset.list_name(split))).unwrap();
            let samples = parse_list(dataset, split, &text, "list").unwrap();
            let lines: BTreeMap<_, _> = samples
                .iter()
                .map(|s| (s.line, published_line(dataset, s)))
                .collect();
            for (number, line) in text.lines().enumerate() {
                assert_eq!(lines.get(&(number + 1)).map(String::as_str), Some(line));
            }
        }
    }
}
