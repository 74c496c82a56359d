//! Everything that the owners of data sets wrote: the first byte says which reader, the rest is the
//! file.
#![no_main]

use std::collections::BTreeMap;

use amst_annotations::{
    AuditRules, Dataset, Split, Splitting, audit, ave, iemocap, later_label_wins, mvsa, parse_list, published_line,
    select, ur_funny,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((&which, rest)) = bytes.split_first() else { return };
    let _ = mvsa::caption(rest, "fuzzed");
    let Ok(text) = std::str::from_utf8(rest) else { return };
    match which % 10 {
        which @ 0..5 => list(Dataset::ALL[usize::from(which)], text),
        5 => _ = ave::events(text, "fuzzed").map_err(|error| error.to_string()),
        6 => _ = mvsa::pairs(text, "fuzzed").map(|pairs| pairs.iter().filter_map(|pair| pair.label()).count()),
        7 => _ = iemocap::turns(text, "fuzzed").map_err(|error| error.to_string()),
        8 => _ = iemocap::transcripts(text, "fuzzed").map_err(|error| error.to_string()),
        _ => _ = ur_funny::folds(text, "fuzzed").map_err(|error| error.to_string()),
    }
});

/// A published list: written again it is read as the same, and whatever it holds can be audited and
/// split.
fn list(dataset: Dataset, text: &str) {
    let mut samples = match parse_list(dataset, Split::Train, text, "fuzzed") {
        Ok(samples) => samples,
        Err(error) => return assert!(error.to_string().contains("fuzzed")),
    };
    for sample in &samples {
        let again = parse_list(dataset, Split::Train, &published_line(dataset, sample), "fuzzed");
        let again = again.unwrap_or_else(|error| panic!("{sample:?}: {error}"));
        assert_eq!((&again[0].id, &again[0].label), (&sample.id, &sample.label));
    }
    // A third of the lines each, so that splits can share what they hold.
    let count = samples.len();
    for (index, sample) in samples.iter_mut().enumerate() {
        sample.split = Split::ALL[3 * index / count];
    }
    let report = audit(&AuditRules::for_dataset(dataset), &samples, &BTreeMap::new());
    assert!(!report.to_string().is_empty());
    for splitting in Splitting::ALL {
        if let Ok(selection) = select(splitting, dataset, &samples, None) {
            assert_eq!(selection.samples.len() + selection.dropped.len(), count);
        }
    }
    later_label_wins(&mut samples);
    assert!(later_label_wins(&mut samples).is_empty());
}
