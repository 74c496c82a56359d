//! No bytes make the decoder panic.

use std::path::Path;

use amst_frames::Picture;
use proptest::prelude::*;

const FILES: [&str; 20] = [
    "../pil-kinds/lossless-alpha.webp",
    "../pil-kinds/lossy-alpha.webp",
    "../pil-kinds/animated.webp",
    "../pil-kinds/part-transparent.gif",
    "../pil-kinds/interlaced.gif",
    "../pil-kinds/palette.bmp",
    "../pil-kinds/fifteen.bmp",
    "../pil-kinds/bilevel.bmp",
    "../pil-kinds/lzw.tif",
    "../pil-kinds/deflate.tif",
    "../pil-kinds/cmyk.tif",
    "../pil-kinds/turned-6.tif",
    "digit.png",
    "type-palette-4-bit.png",
    "type-rgba.png",
    "type-bilevel.png",
    "jpeg-420.jpg",
    "jpeg-422.jpg",
    "jpeg-progressive.jpg",
    "jpeg-grey.jpg",
];

/// How a file of each kind begins.
const STARTS: [&[u8]; 8] = [
    b"",
    b"\x89PNG\r\n\x1a\n",
    b"\xFF\xD8\xFF",
    b"RIFF\xFF\0\0\0WEBPVP8 ",
    b"GIF89a\x04\0\x04\0\0\0\0,",
    b"BM\xFF\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0",
    b"II*\0\x08\0\0\0",
    b"MM\0*\0\0\0\x08",
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
        start in prop::sample::select(STARTS.map(<[u8]>::to_vec).to_vec()),
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
