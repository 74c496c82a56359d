//! Bad files and bad settings: refused, with the name and the remedy.

use std::path::{Path, PathBuf};

use amst_frames::{
    CropBox, EvalTransform, FrameConfig, FrameError, Picture, TrainTransform, crop_resize, resize,
};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/pil")
        .join(name)
}

fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(fixture(name)).expect("a fixture can be read")
}

/// The sides in a JPEG's frame header: where they stand.
fn jpeg_sides(bytes: &[u8]) -> usize {
    let header = bytes
        .windows(2)
        .position(|two| two == [0xFF, 0xC0])
        .expect("a baseline header");
    header + 5
}

#[test]
fn a_missing_file_is_named() {
    let error = Picture::read("no/such/picture.png").unwrap_err();
    assert!(matches!(error, FrameError::Unreadable { .. }));
    assert!(error.to_string().contains("no/such/picture.png"));
}

#[test]
fn what_is_no_picture_is_refused() {
    for bytes in [&b""[..], b"RIFF\0\0\0\0WAVE", b"\xFF\xD8", b"<html>"] {
        let error = Picture::decode(bytes, "a.png").unwrap_err();
        assert!(matches!(error, FrameError::NotAPicture { .. }), "{error}");
        assert!(error.to_string().contains("a.png"));
    }
}

#[test]
fn a_png_cut_anywhere_is_refused() {
    let whole = bytes("odd.png");
    for end in (8..whole.len()).step_by(97).chain([whole.len() - 1]) {
        let error = Picture::decode(&whole[..end], "half.png").unwrap_err();
        assert!(
            matches!(error, FrameError::Truncated { format: "PNG", .. }),
            "{end}: {error}"
        );
    }
}

#[test]
fn a_jpeg_cut_anywhere_is_refused() {
    for name in ["frame.jpg", "jpeg-progressive.jpg"] {
        let whole = bytes(name);
        for end in (3..whole.len()).step_by(97).chain([whole.len() - 1]) {
            let error = Picture::decode(&whole[..end], "half.jpg").unwrap_err();
            assert!(
                matches!(error, FrameError::Truncated { format: "JPEG", .. }),
                "{end}: {error}"
            );
        }
    }
}

#[test]
fn a_flipped_bit_in_a_png_is_noticed() {
    let mut damaged = bytes("odd.png");
    let middle = damaged.len() / 2;
    damaged[middle] ^= 0x10;
    let error = Picture::decode(&damaged, "bad.png").unwrap_err();
    assert!(matches!(error, FrameError::Damaged { .. }), "{error}");
    assert!(error.to_string().contains("bad.png"));
}

#[test]
fn a_picture_without_pixels_is_refused() {
    let mut png = bytes("odd.png");
    png[16..20].fill(0);
    let error = Picture::decode(&png, "flat.png").unwrap_err();
    assert!(
        matches!(error, FrameError::Empty { width: 0, .. }),
        "{error}"
    );
    let mut jpeg = bytes("frame.jpg");
    let at = jpeg_sides(&jpeg);
    jpeg[at..at + 2].fill(0);
    assert!(Picture::decode(&jpeg, "flat.jpg").is_err());
}

#[test]
fn a_decompression_bomb_is_refused_before_anything_is_allocated() {
    let mut png = bytes("odd.png");
    png[16..24].copy_from_slice(&[0, 0, 0xFF, 0xFF, 0, 0, 0xFF, 0xFF]);
    let mut jpeg = bytes("frame.jpg");
    let at = jpeg_sides(&jpeg);
    jpeg[at..at + 4].fill(0xFF);
    for (bytes, name) in [(png, "bomb.png"), (jpeg, "bomb.jpg")] {
        let error = Picture::decode(&bytes, name).unwrap_err();
        assert!(
            matches!(
                error,
                FrameError::TooLarge {
                    width: 65535,
                    height: 65535,
                    ..
                }
            ),
            "{error}"
        );
        assert!(error.to_string().contains(name));
    }
    // Few pixels, in a line: it is the side that is too long.
    let mut png = bytes("odd.png");
    png[16..24].copy_from_slice(&[0, 1, 0x11, 0x70, 0, 0, 0, 1]);
    let text = Picture::decode(&png, "a line.png").unwrap_err().to_string();
    assert!(
        text.contains("70000x1 pixels") && text.contains("65535 a side"),
        "{text}"
    );
    assert!(
        text.contains("`ffmpeg -i 'a line.png' -vf scale="),
        "{text}"
    );
}

#[test]
fn a_hand_made_picture_must_hold_its_pixels() {
    let config = FrameConfig {
        size: [8, 8],
        ..FrameConfig::default()
    };
    let mut out = vec![0.0; config.volume()];
    let short = Picture {
        width: 4,
        height: 4,
        rgb: vec![0; 47],
    };
    let eval = EvalTransform::new(&config).unwrap();
    let train = TrainTransform::new(&config).unwrap();
    assert!(matches!(
        eval.apply(&short, &mut out),
        Err(FrameError::Inconsistent { .. })
    ));
    let drawn = train.apply(&short, &mut || 0.5, &mut out);
    assert!(matches!(drawn, Err(FrameError::Inconsistent { .. })));
    assert!(resize(&short, [8, 8]).is_err());
}

#[test]
fn an_output_of_another_length_is_refused() {
    let config = FrameConfig {
        size: [8, 8],
        ..FrameConfig::default()
    };
    let picture = Picture {
        width: 4,
        height: 4,
        rgb: vec![0; 48],
    };
    let result = EvalTransform::new(&config)
        .unwrap()
        .apply(&picture, &mut [0.0; 191]);
    let error = result.unwrap_err();
    assert!(matches!(
        error,
        FrameError::OutputLength {
            expected: 192,
            found: 191
        }
    ));
}

#[test]
fn a_box_outside_the_picture_is_refused() {
    let picture = Picture {
        width: 4,
        height: 3,
        rgb: vec![0; 36],
    };
    for (left, width) in [(1, 4), (4, 1), (0, 0), (usize::MAX, 2)] {
        let crop = CropBox {
            left,
            top: 0,
            width,
            height: 3,
        };
        let error = crop_resize(&picture, crop, [2, 2]).unwrap_err();
        assert!(matches!(error, FrameError::CropOutside { .. }), "{error}");
    }
    assert!(matches!(
        resize(&picture, [0, 2]),
        Err(FrameError::TargetSize { .. })
    ));
}

#[test]
fn each_senseless_setting_is_named() {
    let good = FrameConfig::default();
    let bad = [
        (
            "size",
            FrameConfig {
                size: [0, 224],
                ..good.clone()
            },
        ),
        (
            "channels",
            FrameConfig {
                channels: 2,
                ..good.clone()
            },
        ),
        (
            "mean",
            FrameConfig {
                channels: 1,
                ..good.clone()
            },
        ),
        (
            "std",
            FrameConfig {
                std: vec![0.2, 0.0, 0.2],
                ..good.clone()
            },
        ),
        (
            "std",
            FrameConfig {
                std: vec![0.2, f32::NAN, 0.2],
                ..good.clone()
            },
        ),
        (
            "crop_scale",
            FrameConfig {
                crop_scale: Some([0.0, 1.0]),
                ..good.clone()
            },
        ),
        (
            "crop_scale",
            FrameConfig {
                crop_scale: Some([0.5, 0.4]),
                ..good.clone()
            },
        ),
        (
            "crop_ratio",
            FrameConfig {
                crop_ratio: [f32::NAN, 1.0],
                ..good.clone()
            },
        ),
        (
            "flip",
            FrameConfig {
                flip: 1.5,
                ..good.clone()
            },
        ),
    ];
    for (name, config) in bad {
        match TrainTransform::new(&config) {
            Err(FrameError::Config { key, .. }) => assert_eq!(key, name),
            other => panic!("{name} was let through: {other:?}"),
        }
        assert!(EvalTransform::new(&config).is_err());
    }
    good.validate().unwrap();
}
