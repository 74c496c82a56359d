//! The 8-bit steps and the whole evaluation transform against PIL and torchvision.

use std::path::{Path, PathBuf};

use amst_frames::{CropBox, EvalTransform, FrameConfig, Picture, crop_resize, resize};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/pil")
}

fn picture(name: &str) -> Picture {
    Picture::read(fixtures().join(name)).expect("a fixture can be read")
}

/// The names of the fixtures that begin so, without `.png`, and what follows.
fn goldens(prefix: &str) -> Vec<(String, Vec<String>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(fixtures()).expect("the fixtures are there") {
        let name = entry
            .expect("an entry")
            .file_name()
            .into_string()
            .expect("UTF-8");
        if let Some(words) = name
            .strip_prefix(prefix)
            .and_then(|rest| rest.strip_suffix(".png"))
        {
            let words = words.split(['-', 'x']).map(String::from).collect();
            found.push((name.clone(), words));
        }
    }
    found.sort();
    found
}

fn source(name: &str) -> Picture {
    picture(if name == "frame" {
        "frame-decoded.png"
    } else {
        return picture(&format!("{name}.png"));
    })
}

fn numbers(words: &[String]) -> Vec<usize> {
    words
        .iter()
        .map(|word| word.parse().expect("a number"))
        .collect()
}

/// How two pictures differ: largest difference, share of unequal values, mean.
struct Difference {
    largest: u8,
    unequal: f64,
    mean: f64,
}

fn difference(ours: &Picture, theirs: &Picture) -> Difference {
    assert_eq!((ours.width, ours.height), (theirs.width, theirs.height));
    let pairs = || {
        ours.rgb
            .iter()
            .zip(&theirs.rgb)
            .map(|(&a, &b)| a.abs_diff(b))
    };
    let count = ours.rgb.len() as f64;
    Difference {
        largest: pairs().max().expect("a picture holds pixels"),
        unequal: pairs().filter(|&d| d > 0).count() as f64 / count,
        mean: pairs().map(f64::from).sum::<f64>() / count,
    }
}

/// Coefficients of 16 bits where PIL has 22 tip a rounding now and then.
fn assert_resized_alike(ours: &Picture, golden: &str) {
    let d = difference(ours, &picture(golden));
    println!(
        "{golden}: largest {}, unequal {:.4} %",
        d.largest,
        d.unequal * 100.0
    );
    assert!(d.largest <= 1, "{golden}: largest difference {}", d.largest);
    assert!(
        d.unequal <= 0.02,
        "{golden}: {:.3} % of values differ",
        d.unequal * 100.0
    );
}

#[test]
fn a_whole_picture_is_resized_as_pil_does_it() {
    let goldens = goldens("resize-");
    assert_eq!(goldens.len(), 8);
    for (golden, words) in goldens {
        let size = numbers(&words[1..]);
        let ours = resize(&source(&words[0]), [size[0], size[1]]).unwrap();
        assert_resized_alike(&ours, &golden);
    }
}

#[test]
fn a_crop_is_cut_out_first_and_resized_then() {
    let goldens = goldens("crop-");
    assert_eq!(goldens.len(), 7);
    for (golden, words) in goldens {
        let n = numbers(&words[1..]);
        let crop = CropBox {
            left: n[0],
            top: n[1],
            width: n[2],
            height: n[3],
        };
        let ours = crop_resize(&source(&words[0]), crop, [n[4], n[4]]).unwrap();
        assert_resized_alike(&ours, &golden);
    }
}

#[test]
fn the_evaluation_tensor_is_torchvisions() {
    let config = FrameConfig {
        size: [64, 64],
        ..FrameConfig::default()
    };
    let mut ours = vec![0.0; config.volume()];
    EvalTransform::new(&config)
        .unwrap()
        .apply(&picture("odd.png"), &mut ours)
        .unwrap();
    let bytes = std::fs::read(fixtures().join("eval-odd-3x64x64.f32")).unwrap();
    let theirs: Vec<f32> = bytes
        .as_chunks()
        .0
        .iter()
        .map(|&b| f32::from_le_bytes(b))
        .collect();
    assert_eq!(ours.len(), theirs.len());
    let differences = || ours.iter().zip(&theirs).map(|(a, b)| (a - b).abs());
    // One level of 255 is 0.0175 at the smallest deviation, 0.224.
    assert!(differences().all(|d| d <= 0.0176));
    let same_bits = ours
        .iter()
        .zip(&theirs)
        .filter(|(a, b)| a.to_bits() == b.to_bits())
        .count();
    println!(
        "bit-equal: {:.3} %",
        same_bits as f64 / ours.len() as f64 * 100.0
    );
    assert!(
        same_bits as f64 >= 0.98 * ours.len() as f64,
        "{same_bits} values bit-equal"
    );
}

#[test]
fn one_channel_is_pils_luma() {
    let config = FrameConfig {
        mean: vec![0.0],
        std: vec![1.0],
        ..FrameConfig::grey([64, 64])
    };
    let mut ours = vec![0.0; config.volume()];
    EvalTransform::new(&config)
        .unwrap()
        .apply(&picture("odd.png"), &mut ours)
        .unwrap();
    let golden = picture("luma-odd-64x64.png");
    let bytes = ours.iter().map(|&value| (value * 255.0).round() as u8);
    let unequal = bytes
        .zip(golden.rgb.iter().step_by(3))
        .filter(|&(ours, &theirs)| {
            assert!(ours.abs_diff(theirs) <= 1);
            ours != theirs
        });
    assert!(unequal.count() <= 4096 / 50);
}

#[test]
fn every_png_colour_type_becomes_the_rgb_that_pil_makes_of_it() {
    let mut seen = 0;
    for (golden, _) in goldens("type-") {
        let Some(name) = golden.strip_suffix(".rgb.png") else {
            continue;
        };
        assert_eq!(picture(&format!("{name}.png")), picture(&golden), "{name}");
        seen += 1;
    }
    assert_eq!(seen, 7);
}

/// Two decoders of JPEG need not agree: the standard bounds the inverse cosine
/// transform to one level, and leaves open how chroma is brought back to full
/// size, which may round one level further. One level of Y and two of Cb become
/// up to 1 + 2 x 1.772 in blue: 5 after rounding.
#[test]
fn a_jpeg_is_decoded_as_libjpeg_does_it_but_for_rounding() {
    let mut cases = vec![("frame.jpg".to_owned(), "frame-decoded.png".to_owned())];
    for kind in ["420", "444", "422", "progressive", "grey"] {
        cases.push((format!("jpeg-{kind}.jpg"), format!("jpeg-{kind}.rgb.png")));
    }
    for (jpeg, golden) in cases {
        let d = difference(&picture(&jpeg), &picture(&golden));
        println!(
            "{jpeg}: largest {}, unequal {:.3} %, mean {:.4}",
            d.largest,
            d.unequal * 100.0,
            d.mean
        );
        assert!(d.largest <= 5, "{jpeg}: largest difference {}", d.largest);
        assert!(d.mean <= 0.25, "{jpeg}: mean difference {}", d.mean);
    }
}
