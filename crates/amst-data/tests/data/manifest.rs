//! Manifests: what is accepted, and every way in which one is refused.

use amst_data::layout::csv;
use amst_data::{DataError, ErrorKind, Fault, Raw, SplitName};
use amst_recipe::Modality;

use crate::small::Small;

/// The manifest must be refused for `fault` alone, with a message that holds all of `words`.
fn refused(small: &Small, fault: Fault, words: &[&str]) {
    let error = small.error();
    assert_eq!(error.kind(), ErrorKind::Data);
    let text = error.to_string();
    let DataError::Manifest { problems, .. } = &error else {
        panic!("{text}")
    };
    assert_eq!(
        problems.iter().map(|p| p.fault).collect::<Vec<_>>(),
        [fault],
        "{text}"
    );
    words
        .iter()
        .for_each(|word| assert!(text.contains(word), "`{word}` is not in: {text}"));
    assert!(
        small.stores().is_empty(),
        "nothing is prepared of a data set that is refused"
    );
}

#[test]
fn a_manifest_gives_its_rows_in_order() {
    let small = Small::new();
    let rows = csv::read(&small.dataset(), &Modality::ALL, 0).unwrap();
    assert_eq!(rows.len(), 9);
    assert_eq!(
        (rows[4].id.as_str(), rows[4].label, rows[4].split),
        ("s4", 1, SplitName::Val)
    );
    assert_eq!(
        rows[0].raw[&Modality::Visual],
        Raw::Files(vec!["p0.png".into(), "p1.png".into()])
    );
    assert_eq!(rows[2].raw[&Modality::Text], Raw::Text("no. 2, é".into()));
}

#[test]
fn a_video_is_told_by_any_of_the_endings_of_videos() {
    let small = Small::new();
    for (number, ending) in ["mpeg", "WMV", "3gp", "mts", "vob"].into_iter().enumerate() {
        let clip = format!("clip.{ending}");
        small.put(&clip, b"x");
        small.replace(&format!("a{number}.wav"), &clip);
        if number > 0 {
            small.replace(
                &format!("p{number}.png,\"no. {number}"),
                &format!("{clip},\"no. {number}"),
            );
        }
    }
    let rows = csv::read(&small.dataset(), &Modality::ALL, 0).unwrap();
    for (number, row) in rows[..5].iter().enumerate() {
        assert!(
            matches!(row.raw[&Modality::Audio], Raw::Sound(_)),
            "{row:?}"
        );
        let is_video = matches!(row.raw[&Modality::Visual], Raw::Frames { .. });
        assert_eq!(is_video, number > 0, "{row:?}");
    }
}

#[test]
fn a_byte_order_mark_and_crlf_line_ends_give_the_same_rows() {
    let small = Small::new();
    let read = || csv::read(&small.dataset(), &Modality::ALL, 0).unwrap();
    let plain = read();
    let spreadsheet = format!("\u{feff}{}\r\n", small.manifest().replace('\n', "\r\n"));
    small.put("manifest.csv", spreadsheet.as_bytes());
    assert_eq!(read(), plain);
}

#[test]
fn only_the_columns_of_the_modalities_in_use_are_needed() {
    let mut small = Small::new();
    small.replace("audio,image,text", "audio,picture,text");
    refused(
        &small,
        Fault::MissingColumn,
        &[
            "`image`",
            "there is: id, label, split, audio, picture, text",
        ],
    );
    small.recipe.modalities = vec![Modality::Audio, Modality::Text];
    small.prepare().unwrap();
    small.recipe.modalities = Modality::ALL.to_vec();
    small.spec.columns.image = "picture".into();
    small.prepare().unwrap();
}

#[test]
fn missing_columns_are_all_named() {
    let small = Small::new();
    small.replace("id,label,split", "name,label,part");
    refused(
        &small,
        Fault::MissingColumn,
        &["`id`", "`split`", "[columns]"],
    );
}

#[test]
fn a_missing_file_is_refused() {
    let small = Small::new();
    std::fs::remove_file(small.root().join("a3.wav")).unwrap();
    std::fs::remove_file(small.root().join("p1.png")).unwrap();
    refused(
        &small,
        Fault::MissingFile,
        &[
            "missing files (2)",
            "a3.wav (audio of `s3`)",
            "p1.png",
            "restore",
        ],
    );
}

#[test]
fn a_duplicate_id_is_refused() {
    let small = Small::new();
    small.replace("s7,", "s1,");
    refused(&small, Fault::DuplicateId, &["`s1` in 2 rows"]);
}

#[test]
fn an_unknown_label_is_refused_with_the_nearest_class() {
    let small = Small::new();
    small.replace("s4,bee", "s4,beee");
    refused(
        &small,
        Fault::UnknownLabel,
        &["`beee` of `s4`", "did you mean `bee`?"],
    );
}

#[test]
fn a_class_without_a_training_sample_is_refused() {
    let small = Small::new();
    small.replace("s2,cat", "s2,ant");
    refused(&small, Fault::EmptyClass, &["`cat`", "train"]);
}

#[test]
fn an_unknown_split_is_refused() {
    let small = Small::new();
    small.replace("s5,cat,val", "s5,cat,valid");
    refused(
        &small,
        Fault::UnknownSplit,
        &["`valid` of `s5`, line 7", "`train`, `val` or `test`"],
    );
}

#[test]
fn a_split_that_names_nothing_is_refused() {
    let small = Small::new();
    small.replace(",val,", ",test,");
    refused(&small, Fault::EmptySplit, &["`val`"]);
}

#[test]
fn a_path_that_leaves_the_folder_is_refused() {
    let small = Small::new();
    small.replace("a1.wav", "../raw/a1.wav");
    small.replace("a4.wav", "x/../../a4.wav");
    refused(
        &small,
        Fault::OutsideFolder,
        &["folder (2)", "`../raw/a1.wav` of `s1`"],
    );
}

#[test]
fn a_path_that_goes_up_and_stays_inside_is_accepted() {
    let small = Small::new();
    std::fs::create_dir(small.root().join("x")).unwrap();
    small.replace("a1.wav", "./x/../a1.wav");
    small.prepare().unwrap();
}

#[test]
fn an_empty_cell_is_refused() {
    let small = Small::new();
    small.replace("a1.wav", " ");
    small.replace(",p2.png,", ",;,");
    refused(
        &small,
        Fault::EmptyCell,
        &["line 3: no audio of `s1`", "line 4: no image of `s2`"],
    );
}

#[test]
fn of_many_offenders_ten_are_named_and_the_rest_counted() {
    let small = Small::new();
    let more: String = (0..25)
        .map(|n| format!("\nx{n},dog,train,a0.wav,p0.png,text"))
        .collect();
    small.put("manifest.csv", (small.manifest() + &more).as_bytes());
    refused(
        &small,
        Fault::UnknownLabel,
        &["unknown labels (25)", "`dog` of `x9`", "and 15 more"],
    );
    assert!(!small.error().to_string().contains("`x10`"));
}

#[test]
fn all_kinds_of_faults_are_told_at_once() {
    let small = Small::new();
    small.replace("s4,bee", "s3,wasp");
    small.replace("a0.wav", "gone.wav");
    let text = small.error().to_string();
    for word in ["duplicate ids", "unknown labels", "missing files"] {
        assert!(text.contains(word), "{text}");
    }
}

#[test]
fn a_manifest_that_is_not_there_is_told() {
    let small = Small::new();
    std::fs::remove_file(small.root().join("manifest.csv")).unwrap();
    assert!(matches!(small.error(), DataError::Read { .. }));
}

#[test]
fn a_manifest_without_rows_is_refused() {
    let small = Small::new();
    small.put("manifest.csv", b"id,label,split,audio,image,text\n");
    let text = small.error().to_string();
    assert!(
        text.contains("splits that name nothing (3)") && text.contains("sample (3)"),
        "{text}"
    );
}

#[test]
fn a_descriptor_without_classes_is_refused() {
    let mut small = Small::new();
    small.spec.classes.clear();
    assert_eq!(small.error().kind(), ErrorKind::Configuration);
}

#[test]
fn a_descriptor_of_one_class_or_of_one_twice_is_refused() {
    let mut small = Small::new();
    for (classes, words) in [
        (
            &["ant"][..],
            "`ant` is the only one, and there is nothing to learn",
        ),
        (
            &["ant", "bee", "ant"],
            "`ant` is listed twice, as the classes 0 and 2",
        ),
        (
            &["caf\u{e9}", "cafe\u{301}"],
            r"`caf\u{e9}` and `cafe\u{301}`",
        ),
    ] {
        small.spec.classes = classes.iter().map(|class| class.to_string()).collect();
        let error = small.error();
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert!(error.to_string().contains(words), "{error}");
    }
}

#[test]
fn an_absolute_path_is_refused_with_the_one_to_write() {
    let small = Small::new();
    let inside = small.root().join("a1.wav");
    small.replace("a1.wav", inside.to_str().unwrap());
    small.replace("a2.wav", "/etc/passwd");
    small.replace("a3.wav", r"C:\sounds\a3.wav");
    refused(
        &small,
        Fault::AbsolutePath,
        &[
            "paths (3)",
            "of `s1`; write `a1.wav`",
            "`/etc/passwd` of `s2`\n",
            "C:",
        ],
    );
}

#[test]
fn what_stands_in_the_place_of_a_file_is_told_as_what_it_is() {
    for (from, to, fault, words) in [
        (
            "a3.wav",
            r".\a3.wav",
            Fault::Backslash,
            "`./a3.wav` is there",
        ),
        ("a3.wav", "sub", Fault::FolderForFile, "sub (audio of `s3`)"),
        (
            "a3.wav",
            "a3.wav;a4.wav",
            Fault::SeveralRecordings,
            "one recording",
        ),
        (
            "p3.png",
            "https://example.com/a.png",
            Fault::Address,
            "download",
        ),
        ("p3.png", "*.png", Fault::Pattern, "*.png (visual of `s3`)"),
        (
            "p3.png",
            "p3.png;c.mp4",
            Fault::VideoAmongPictures,
            "in line 6, `s3`",
        ),
        ("a3.wav", "A3.wav", Fault::MissingFile, "`a3.wav` is there"),
        (
            "a3.wav",
            "e\u{301}.wav",
            Fault::OtherSpelling,
            r"`e\u{301}.wav` here, `\u{e9}.wav` there",
        ),
        (
            "s3,ant",
            "s3,e\u{301}",
            Fault::OtherSpelling,
            r"the label of `s3`: `e\u{301}` here, `\u{e9}`",
        ),
    ] {
        let mut small = Small::new();
        std::fs::create_dir(small.root().join("sub")).unwrap();
        small.put("c.mp4", b"x");
        small.put("\u{e9}.wav", b"x");
        small.spec.classes.push("\u{e9}".into());
        small.replace(
            "s0,ant,train",
            "x,\u{e9},train,a0.wav,p0.png,x\ns0,ant,train",
        );
        small.replace(from, to);
        refused(&small, fault, &[words]);
    }
}

#[test]
fn two_ids_that_look_the_same_are_refused() {
    let small = Small::new();
    small.replace("s3,", "caf\u{e9},");
    small.replace("s4,", "cafe\u{301},");
    refused(
        &small,
        Fault::OtherSpelling,
        &[r"two ids: `cafe\u{301}` and `caf\u{e9}`"],
    );
}

#[test]
fn a_column_that_is_there_twice_or_with_capitals_is_told() {
    let small = Small::new();
    let good = small.manifest();
    let twice: Vec<String> = good.lines().map(|line| format!("{line},p0.png")).collect();
    small.put(
        "manifest.csv",
        twice
            .join("\n")
            .replacen("text,p0.png", "text,image", 1)
            .as_bytes(),
    );
    refused(
        &small,
        Fault::DuplicateColumn,
        &["`image` as the columns 5, 7"],
    );
    small.put(
        "manifest.csv",
        good.replacen("id,label", "ID,Label", 1).as_bytes(),
    );
    refused(
        &small,
        Fault::MissingColumn,
        &["`id` (`ID` is there: capitals count)"],
    );
}

#[test]
fn a_split_in_other_words_is_told_which_is_meant() {
    let small = Small::new();
    small.replace("s0,ant,train", "s0,ant,Train");
    small.replace("s4,bee,val", "s4,bee,Validation");
    refused(
        &small,
        Fault::UnknownSplit,
        &[
            "line 2; did you mean `train`?",
            "line 6; did you mean `val`?",
        ],
    );
}
