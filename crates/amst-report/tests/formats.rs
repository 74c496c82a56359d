//! Golden files of each format, of one table with a failed and a removed run.

mod made;

use amst::methods::built_in;
use amst_recipe::{Grid, PAPER_DATASETS, Preset};
use amst_report::{Csv, Exporter, Json, Markdown, MeasuredDataset, Table, Terminal, collect};
use made::table_after;

fn incomplete() -> Table {
    table_after(|runs, cells| {
        for (_, cell) in &cells[..3] {
            std::fs::remove_dir_all(runs.join(cell.run_dir())).unwrap();
        }
        made::write(runs, &cells[4].1, "{");
    })
}

fn golden(name: &str, text: String) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("golden");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

/// Text without its escape sequences.
fn bare(styled: &str) -> String {
    let mut parts = styled.split('\u{1b}');
    let first = parts.next().unwrap_or_default().to_string();
    parts.fold(first, |text, part| {
        text + part.split_once('m').map_or(part, |(_, rest)| rest)
    })
}

#[test]
fn plain_text_marks_best_and_second_and_explains_what_is_missing() {
    golden("plain", Terminal::default().export(&incomplete()));
}

#[test]
fn a_narrow_terminal_gets_the_published_numbers_below() {
    let table = table_after(|_, _| ());
    let styled = Terminal {
        styled: true,
        width: Some(80),
    }
    .export(&table);
    let styled = bare(&styled);
    for line in styled.lines().take_while(|l| !l.contains("majority:")) {
        assert!(line.chars().count() <= 80, "{line}");
    }
    golden(
        "narrow",
        Terminal {
            styled: false,
            width: Some(80),
        }
        .export(&table),
    );
}

#[test]
fn escape_sequences_do_not_shift_columns() {
    let styled = Terminal {
        styled: true,
        width: None,
    }
    .export(&table_after(|_, _| ()));
    let bare = styled
        .replace("\u{1b}[1m", "")
        .replace("\u{1b}[22m", "")
        .replace("\u{1b}[4m", "")
        .replace("\u{1b}[24m", "");
    let starts = |needle: &str| {
        let columns = bare
            .lines()
            .filter_map(move |l| l.find(needle).map(|at| l[..at].chars().count()));
        let mut columns: Vec<_> = columns.collect();
        columns.dedup();
        columns
    };
    assert_eq!(starts("CREMA-D").first(), starts("– (").first(), "{bare}");
    assert!(
        styled.contains("\u{1b}[1m81.0 ± 0.58\u{1b}[22m"),
        "{styled}"
    );
    assert!(
        styled.contains("\u{1b}[4m76.0 ± 0.58\u{1b}[24m"),
        "{styled}"
    );
}

#[test]
fn markdown_is_a_table_with_bold_and_underline() {
    golden("markdown", Markdown.export(&incomplete()));
}

#[test]
fn csv_has_a_line_for_every_seed() {
    let text = Csv.export(&incomplete());
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(
        lines.len(),
        1 + 6 * (3 + 5),
        "heading, six rows of three seeds and five paper columns"
    );
    assert!(
        lines[9 + 8].starts_with("table2,3,alternating module,digits,0,0.65,0.66"),
        "{}",
        lines[9 + 8]
    );
    golden("csv", text);
}

#[test]
fn json_keeps_every_digit_and_says_where_it_is_from() {
    let value: serde_json::Value = serde_json::from_str(&Json.export(&incomplete())).unwrap();
    assert_eq!(value["schema"], 1);
    let cell = &value["rows"][5]["cells"][0];
    let seeds = cell["seeds"].as_array().unwrap();
    assert_eq!(seeds.len(), 3);
    assert_eq!(seeds[1]["accuracy"], 0.5 + 0.05 * 6.0 + 0.01);
    assert_eq!(seeds[1]["cell"].as_str().unwrap().len(), 64);
    let short = &seeds[1]["cell"].as_str().unwrap()[..8];
    assert_eq!(
        seeds[1]["source"],
        format!("runs/digits/amst-full/1-{short}/result.json")
    );
    assert_eq!(cell["outputs"]["alt.fused"]["mean"], 0.625);
    assert_eq!(
        value["rows"][0]["cells"][0]["accuracy"],
        serde_json::Value::Null
    );
    assert_eq!(
        value["rows"][0]["cells"][0]["seeds"][0]["missing"],
        "not run yet"
    );
    assert_eq!(
        value["rows"][5]["cells"][1]["published"],
        serde_json::json!([80.5, 0.77])
    );
}

#[test]
fn a_measured_paper_data_set_is_not_repeated_and_keeps_its_published_number() {
    let grid = Grid::named("table2").unwrap();
    let experiments: Vec<_> = grid.experiment.iter().collect();
    let crema = MeasuredDataset {
        name: "crema-d".into(),
        title: "CREMA-D".into(),
        classes: 6,
    };
    let table = Table::new(&grid, &experiments, &[0], &[crema], &[]);
    assert_eq!(table.columns.len(), PAPER_DATASETS.len());
    assert!(table.columns[0].measured && table.columns[0].access.is_none());
    assert_eq!(table.rows[5].cells[0].published.unwrap().0, 80.5);
    assert_eq!(table.notes().len(), 4, "the other four say how to get them");
}

#[test]
fn each_absent_paper_data_set_says_how_to_get_it() {
    let notes = table_after(|_, _| ()).notes();
    assert_eq!(notes.len(), PAPER_DATASETS.len());
    for (note, paper) in notes.iter().zip(PAPER_DATASETS) {
        assert!(
            note.starts_with(paper.title) && note.contains(paper.access),
            "{note}"
        );
        assert!(
            note.contains(&format!("--dataset path/to/{}", paper.name)),
            "{note}"
        );
    }
}

/// A modality alone stands above the six experiments and is never the best of them.
#[test]
fn a_row_to_compare_with_takes_no_place() {
    let grid = Grid::named("table2").unwrap();
    let dataset = made::digits();
    let cell = |id: &str| {
        let row = grid.experiment(id).unwrap();
        let cell = grid.cell(
            built_in(),
            row,
            0,
            &dataset,
            &made::lock(),
            Preset::Recommended,
            &[],
        );
        (id.to_string(), cell.unwrap())
    };
    let runs = tempfile::tempdir().unwrap();
    let cells = ["visual", "1", "2"].map(cell);
    for ((_, cell), accuracy) in cells.iter().zip([0.99, 0.5, 0.6]) {
        let text = serde_json::to_string(&made::result(cell, accuracy)).unwrap();
        made::write(runs.path(), cell, &text);
    }
    let entries = collect(built_in(), &made::wanted(&cells), runs.path());
    let rows = ["visual", "1", "2"].map(|id| grid.experiment(id).unwrap());
    let digits = MeasuredDataset {
        name: "digits".into(),
        title: "Digits".into(),
        classes: 10,
    };
    let table = Table::new(&grid, &rows, &[0], &[digits], &entries);
    assert!(table.rows[0].reference && !table.rows[1].reference);
    let text = Terminal::default().export(&table);
    for part in ["visual alone", "99.0", "**60.0**", "_50.0_"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("**99.0**"), "{text}");
}
