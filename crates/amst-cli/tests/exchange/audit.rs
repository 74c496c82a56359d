//! `amst audit`: what lists hold, and lists without it.

use std::path::Path;

use crate::program::{DATA, USAGE, amst, done, refused};

/// Lists of MVSA-Single in which two pictures stand twice.
fn lists() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let splits = folder.path().join("splits");
    std::fs::create_dir(&splits).unwrap();
    std::fs::write(
        splits.join("my_train_mvsa.txt"),
        "1.jpg positive\n2.jpg negative\n3.jpg neutral\n",
    )
    .unwrap();
    std::fs::write(
        splits.join("my_val_mvsa.txt"),
        "4.jpg positive\n2.jpg negative\n",
    )
    .unwrap();
    std::fs::write(
        splits.join("my_test_mvsa.txt"),
        "5.jpg positive\n3.jpg positive\n",
    )
    .unwrap();
    folder
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn what_was_planted_is_told_to_people_and_programs() {
    let folder = lists();
    for arguments in [
        ["audit", "."].as_slice(),
        &["audit", "mvsa-single", "--lists", "splits"],
    ] {
        let told = done(&amst(folder.path(), arguments));
        assert!(told.starts_with("mvsa-single: 7 lines\n"), "{told}");
        for line in [
            "     1 samples in both train and val (2)",
            "     1 samples in both train and test (3)",
            "     1 samples with another label in another split (3)",
            "not checked: transcripts: these lists hold none",
        ] {
            assert!(told.lines().any(|found| found == line), "{line}: {told}");
        }
    }
    let json: serde_json::Value =
        serde_json::from_str(&done(&amst(folder.path(), &["audit", ".", "--json"]))).unwrap();
    assert_eq!(
        (&json["dataset"], &json["split"]),
        (&"mvsa-single".into(), &"published".into())
    );
    let kinds: Vec<_> = json["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| &finding["kind"])
        .collect();
    assert_eq!(
        kinds,
        [
            "shared-samples",
            "shared-samples",
            "conflicting-labels-between"
        ]
    );
    assert_eq!(json["balance"][2]["majority_rate"], 1.0);
}

#[test]
fn strict_ends_with_code_1_where_something_was_found() {
    let folder = lists();
    let output = amst(folder.path(), &["audit", ".", "--strict"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stdout).contains("samples in both train and val"));
    assert_eq!(String::from_utf8_lossy(&output.stderr).lines().count(), 1);
    assert!(String::from_utf8_lossy(&output.stderr).starts_with("error: 3 findings"));
    let clean = done(&amst(
        folder.path(),
        &["audit", ".", "--strict", "--split", "clean"],
    ));
    assert!(
        clean.contains("nothing found") && clean.contains("clean: 3 published lines left out"),
        "{clean}"
    );
    assert!(
        clean.contains("     2 with conflicting labels\n"),
        "{clean}"
    );
}

#[test]
fn clean_lists_are_written_under_the_published_names() {
    let folder = lists();
    done(&amst(
        folder.path(),
        &["audit", ".", "--split", "clean", "--out", "new"],
    ));
    let new = folder.path().join("new");
    assert_eq!(read(&new.join("my_train_mvsa.txt")), "1.jpg positive\n");
    assert_eq!(
        read(&new.join("my_val_mvsa.txt")),
        "4.jpg positive\n2.jpg negative\n"
    );
    assert_eq!(read(&new.join("my_test_mvsa.txt")), "5.jpg positive\n");
    assert_eq!(
        read(&new.join("dropped.txt")),
        "train:2 2: also in val\ntrain:3 3: conflicting labels: neutral | positive\n\
         test:2 3: conflicting labels: neutral | positive\n"
    );
    // What was written is read like the published lists.
    done(&amst(folder.path(), &["audit", "new", "--strict"]));
    assert!(
        read(&folder.path().join("splits/my_train_mvsa.txt")).contains("2.jpg"),
        "the published ones stay"
    );
}

#[test]
fn what_cannot_be_done_is_refused_with_what_helps() {
    let folder = lists();
    let audit = |arguments: &[&str]| amst(folder.path(), &[&["audit"], arguments].concat());
    refused(
        &audit(&["nothing"]),
        USAGE,
        &[
            "nothing: neither one of the paper's data sets",
            "crema-d, ave",
            "--lists",
        ],
    );
    refused(
        &audit(&["ave", "--lists", "."]),
        DATA,
        &["my_train_ave.txt", "are missing", "cargo xtask fetch ave"],
    );
    refused(
        &audit(&[".", "--split", "speaker-independent"]),
        USAGE,
        &["name no speakers", "`clean`"],
    );
    for out in [".", "splits"] {
        refused(
            &audit(&[".", "--out", out]),
            USAGE,
            &["the published lists lie there"],
        );
    }
    let output = audit(&[".", "--split", "dirty"]);
    assert_eq!(output.status.code(), Some(USAGE));
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("published, clean, speaker-independent")
    );
    std::fs::write(
        folder.path().join("splits/my_val_mvsa.txt"),
        "4.jpg positve\n2.jpg\n",
    )
    .unwrap();
    let output = audit(&["."]);
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(DATA), "{message}");
    assert!(
        message.contains("my_val_mvsa.txt:1: ") && message.contains("did you mean `positive`?"),
        "{message}"
    );
    assert!(message.contains("my_val_mvsa.txt:2: "), "{message}");
}

#[test]
fn the_folds_of_ur_funny_are_taken_from_a_file() {
    let folder = tempfile::tempdir().unwrap();
    for (name, line) in [
        ("train", "1, FUNNY, ### a"),
        ("valid", "2, FUNNY, ### b"),
        ("test", "3, NOTFUNNY, ### c"),
    ] {
        std::fs::write(
            folder.path().join(format!("ur_funny_{name}.txt")),
            format!("{line}\n"),
        )
        .unwrap();
    }
    std::fs::write(
        folder.path().join("folds.json"),
        r#"{"train": [3], "dev": [2], "test": [1]}"#,
    )
    .unwrap();
    let arguments = ["audit", ".", "--split", "speaker-independent"];
    refused(
        &amst(folder.path(), &arguments),
        USAGE,
        &["the owners' folds", "data_folds.pkl"],
    );
    let arguments = [&arguments[..], &["--folds", "folds.json", "--out", "new"]].concat();
    done(&amst(folder.path(), &arguments));
    assert_eq!(
        read(&folder.path().join("new/ur_funny_train.txt")),
        "3, NOTFUNNY, ### c\n"
    );
    std::fs::write(
        folder.path().join("folds.json"),
        r#"{"train": [3], "dev": [2], "test": [99]}"#,
    )
    .unwrap();
    refused(
        &amst(folder.path(), &arguments),
        DATA,
        &["1 clips are not in the published lists (99)"],
    );
}

/// Of the embedded spoken digits no speaker is on both sides of any split; validation and test
/// share theirs, and that is said.
#[test]
fn a_data_set_with_a_manifest_is_audited_by_its_group() {
    let folder = tempfile::tempdir().unwrap();
    for fold in ["0", "1", "2"] {
        let told = done(&amst(
            folder.path(),
            &["audit", "spoken-digits", "--fold", fold],
        ));
        assert!(told.starts_with("spoken-digits: 1800 lines\n"), "{told}");
        assert!(
            told.contains("of 800 in test by a speaker of val: 2 of 2 speakers"),
            "{told}"
        );
        assert!(!told.contains("speaker of train"), "{told}");
    }
    for (arguments, part) in [
        (&["--fold", "3"][..], "has 3: use 0 to 2"),
        (&["--split", "clean"], "--split is for published lists"),
        (&["--raw", "."], "--raw is for published lists"),
        (&["--lists-only"], "--lists-only is for published lists"),
    ] {
        let arguments = [&["audit", "spoken-digits"][..], arguments].concat();
        refused(&amst(folder.path(), &arguments), USAGE, &[part]);
    }
    let folder = lists();
    let arguments = ["audit", ".", "--fold", "1"];
    refused(
        &amst(folder.path(), &arguments),
        USAGE,
        &["--fold is for a manifest"],
    );
}
