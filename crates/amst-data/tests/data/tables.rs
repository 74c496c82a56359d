//! Tables: what is read of each line, and what is told of those that are no rows.

use std::collections::BTreeSet;
use std::process::Command;

use amst_data::layout::csv;
use amst_data::{DataError, Row, SplitName};
use amst_recipe::Modality;
use proptest::prelude::*;

use crate::small::Small;

fn read(small: &Small) -> Result<Vec<Row>, DataError> {
    csv::read(&small.dataset(), &Modality::ALL, 0)
}

/// The reason for which the table itself is refused.
fn refused(small: &Small) -> String {
    match read(small) {
        Err(error @ DataError::Table { .. }) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

/// Runs the one command of a message that stands in backquotes and holds `word`, as if pasted.
fn paste(message: &str, word: &str) {
    let command = message.split('`').find(|part| part.starts_with(word));
    let command = command.unwrap_or_else(|| panic!("no `{word}` in: {message}"));
    let done = Command::new("sh").args(["-c", command]).output().unwrap();
    assert!(done.status.success(), "{command}: {done:?}");
}

/// Whether a program is here; the commands of messages are tested where they can be run.
fn has(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok()
}

#[test]
fn a_quotation_mark_that_swallows_rows_is_refused_with_its_line() {
    let small = Small::new();
    let good = small.manifest();
    for (from, to, words) in [
        // Up to the next one.
        (",\"no. 2, é\"", ",\"no. 2", "opens a cell in line 4"),
        // Up to the end.
        (
            ",\"no. 8, é\"",
            ",\"no. 8",
            "opens a cell in line 10 is not closed",
        ),
        // In a cell that is not the text's.
        ("s3,ant", "\"s3,ant", "opens a cell in line 5"),
    ] {
        small.put("manifest.csv", good.replace(from, to).as_bytes());
        let message = refused(&small);
        assert!(
            message.contains(words) && message.contains("doubled"),
            "{message}"
        );
    }
    // Up to a mark that closes it as if all were one text.
    let text = |n: usize| format!("\"no. {n}, é\"");
    let swallowing = good
        .replace(&text(2), "\"no. 2")
        .replace(&text(5), "no. 5\"");
    small.put(
        "manifest.csv",
        swallowing
            .replace(&text(3), "3")
            .replace(&text(4), "4")
            .as_bytes(),
    );
    let message = refused(&small);
    assert!(
        message.contains("line 4 is closed in line 7 only, and line 5 would be inside it"),
        "{message}"
    );
}

#[test]
fn a_text_may_have_line_breaks_and_no_other_cell_may() {
    let small = Small::new();
    small.replace(
        "\"no. 2, é\"",
        "\"no. 2,\r\n\r\nwith \"\"marks\"\", and, three, more, commas, é\"",
    );
    let rows = read(&small).unwrap();
    assert_eq!(rows.len(), 9);
    assert!(format!("{:?}", rows[2].raw[&Modality::Text]).contains("\\\"marks\\\""));
    small.replace("s7,bee", "s7,\"be\ne\"");
    let message = refused(&small);
    assert!(
        message.contains("line 11") && message.contains("only cells of the column `text`"),
        "{message}"
    );
}

#[test]
fn rows_of_empty_cells_and_blank_lines_are_no_samples() {
    let small = Small::new();
    let before = read(&small).unwrap();
    let spreadsheet = small.manifest().replace('\n', "\n\n") + "\n,,,,,\n  \n\"\",,,,,\n";
    small.put("manifest.csv", spreadsheet.as_bytes());
    assert_eq!(read(&small).unwrap(), before);
}

#[test]
fn rows_of_another_length_are_all_named() {
    let small = Small::new();
    small.replace("\"no. 4, é\"", "no. 4, é");
    small.replace("\"no. 6, é\"", "x,");
    let message = refused(&small);
    for word in [
        "has 6 (2)",
        "line 6: 7 cells\n",
        "line 8: 7 cells: a comma at its end",
        "quoted",
    ] {
        assert!(message.contains(word), "{message}");
    }
}

#[test]
fn another_separator_is_named_and_the_command_converts_the_table() {
    let small = Small::new();
    let before = read(&small).unwrap();
    for (separator, named) in [(';', "separated by `;`"), ('\t', "separated by tabs")] {
        let good = small.manifest();
        // Cells that hold the separator are quoted, as programs write them.
        let other = good
            .replace("p0.png;p1.png", "p0.png@p1.png")
            .replace(", é", "@@ é")
            .replace(',', &separator.to_string())
            .replace("p0.png@p1.png", "\"p0.png;p1.png\"")
            .replace("@@", ",");
        small.put("manifest.csv", other.as_bytes());
        let message = refused(&small);
        assert!(message.contains(named), "{message}");
        if has("python3") {
            paste(&message, "PYTHONUTF8=1");
            assert_eq!(read(&small).unwrap(), before);
        }
        small.put("manifest.csv", good.as_bytes());
    }
}

#[test]
fn other_encodings_are_named_and_the_command_converts_the_table() {
    let small = Small::new();
    let (good, before) = (small.manifest(), read(&small).unwrap());
    let utf_16 = |mark: &[u8], bytes: fn(u16) -> [u8; 2]| {
        let text = good.encode_utf16().flat_map(bytes);
        mark.iter().copied().chain(text).collect::<Vec<u8>>()
    };
    let encoded = [
        (utf_16(b"\xff\xfe", u16::to_le_bytes), "UTF-16 text"),
        (utf_16(b"\xfe\xff", u16::to_be_bytes), "UTF-16 text"),
        (utf_16(b"", u16::to_le_bytes), "UTF-16 text"),
        (utf_16(b"", u16::to_be_bytes), "UTF-16 text"),
        (
            good.chars().map(|c| c as u8).collect(),
            "line 2 holds the byte 0xe9; it is probably ISO-8859-1",
        ),
    ];
    for (bytes, named) in encoded {
        small.put("manifest.csv", &bytes);
        let message = refused(&small);
        assert!(message.contains(named), "{message}");
        if has("iconv") {
            paste(&message, "iconv");
            assert_eq!(read(&small).unwrap(), before, "{message}");
        }
    }
    let windows: Vec<u8> = good
        .chars()
        .map(|c| if c == 'é' { 0x96 } else { c as u8 })
        .collect();
    small.put("manifest.csv", &windows);
    assert!(refused(&small).contains("-f WINDOWS-1252"));
    small.put("manifest.csv", b"PK\x03\x04\x14\0\x06\0");
    assert!(refused(&small).contains("spreadsheet's own file"));
    small.put(
        "manifest.csv",
        b"version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 1\n",
    );
    assert!(refused(&small).contains("lfs pull` brings it"));
}

#[test]
fn an_empty_table_and_one_without_a_header_are_told_so() {
    let small = Small::new();
    let good = small.manifest();
    small.put("manifest.csv", b"\n\n");
    assert!(refused(&small).contains("it is empty"));
    let (_, samples) = good.split_once('\n').unwrap();
    small.put("manifest.csv", samples.as_bytes());
    assert!(refused(&small).contains("first line is a sample, not a header"));
}

/// A change of a table.
#[derive(Clone, Debug)]
enum Change {
    Insert(&'static str),
    /// A quotation mark at the start of a text, where it opens a cell, or at its end.
    OpenText,
    CloseText,
    Remove,
    Swap,
}

fn change() -> impl Strategy<Value = Change> {
    let pieces = vec![
        "\"", "\"\"", ",", "\n", "\r", "\r\n", " ", ",\"", "\",", "\"\n", "é",
    ];
    prop_oneof![
        2 => prop::sample::select(pieces).prop_map(Change::Insert),
        3 => Just(Change::OpenText),
        3 => Just(Change::CloseText),
        1 => Just(Change::Remove),
        1 => Just(Change::Swap),
    ]
}

/// The table after changes at places, in characters.
fn changed(table: &str, changes: &[(usize, Change)]) -> String {
    let mut characters: Vec<char> = table.chars().collect();
    for (at, change) in changes {
        let at = at % characters.len();
        let end = characters[at..].iter().position(|c| *c == '\n');
        let end = end.map_or(characters.len(), |length| at + length);
        match change {
            Change::Insert(text) => {
                characters.splice(at..at, text.chars());
            }
            Change::OpenText => {
                let start = characters[..end].iter().rposition(|c| *c == ',');
                characters.insert(start.map_or(0, |comma| comma + 1), '"');
            }
            Change::CloseText => characters.insert(end, '"'),
            Change::Remove => {
                characters.remove(at);
            }
            Change::Swap => {
                let next = (at + 1) % characters.len();
                characters.swap(at, next);
            }
        }
    }
    characters.into_iter().collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Samples in are the lines of the table that begin one; each is used, or the table is refused
    /// with a reason.
    #[test]
    fn every_sample_of_a_changed_table_is_used_or_the_table_is_refused(
        unused in prop::collection::btree_set(0..36_usize, 0..8),
        long_texts in prop::collection::btree_set(0..36_usize, 0..8),
        changes in prop::collection::vec((any::<usize>(), change()), 0..4),
    ) {
        thread_local! {
            static SMALL: Small = Small::new();
        }
        SMALL.with(|small| {
            let mut table = "id,label,split,audio,image,text\n".to_owned();
            for n in 0..36_usize {
                let (label, split) = (["ant", "bee", "cat"][n % 3], ["train", "val", "test"][n / 3 % 3]);
                let split = if unused.contains(&n) { "unused" } else { split };
                let text = if long_texts.contains(&n) { "\"one,\ntwo\"" } else { "words" };
                let file = n % 9;
                table += &format!("s{n},{label},{split},a{file}.wav,p{file}.png,{text}\n");
            }
            let table = changed(&table, &changes);
            small.put("manifest.csv", table.as_bytes());
            match read(small) {
                Err(error) => assert!(!error.to_string().is_empty()),
                Ok(rows) => {
                    // A sample's line has its files in it, whatever became of the rest.
                    let lines = table.split(['\n', '\r']).filter(|line| line.contains(".png"));
                    let in_use = lines.filter(|line| !line.contains("unused")).count();
                    assert_eq!(rows.len(), in_use, "{table}");
                    let ids: BTreeSet<&str> = rows.iter().map(|row| row.id.as_str()).collect();
                    assert_eq!(ids.len(), rows.len());
                    assert!(SplitName::ALL.iter().all(|split| rows.iter().any(|row| row.split == *split)));
                }
            }
        });
    }
}
