//! WAV files as recorders, editors and pipes leave them, against what libsndfile reads of them:
//! `tests/fixtures/wav-headers/make.py` made both.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use amst_fbank::{FbankError, HeaderMismatch, Part, Recording};
use serde_json::Value;

fn fixture(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/wav-headers");
    folder.join(name)
}

fn cases() -> BTreeMap<String, Value> {
    let text = std::fs::read_to_string(fixture("cases.json")).unwrap();
    let list: Vec<Value> = serde_json::from_str(&text).unwrap();
    let named = |case: Value| (case["name"].as_str().unwrap().to_owned(), case);
    list.into_iter().map(named).collect()
}

fn read(name: &str) -> Result<Recording, FbankError> {
    Recording::read(fixture(&format!("{name}.wav")), Part::Whole)
}

/// Those that libsndfile reads and we do not, with what we say of them.
const REFUSED_HERE: [(&str, &str); 6] = [
    ("data0", "2400 bytes follow: its recorder did not finish it"),
    (
        "data0-junk",
        "2400 bytes follow: its recorder did not finish it",
    ),
    ("no-samples", "should take 1000 bytes and 0 are there"),
    ("rf64", "the container RF64"),
    ("rifx", "the container RIFX"),
    ("ulaw", "tag 7"),
];

/// Those that libsndfile refuses and we read: the first of two, and a rate beyond its 31 bits.
const READ_HERE: [&str; 2] = ["two-data", "rate4G"];

#[test]
fn what_libsndfile_reads_is_read_to_the_same_bits() {
    let refused_here: BTreeMap<_, _> = REFUSED_HERE.into();
    let mut read_by_both = 0;
    for (name, case) in cases() {
        if case.get("frames").is_none() || refused_here.contains_key(name.as_str()) {
            continue;
        }
        let wave = read(&name).unwrap().wave;
        assert_eq!(case["frames"], wave.frames(), "{name}");
        assert_eq!(case["channels"], wave.channels, "{name}");
        assert_eq!(case["sample_rate"], wave.sample_rate, "{name}");
        let bytes = std::fs::read(fixture(&format!("{name}.f32"))).unwrap();
        let recorded = bytes.as_chunks::<4>().0.iter();
        let recorded: Vec<f32> = recorded.map(|&b| f32::from_le_bytes(b)).collect();
        assert!(wave.samples == recorded, "{name}: other samples");
        read_by_both += 1;
    }
    assert_eq!(read_by_both, 27);
}

#[test]
fn what_is_refused_says_why_and_what_to_do() {
    for (name, reason) in REFUSED_HERE {
        let error = read(name).unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
        assert!(
            error.contains("`ffmpeg -i ") || error.contains("download it again"),
            "{error}"
        );
    }
    let mut refused_by_both = 0;
    for (name, case) in cases() {
        if case.get("refused").is_some() && !READ_HERE.contains(&name.as_str()) {
            assert!(read(&name).is_err(), "{name}");
            refused_by_both += 1;
        }
    }
    assert_eq!(refused_by_both, 3);
    for name in READ_HERE {
        assert!(read(name).unwrap().wave.frames() >= 400, "{name}");
    }
}

#[test]
fn a_wrong_length_in_the_header_is_told_with_both_lengths() {
    let wrong = BTreeMap::from([
        ("data0-riff8", (0, 2400)),
        ("streamed", (0xffff_ffff, 2400)),
        ("int32max", (0x7fff_ffff, 2400)),
        ("plus44", (2444, 2400)),
        ("plus16", (2416, 2400)),
        ("cut", (2400, 1456)),
        ("half-frame", (2398, 2396)),
        ("odd-length", (1001, 1000)),
    ]);
    for name in cases().keys() {
        let Ok(recording) = read(name) else { continue };
        let expected = wrong
            .get(name.as_str())
            .map(|&(announced, found)| HeaderMismatch::Bytes { announced, found });
        assert_eq!(recording.mismatch, expected, "{name}");
    }
    let told = read("cut").unwrap().mismatch.unwrap().to_string();
    assert!(
        told.contains("2400 bytes") && told.contains("1456 are"),
        "{told}"
    );
}

#[test]
fn a_part_of_a_file_with_a_wrong_length_ends_where_its_samples_do() {
    let path = fixture("streamed.wav");
    let whole = read("streamed").unwrap().wave;
    let span = [0.025, 0.075];
    let part = Recording::read(&path, Part::Span(span)).unwrap();
    assert_eq!(part.wave, whole.stretch(span, "").unwrap());
    assert!(part.mismatch.is_some());
    let error = Recording::read(&path, Part::Span([0.0, 0.0751])).unwrap_err();
    assert!(
        matches!(error, FbankError::BadSpan { seconds: 0.075, .. }),
        "{error}"
    );
    assert_eq!(amst_fbank::seconds(&path).unwrap(), 0.075);
    let first = |seconds| Recording::read(&path, Part::First(seconds)).unwrap().wave;
    assert_eq!(first(0.01).samples, whole.samples[..160]);
    assert_eq!(first(10.0), whole);
    assert!(Recording::read(&path, Part::First(f64::NAN)).is_err());
}
