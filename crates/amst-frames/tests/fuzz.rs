//! No bytes make the decoder panic.

use std::path::Path;

use amst_frames::Picture;
use proptest::prelude::*;

const FILES: [&str; 8] = [
    "digit.png",
    "type-palette-4-bit.png",
    "type-rgba.png",
    "type-bilevel.png",
    "jpeg-420.jpg",
    "jpeg-422.jpg",
    "jpeg-progressive.jpg",
    "jpeg-grey.jpg",
];

fn file(index: usize) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/pil");
    std::fs::read(folder.join(FILES[index])).expect("a fixture can be read")
}

/// Either an error with the name in it, or a picture whose buffer fits its sides.
fn decodes_or_says_why(bytes: &[u8]) -> Result<(), TestCaseError> {
    match Picture::decode(bytes, "fuzzed") {
        Ok(picture) => prop_assert_eq!(picture.rgb.len(), picture.width * picture.height * 3),
        Err(error) => prop_assert!(error.to_string().contains("fuzzed"), "{}", error),
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_never_panic(
        start in prop_oneof![Just(vec![]), Just(b"\x89PNG\r\n\x1a\n".to_vec()), Just(vec![0xFF, 0xD8, 0xFF])],
        bytes in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        decodes_or_says_why(&[start, bytes].concat())?;
    }

    #[test]
    fn mutated_real_files_never_panic(
        index in 0..FILES.len(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in prop::option::of((any::<prop::sample::Index>(), any::<prop::sample::Index>())),
    ) {
        let mut bytes = file(index);
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if let Some((from, to)) = cut {
            let (from, to) = (from.index(bytes.len()), to.index(bytes.len()));
            bytes.drain(from.min(to)..from.max(to));
        }
        decodes_or_says_why(&bytes)?;
    }
}
