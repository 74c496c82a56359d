//! JPEG files beside those that OpenCV's `imwrite` makes of the same pictures.

use std::path::{Path, PathBuf};

use amst_frames::{FrameError, Picture};
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};

/// OpenCV's default.
const QUALITY: u8 = 95;

/// Pictures of `fixtures/pil`, and under which name OpenCV's file of each lies in
/// `fixtures/opencv-jpeg`.
const PICTURES: [(&str, &str); 2] = [("frame-decoded.png", "frame.jpg"), ("odd.png", "odd.jpg")];

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

fn both() -> impl Iterator<Item = (&'static str, Vec<u8>, Vec<u8>)> {
    PICTURES.into_iter().map(|(source, name)| {
        let picture = Picture::read(fixtures().join("pil").join(source)).unwrap();
        let theirs = std::fs::read(fixtures().join("opencv-jpeg").join(name)).unwrap();
        (name, picture.to_jpeg(QUALITY).unwrap(), theirs)
    })
}

/// The contents of all segments with this marker, up to the coded data.
fn segments(jpeg: &[u8], marker: u8) -> Vec<u8> {
    let (mut at, mut found) = (2, Vec::new());
    while jpeg[at + 1] != 0xDA {
        let length = usize::from(u16::from_be_bytes([jpeg[at + 2], jpeg[at + 3]]));
        if jpeg[at + 1] == marker {
            found.extend(&jpeg[at + 4..at + 2 + length]);
        }
        at += 2 + length;
    }
    found
}

/// Steps of quantisation by table.
fn tables(jpeg: &[u8]) -> Vec<[u8; 65]> {
    let mut tables = segments(jpeg, 0xDB).as_chunks::<65>().0.to_vec();
    tables.sort_by_key(|table| table[0]);
    tables
}

/// Of the frame header: precision, height, width; then of each colour its sampling and its table.
fn header(jpeg: &[u8]) -> (Vec<u8>, Vec<[u8; 2]>) {
    let frame = segments(jpeg, 0xC0);
    let colours = frame[6..]
        .as_chunks::<3>()
        .0
        .iter()
        .map(|[_, sampling, table]| [*sampling, *table])
        .collect();
    (frame[..5].to_vec(), colours)
}

#[test]
fn what_is_kept_of_a_picture_is_what_opencv_keeps() {
    for (name, ours, theirs) in both() {
        assert_eq!(tables(&theirs).len(), 2, "{name}");
        assert_eq!(tables(&ours), tables(&theirs), "{name}: quantisation");
        assert_eq!(
            header(&theirs).1,
            [[0x22, 0], [0x11, 1], [0x11, 1]],
            "{name}: a colour for every four pixels"
        );
        assert_eq!(header(&ours), header(&theirs), "{name}: sides and sampling");
    }
}

/// Both transforms round, so that a coefficient now and then falls on the other side of a step.
#[test]
fn a_decoded_frame_is_what_opencvs_file_decodes_to() {
    for (name, ours, theirs) in both() {
        let [ours, theirs] = [ours, theirs].map(|jpeg| Picture::decode(&jpeg, name).unwrap());
        assert_eq!([ours.width, ours.height], [theirs.width, theirs.height]);
        let differences: Vec<u8> = ours
            .rgb
            .iter()
            .zip(&theirs.rgb)
            .map(|(&a, &b)| a.abs_diff(b))
            .collect();
        let share = |limit: u8| {
            differences.iter().filter(|&&d| d <= limit).count() as f64 / ours.rgb.len() as f64
        };
        let largest = differences.iter().max().unwrap();
        println!(
            "{name}: equal {:.3} %, within 2 {:.3} %, largest {largest}",
            share(0) * 100.0,
            share(2) * 100.0
        );
        assert!(
            share(2) >= 0.99,
            "{name}: only {:.2} % within 2",
            share(2) * 100.0
        );
    }
}

/// But for a hundredth, and more where sides do not fill whole blocks, which each fills up in its
/// own way.
#[test]
fn a_file_is_as_large_as_opencvs() {
    for (name, ours, theirs) in both() {
        println!("{name}: {} bytes, OpenCV {}", ours.len(), theirs.len());
        assert!(
            ours.len() * 100 <= theirs.len() * 105,
            "{name}: {} bytes, OpenCV {}",
            ours.len(),
            theirs.len()
        );
    }
}

/// A file with a scan for each colour.
fn apart(picture: &Picture, sampling: SamplingFactor) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, QUALITY);
    encoder.set_sampling_factor(sampling);
    // What makes this encoder write them.
    encoder.set_optimized_huffman_tables(true);
    encoder
        .encode(
            &picture.rgb,
            picture.width as u16,
            picture.height as u16,
            ColorType::Rgb,
        )
        .unwrap();
    bytes
}

/// The decoder would hand over noise.
#[test]
fn a_scan_for_each_of_colours_that_are_sampled_differently_is_refused() {
    let picture = Picture::read(fixtures().join("pil/frame-decoded.png")).unwrap();
    for sampling in [SamplingFactor::R_4_2_0, SamplingFactor::R_4_2_2] {
        let error = Picture::decode(&apart(&picture, sampling), "a.jpg").unwrap_err();
        assert!(
            matches!(&error, FrameError::ScanPerColour { name } if name == "a.jpg"),
            "{error}"
        );
        assert!(error.to_string().contains("save it anew"), "{error}");
    }
}

#[test]
fn a_scan_for_each_of_colours_that_are_sampled_alike_is_read() {
    let picture = Picture::read(fixtures().join("pil/frame-decoded.png")).unwrap();
    let read = Picture::decode(&apart(&picture, SamplingFactor::R_4_4_4), "a.jpg").unwrap();
    let near = picture
        .rgb
        .iter()
        .zip(&read.rgb)
        .filter(|&(&a, &b)| a.abs_diff(b) <= 8)
        .count();
    assert!(
        near * 100 >= picture.rgb.len() * 99,
        "{near} of {}",
        picture.rgb.len()
    );
}
