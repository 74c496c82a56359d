//! Bad input: every wrong line is named, with its file, and what to do.

use amst_annotations::{
    AnnotationError, Dataset, Split, ave, iemocap, mvsa, parse_list, read_lists,
};

fn refusal(dataset: Dataset, text: &str) -> String {
    parse_list(dataset, Split::Train, text, "list.txt")
        .unwrap_err()
        .to_string()
}

#[test]
fn a_line_of_another_form_is_named_with_the_form_that_was_expected() {
    for (dataset, line, why) in [
        (
            Dataset::CremaD,
            "1086_ITS_SAD_XX.flv",
            "is not `<name>.flv <label>`",
        ),
        (
            Dataset::CremaD,
            "1086_ITS_SAD_XX.wav Sad",
            "is not `<name>.flv <label>`",
        ),
        (
            Dataset::CremaD,
            "1086_ITS_SAD_XX.flv Angre",
            "did you mean `Anger`?",
        ),
        (
            Dataset::CremaD,
            "1086_ITS_SAD_XX.flv Anger",
            "says Sad by its name and Anger by its label",
        ),
        (
            Dataset::CremaD,
            "1086_ITS_SAD.flv Sad",
            "is not `<speaker>_<sentence>_<emotion>_<level>`",
        ),
        (
            Dataset::Ave,
            "../x.mp4 Bus",
            "`../x` cannot be a sample's name",
        ),
        (Dataset::Ave, "x.mp4 Busses", "did you mean `Bus`?"),
        (
            Dataset::MvsaSingle,
            "1.png positive",
            "is not `<name>.jpg <label>`",
        ),
        (
            Dataset::Iemocap,
            "Ses05F_impro07_F013, exc, 60.24, 64.57",
            "is not `<turn>, <label>",
        ),
        (
            Dataset::Iemocap,
            "Ses05F_impro07_F013, exc, 64.57, 60.24 ### a",
            "the span ends at 60.24 s",
        ),
        (
            Dataset::Iemocap,
            "Ses05F_impro07_F013, exc, x, 60.24 ### a",
            "`x` is no number of seconds",
        ),
        (
            Dataset::Iemocap,
            "Ses05F_impro07_F013, hap, 1, 2 ### a",
            "`hap` is no label here",
        ),
        (
            Dataset::Iemocap,
            "Ses9, exc, 1, 2 ### a",
            "is not a turn such as",
        ),
        (
            Dataset::UrFunny,
            "10397 NOTFUNNY ### a",
            "is not `<number>, <label>, ### <text>`",
        ),
        (
            Dataset::UrFunny,
            "x1, FUNNY, ### a",
            "is not `<number>, <label>, ### <text>`",
        ),
        (Dataset::UrFunny, "1, FUNY, ### a", "did you mean `FUNNY`?"),
    ] {
        let message = refusal(dataset, &format!("\n{line}\n"));
        assert!(
            message.starts_with("list.txt:2: ") && message.contains(why),
            "{line}: {message}"
        );
        assert!(
            message.ends_with("correct it, or fetch the published file again"),
            "{message}"
        );
    }
}

#[test]
fn all_wrong_lines_are_kept_and_the_first_twenty_shown() {
    let text = format!("1.jpg positive\n{}", "2.jpg\n".repeat(25));
    let error = parse_list(Dataset::MvsaSingle, Split::Train, &text, "list.txt").unwrap_err();
    let (message, all) = (error.to_string(), error.in_full());
    assert!(
        message.starts_with("25 lines are not what they should be; "),
        "{message}"
    );
    assert!(
        message.contains("\nlist.txt:2: ") && message.contains("\nlist.txt:21: "),
        "{message}"
    );
    assert!(
        !message.contains("list.txt:22:") && message.ends_with("\nand 5 more such lines"),
        "{message}"
    );
    assert!(
        all.len() == 25 && all[24].starts_with("list.txt:26: "),
        "{all:?}"
    );
}

#[test]
fn a_long_line_is_shown_by_its_beginning() {
    let message = refusal(Dataset::MvsaSingle, &"\u{1b}é".repeat(5_000));
    assert!(
        message.len() < 1_000 && message.contains("\\u{1b}é") && message.contains('…'),
        "{message}"
    );
}

#[test]
fn an_empty_file_is_refused() {
    assert!(matches!(
        parse_list(Dataset::Ave, Split::Train, "\n \r\n", "x").unwrap_err(),
        AnnotationError::Empty { .. }
    ));
    assert!(matches!(
        ave::events("", "x").unwrap_err(),
        AnnotationError::Empty { .. }
    ));
    assert!(matches!(
        mvsa::pairs("ID\ttext,image\n", "x").unwrap_err(),
        AnnotationError::Empty { .. }
    ));
    assert!(matches!(
        iemocap::turns("% nothing\n", "x").unwrap_err(),
        AnnotationError::Empty { .. }
    ));
}

#[test]
fn what_is_wrong_in_three_lists_is_told_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let error = read_lists(Dataset::MvsaSingle, folder.path())
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("my_train_mvsa.txt, my_val_mvsa.txt, my_test_mvsa.txt are missing"),
        "{error}"
    );
    let remedy = format!(
        "cargo xtask fetch mvsa-single --raw {}`",
        folder.path().display()
    );
    assert!(error.contains(&remedy), "{error}");

    let splits = folder.path().join("splits");
    std::fs::create_dir(&splits).unwrap();
    std::fs::write(splits.join("my_train_mvsa.txt"), "1.jpg happy\n").unwrap();
    std::fs::write(splits.join("my_val_mvsa.txt"), "2.jpg positive\n").unwrap();
    std::fs::write(
        splits.join("my_test_mvsa.txt"),
        b"3.jpg positive\n4.jpg \xff\n",
    )
    .unwrap();
    let error = read_lists(Dataset::MvsaSingle, folder.path())
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("2 lines are not what they should be"),
        "{error}"
    );
    assert!(
        error.contains("my_train_mvsa.txt:1: `happy` is no label here; one of: negative"),
        "{error}"
    );
    assert!(
        error.contains("my_test_mvsa.txt:2: ") && error.contains("is not UTF-8"),
        "{error}"
    );
}

#[test]
fn wrong_lines_of_the_owners_files_are_named() {
    let error = ave::events(
        "Church bell&x&good&0\nBells&y&good&0&10\n",
        "Annotations.txt",
    )
    .unwrap_err()
    .to_string();
    assert!(
        error.contains("Annotations.txt:1: ") && error.contains("Annotations.txt:2: `Bells`"),
        "{error}"
    );
    let error = mvsa::pairs(
        "ID\ttext,image\n1 positive,positive\n2\tpositive,postive\n",
        "l",
    )
    .unwrap_err()
    .to_string();
    assert!(
        error.contains("l:2: ") && error.contains("did you mean `positive`?"),
        "{error}"
    );
    let turn = "[1.0 - 2.0]\tSes01F_impro01_F000\tjoy\t[2.5]\n[1.0 2.0]\tSes01F_impro01_F000\tneu\t[2.5]\n";
    let error = iemocap::turns(turn, "e").unwrap_err().to_string();
    assert!(
        error.contains("e:1: `joy` is no emotion of IEMOCAP") && error.contains("e:2: "),
        "{error}"
    );
    let error = iemocap::transcripts("Ses01F_impro01_F000 006-008: Hello\n", "t")
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("t:1: ") && error.contains("is not `<turn> [<start>-<end>]: <text>`"),
        "{error}"
    );
}

#[test]
fn a_list_that_is_another_kind_of_file_is_told_as_what_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let good = "1.jpg positive\n2.jpg neutral\n";
    let utf_16: Vec<u8> = [0xfeff_u16]
        .into_iter()
        .chain(good.encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 1\n";
    for (bytes, words) in [
        (
            utf_16.as_slice(),
            "it is UTF-16 text; convert it with `iconv -f UTF-16",
        ),
        (pointer, "it is a Git LFS pointer, not the file: `git -C "),
    ] {
        for split in Split::ALL {
            let list = folder.path().join(Dataset::MvsaSingle.list_name(split));
            std::fs::write(list, bytes).unwrap();
        }
        let error = read_lists(Dataset::MvsaSingle, folder.path()).unwrap_err();
        assert!(matches!(error, AnnotationError::OtherFormat { .. }));
        assert!(error.to_string().contains(words), "{error}");
    }
}
