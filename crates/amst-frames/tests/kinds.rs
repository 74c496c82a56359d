//! WebP, GIF, BMP and TIFF against PIL.

use std::path::{Path, PathBuf};

use amst_frames::{FrameError, Picture};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/pil-kinds")
}

fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(fixtures().join(name)).expect("a fixture can be read")
}

/// The pictures that PIL's pixels lie beside, in order.
fn names() -> Vec<String> {
    let entries = std::fs::read_dir(fixtures()).expect("the fixtures are there");
    let files = entries.map(|entry| entry.expect("an entry").file_name());
    let mut names: Vec<String> = files
        .filter_map(|name| Some(name.to_str()?.strip_suffix(".rgb.png")?.to_owned()))
        .collect();
    names.sort();
    names
}

fn ours_and_pils(name: &str) -> [Picture; 2] {
    [name.to_owned(), format!("{name}.rgb.png")]
        .map(|name| Picture::read(fixtures().join(&name)).unwrap_or_else(|e| panic!("{e}")))
}

#[test]
fn what_loses_nothing_is_equal_to_what_pil_reads() {
    let mut seen = 0;
    let exact = |name: &&String| !name.starts_with("lossy") && *name != "fifteen.bmp";
    for name in names().iter().filter(exact) {
        let [ours, pils] = ours_and_pils(name);
        assert_eq!(
            [ours.width, ours.height],
            [pils.width, pils.height],
            "{name}"
        );
        let unequal = ours.rgb.iter().zip(&pils.rgb).filter(|(a, b)| a != b);
        assert_eq!(unequal.count(), 0, "{name}: values that differ");
        seen += 1;
    }
    assert_eq!(seen, 31);
}

/// VP8 says to the bit what Y, Cb and Cr are. Bringing chroma to full size and turning it to RGB is
/// left open; the decoder does both as libwebp does, so one level is left to its rounding. Of five
/// bits the decoder rounds v * 255 / 31, and PIL cuts it off.
#[test]
fn a_lossy_webp_and_a_bmp_of_16_bits_are_what_pil_reads_but_for_rounding() {
    for name in ["lossy.webp", "lossy-alpha.webp", "fifteen.bmp"] {
        let [ours, pils] = ours_and_pils(name);
        assert_eq!(
            [ours.width, ours.height],
            [pils.width, pils.height],
            "{name}"
        );
        let pairs = ours.rgb.iter().zip(&pils.rgb);
        let largest = pairs.map(|(&a, &b)| a.abs_diff(b)).max().unwrap();
        println!("{name}: largest difference {largest}");
        assert!(largest <= 1, "{name}: largest difference {largest}");
    }
}

#[test]
fn a_picture_cut_anywhere_is_refused_by_its_name() {
    for name in names() {
        let whole = bytes(&name);
        // What follows the first picture of a GIF, and the last pixel of a TIFF, is not looked at.
        let data = match name.rsplit_once('.') {
            Some((_, "gif" | "tif")) => whole.len() / 2,
            _ => whole.len(),
        };
        for end in (20..data).step_by(13) {
            let Err(error) = Picture::decode(&whole[..end], "half.it") else {
                panic!("{name} cut at {end} of {} is read", whole.len());
            };
            assert!(error.to_string().contains("half.it"), "{name}: {error}");
        }
    }
}

#[test]
fn a_cut_file_is_called_truncated() {
    for name in ["lossy.webp", "palette.gif", "rgb.bmp"] {
        let whole = bytes(name);
        let error = Picture::decode(&whole[..whole.len() * 2 / 3], name).unwrap_err();
        assert!(matches!(error, FrameError::Truncated { .. }), "{error}");
    }
}

#[test]
fn a_kind_of_tiff_that_is_not_read_is_refused_with_a_way_out() {
    for (name, pixels) in [("palette.tif", "Palette"), ("grey-alpha.tif", "Multiband")] {
        let error = Picture::decode(&bytes(name), "a.tif").unwrap_err();
        assert!(error.to_string().contains(pixels), "{error}");
        assert!(
            matches!(error, FrameError::Unsupported { format: "TIFF", .. }),
            "{error}"
        );
        assert!(
            error.to_string().contains("`ffmpeg -i a.tif NEW.png`"),
            "{error}"
        );
    }
}

#[test]
fn too_many_pixels_are_refused_before_they_are_allocated() {
    let mut gif = bytes("palette.gif");
    gif[6..10].fill(0xFF);
    let mut bmp = bytes("rgb.bmp");
    bmp[18..26].copy_from_slice(&[0xFF, 0xFF, 0, 0, 0xFF, 0xFF, 0, 0]);
    for (bytes, name) in [(gif, "bomb.gif"), (bmp, "bomb.bmp")] {
        let error = Picture::decode(&bytes, name).unwrap_err();
        assert!(matches!(error, FrameError::TooLarge { .. }), "{error}");
    }
}
