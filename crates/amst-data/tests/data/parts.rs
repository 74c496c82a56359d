//! Samples that are parts of files: spans of recordings, regions of pictures, and folds.

use amst_data::layout::csv;
use amst_data::{DataError, Fault, HostBatch, Loader, LoaderConfig, Prepared, SplitName};
use amst_recipe::Modality;

use crate::small::{Small, png, riff};

const AUDIO_AND_PICTURES: [Modality; 2] = [Modality::Audio, Modality::Visual];

fn own(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| name.to_string()).collect()
}

/// The nine samples of [`Small`], each with one picture.
fn separate() -> Small {
    let mut small = Small::new();
    small.recipe.modalities = AUDIO_AND_PICTURES.to_vec();
    small.replace("p0.png;p1.png", "p0.png");
    small
}

/// The same samples as parts of one recording and one picture, and a tenth row that no split uses.
fn parts() -> Small {
    let mut small = separate();
    small.spec.columns.span = Some(["start", "end"].map(String::from));
    small.spec.columns.region = Some(["left", "top", "width", "height"].map(String::from));
    let mut rows = vec!["id,label,split,audio,start,end,image,left,top,width,height".to_string()];
    let (mut pcm, mut sheet, mut top) = (Vec::new(), image::RgbImage::new(40, 9 * 70), 0);
    for n in 0..9 {
        let wave = std::fs::read(small.root().join(format!("a{n}.wav"))).unwrap();
        let start = pcm.len() / 2;
        pcm.extend_from_slice(&wave[44..]);
        let [start, end] = [start, pcm.len() / 2].map(|sample| sample as f64 / 8000.0);
        let width = 20 + n as u32;
        let picture = image::load_from_memory(&png(width, 70, n))
            .unwrap()
            .to_rgb8();
        image::imageops::replace(&mut sheet, &picture, 3, top);
        let label = ["ant", "bee", "cat"][n % 3];
        let split = ["train", "val", "test"][n / 3];
        rows.push(format!(
            "s{n},{label},{split},all.wav,{start},{end},sheet.png,3,{top},{width},70"
        ));
        top += 70;
    }
    rows.push("s9,ant,unused,nowhere.wav,0,1,nowhere.png,0,0,1,1".into());
    small.put("all.wav", &riff(1, 16, &pcm));
    let mut bytes = std::io::Cursor::new(Vec::new());
    sheet.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    small.put("sheet.png", &bytes.into_inner());
    small.put("manifest.csv", rows.join("\n").as_bytes());
    small
}

fn batches(data: &Prepared) -> Vec<HostBatch> {
    let mut all = Vec::new();
    for split in SplitName::ALL {
        let loader = Loader::new(data.split(split), LoaderConfig::default()).unwrap();
        all.extend(loader.epoch(0, &AUDIO_AND_PICTURES).map(Result::unwrap));
    }
    all
}

#[test]
fn samples_of_one_file_are_those_of_separate_files() {
    let (separate, parts) = (separate().prepare().unwrap(), parts().prepare().unwrap());
    let [separate, parts] = [batches(&separate), batches(&parts)];
    assert_eq!(separate.len(), 3);
    for (separate, parts) in separate.iter().zip(&parts) {
        assert_eq!(separate.labels, parts.labels);
        assert_eq!(separate.inputs, parts.inputs);
    }
}

#[test]
fn a_row_without_numbers_has_the_whole_file() {
    let small = parts();
    let manifest = small.manifest();
    let old = manifest
        .lines()
        .find(|line| line.starts_with("s8"))
        .unwrap();
    small.replace(old, "s8,cat,test,a8.wav,,,p8.png,,,,");
    let [separate, mixed] = [separate(), small].map(|small| batches(&small.prepare().unwrap()));
    assert_eq!(separate[2].inputs, mixed[2].inputs);
}

#[test]
fn a_part_that_is_not_inside_its_file_is_named_with_its_length() {
    let small = parts();
    small.replace("sheet.png,3,0,20,70", "sheet.png,30,0,20,70");
    small.replace("all.wav,0,", "all.wav,99,");
    let error = small.error();
    assert!(matches!(error, DataError::BadSamples { .. }), "{error}");
    let text = error.to_string();
    for word in [
        "all.wav: 99 s to",
        "s0: sheet.png: the crop of 20x70 at (30, 0)",
    ] {
        assert!(text.contains(word), "`{word}` is not in: {text}");
    }
}

#[test]
fn cells_that_are_no_numbers_are_told_with_their_lines() {
    let small = parts();
    small.replace("all.wav,0,", "all.wav,start,");
    small.replace("sheet.png,3,70,", "sheet.png,,70,");
    let error = small.error();
    let DataError::Manifest { problems, .. } = &error else {
        panic!("{error}")
    };
    assert_eq!(problems[0].fault, Fault::NotANumber);
    let text = error.to_string();
    for word in [
        "`start` in line 2, `s0`",
        "`` in line 3, `s1`",
        "no numbers (2)",
    ] {
        assert!(text.contains(word), "`{word}` is not in: {text}");
    }
}

/// It would be the region of none of them.
#[test]
fn a_region_of_several_pictures_or_of_a_video_is_refused() {
    for cell in ["sheet.png;p1.png", "clip.mp4"] {
        let small = parts();
        small.replace("sheet.png,3,0,20,70", &format!("{cell},3,0,20,70"));
        let text = small.error().to_string();
        let named = format!("`{cell}` in line 2, `s0`");
        assert!(
            text.contains("regions of videos") && text.contains(&named),
            "{text}"
        );
    }
}

#[test]
fn a_column_that_a_part_needs_is_missed() {
    let small = parts();
    small.replace(",left,", ",x,");
    assert!(small.error().to_string().contains("`left`"));
}

#[test]
fn each_fold_is_the_split_of_its_own_column() {
    let mut small = parts();
    small.spec.folds = own(&["split", "label_split"]);
    let other = |split: &str| {
        match split {
            "split" => "label_split",
            "train" => "test",
            "val" => "val",
            "test" => "train",
            other => other,
        }
        .to_string()
    };
    let mut rows = Vec::new();
    for line in small.manifest().lines() {
        rows.push(format!("{line},{}", other(line.split(',').nth(2).unwrap())));
    }
    small.put("manifest.csv", rows.join("\n").as_bytes());
    let splits = |fold: usize| -> Vec<SplitName> {
        let rows = csv::read(&small.dataset(), &AUDIO_AND_PICTURES, fold).unwrap();
        rows.iter().map(|row| row.split).collect()
    };
    assert_eq!(splits(0)[0], SplitName::Train);
    assert_eq!(splits(1)[0], SplitName::Test);
    assert_eq!(splits(0)[4], splits(1)[4]);
    small.recipe.fold = 2;
    let text = small.error().to_string();
    assert!(
        text.contains("fold") && text.contains("has 2: use 0 to 1"),
        "{text}"
    );
}

#[test]
fn a_data_set_with_one_split_has_no_other_fold() {
    let mut small = separate();
    small.recipe.fold = 1;
    let text = small.error().to_string();
    assert!(text.contains("`small` has one split: use fold=0"), "{text}");
}
