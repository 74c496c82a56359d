//! Table 1 and the controls: what the rows are, which cells they share, where they do not apply.

use std::collections::BTreeMap;
use std::path::Path;

use amst::methods::built_in;
use amst_recipe::{
    Cell, CellId, DataLock, DatasetSpec, Grid, Layout, Modality, PAPER_DATASETS, Preset,
    RecipeError, ResolvedDataset, find_dataset,
};
use serde_json::{Value, json};

/// The paper's Table 1: CREMA-D, AVE, MVSA, IEMOCAP, UR-FUNNY.
const PAPER_TABLE_1: &str = "
Audio      59.1 ± 0.49 | 55.3 ± 0.56 | -           | 49.2 ± 1.41 | 59.7 ± 0.64
Visual     60.5 ± 0.75 | 28.5 ± 0.64 | 57.7 ± 1.21 | 46.5 ± 0.53 | 49.2 ± 0.78
Text       -           | -           | 70.8 ± 0.10 | 62.3 ± 0.30 | 68.9 ± 0.05
Naïve      62.9 ± 1.24 | 55.9 ± 0.46 | 71.1 ± 0.10 | 67.3 ± 1.20 | 70.0 ± 0.26
OGM-GE     65.5 ± 1.46 | 56.1 ± 1.24 | 72.7 ± 0.55 | 67.5 ± 0.44 | 70.3 ± 0.38
PMR        67.5 ± 1.65 | 58.8 ± 1.55 | 73.6 ± 0.20 | -           | -
MSLR       71.6 ± 0.82 | 61.1 ± 0.70 | 71.0 ± 0.10 | 61.1 ± 0.70 | 69.0 ± 0.58
MLA        74.8 ± 0.30 | 61.9 ± 0.44 | 71.8 ± 0.10 | 63.9 ± 0.62 | 65.6 ± 0.24
AMST-Alt   79.0 ± 0.55 | 62.1 ± 0.76 | 72.5 ± 0.31 | 67.5 ± 0.20 | 70.8 ± 0.34
AMST-Joint 78.2 ± 0.03 | 63.2 ± 0.46 | 72.5 ± 0.79 | 67.6 ± 0.99 | 72.1 ± 0.46
AMST-Full  80.5 ± 0.77 | 65.8 ± 0.38 | 72.6 ± 0.43 | 68.4 ± 0.54 | 71.6 ± 0.13";

#[test]
fn published_numbers_are_those_of_the_papers_table_1() {
    let grid = Grid::named("table1").unwrap();
    let lines: Vec<&str> = PAPER_TABLE_1.trim().lines().collect();
    assert_eq!(lines.len(), grid.experiment.len());
    for (line, row) in lines.iter().zip(&grid.experiment) {
        let (name, cells) = line.split_once(' ').unwrap();
        assert_eq!(name, row.name);
        let cells: Vec<&str> = cells.split('|').map(str::trim).collect();
        assert_eq!(cells.len(), PAPER_DATASETS.len());
        for (cell, paper) in cells.iter().zip(PAPER_DATASETS) {
            let ours = row
                .published
                .get(paper.name)
                .map(|p| format!("{:.1} ± {:.2}", p.0, p.1));
            assert_eq!(
                ours.as_deref().unwrap_or("-"),
                *cell,
                "{name} on {}",
                paper.name
            );
        }
    }
}

fn shipped() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../datasets")
}

/// The cells of seed 0 on world-digits that apply, by id.
fn on_world_digits(table: &str, assignments: &[&str]) -> BTreeMap<String, CellId> {
    let digits = find_dataset("world-digits", &shipped()).unwrap();
    let grid = Grid::named(table).unwrap();
    let cell = |id: &str| match cell(&grid, id, &digits, Preset::Recommended, assignments) {
        Ok(cell) => Some((id.to_string(), cell.id)),
        Err(RecipeError::NotApplicable { .. }) => None,
        Err(other) => panic!("{id}: {other}"),
    };
    grid.rows().filter_map(|e| cell(&e.id)).collect()
}

fn cell(
    grid: &Grid,
    id: &str,
    dataset: &ResolvedDataset,
    preset: Preset,
    assignments: &[&str],
) -> Result<Cell, RecipeError> {
    let assignments: Vec<String> = assignments.iter().map(|a| a.to_string()).collect();
    let lock: DataLock = serde_json::from_value("aa".into()).unwrap();
    grid.cell(
        built_in(),
        grid.experiment(id)?,
        0,
        dataset,
        &lock,
        preset,
        &assignments,
    )
}

/// Pairs of rows that are one cell.
fn shared(a: &BTreeMap<String, CellId>, b: &BTreeMap<String, CellId>) -> Vec<String> {
    let pairs = a.iter().flat_map(|a| b.iter().map(move |b| (a, b)));
    pairs
        .filter(|(a, b)| a.1 == b.1)
        .map(|(a, b)| format!("{} = {}", a.0, b.0))
        .collect()
}

/// MSLR needs rates, which the data set or the command line gives.
const RATES: [&str; 2] = ["mslr.lr.audio=0.01", "mslr.lr.visual=0.02"];

#[test]
fn six_rows_of_table_1_are_rows_of_table_2_and_no_other() {
    let (one, two) = (
        on_world_digits("table1", &RATES),
        on_world_digits("table2", &RATES),
    );
    assert_eq!(
        shared(&one, &two),
        [
            "amst-alt = 4",
            "amst-full = 6",
            "amst-joint = 2",
            "audio = audio",
            "mla = 3",
            "visual = visual"
        ]
    );
    assert_eq!(one.len(), 10, "all but text");
    assert_eq!(
        shared(&one, &one).len(),
        one.len(),
        "no row of Table 1 is another"
    );
}

#[test]
fn controls_share_what_is_not_a_control() {
    let (controls, one) = (
        on_world_digits("controls", &RATES),
        on_world_digits("table1", &RATES),
    );
    let expected = [
        "amst-alt = amst-alt",
        "amst-full = amst-full",
        "amst-joint = amst-joint",
        "mla = mla",
        "naive = naive",
    ];
    let mut found = shared(&controls, &one);
    assert!(
        found.contains(&"naive-tuned = mslr".to_string()),
        "Naive with MSLR's rates is MSLR (D6): {found:?}"
    );
    found.retain(|pair| pair != "naive-tuned = mslr");
    assert_eq!(found, expected);
    assert_eq!(
        (controls.len(), shared(&controls, &controls).len()),
        (13, 13),
        "no control is another"
    );
}

#[test]
fn a_control_with_precise_bn_differs_in_nothing_else() {
    let digits = find_dataset("world-digits", &shipped()).unwrap();
    let controls = Grid::named("controls").unwrap();
    for id in ["naive", "mla", "amst-alt", "amst-full"] {
        let plain = cell(&controls, id, &digits, Preset::Recommended, &[])
            .unwrap()
            .recipe;
        let mut precise = cell(
            &controls,
            &format!("{id}-bn"),
            &digits,
            Preset::Recommended,
            &[],
        )
        .unwrap()
        .recipe;
        assert_eq!(
            (precise.precise_bn, plain.skip.recalibrate),
            (20, 20),
            "{id}: as many batches as AMST's"
        );
        precise.precise_bn = 0;
        assert_eq!(precise, plain, "{id}");
    }
}

#[test]
fn rates_that_are_naives_own_make_the_tuned_row_naive_itself() {
    let same = ["mslr.lr.audio=0.01", "mslr.lr.visual=0.01"];
    let controls = on_world_digits("controls", &same);
    assert_eq!(controls["naive-tuned"], controls["naive"]);
}

#[test]
fn only_amst_skips() {
    let digits = find_dataset("world-digits", &shipped()).unwrap();
    for table in ["table1", "controls"] {
        let grid = Grid::named(table).unwrap();
        for row in grid.experiment.iter().filter(|r| r.id != "text") {
            let recipe = cell(&grid, &row.id, &digits, Preset::Recommended, &RATES)
                .unwrap()
                .recipe;
            let skips = !recipe.skip.audio.is_always();
            assert_eq!(skips, row.id.starts_with("amst-"), "{table}, {}", row.id);
        }
    }
}

/// A data set in memory, of sound and pictures unless its settings say otherwise.
fn dataset(recipe: Value) -> ResolvedDataset {
    let spec = DatasetSpec {
        name: "pets".into(),
        layout: Layout::Csv,
        recipe,
        ..DatasetSpec::synthetic()
    };
    ResolvedDataset {
        spec,
        root: "pets".into(),
    }
}

/// Why a row of Table 1 does not apply.
fn why_not(id: &str, dataset: &ResolvedDataset, preset: Preset, assignments: &[&str]) -> String {
    match cell(
        &Grid::named("table1").unwrap(),
        id,
        dataset,
        preset,
        assignments,
    ) {
        Err(RecipeError::NotApplicable {
            id: found,
            dataset,
            why,
            ..
        }) => {
            assert_eq!((found.as_str(), dataset.as_str()), (id, "pets"));
            why
        }
        other => panic!("{id}: {other:?}"),
    }
}

#[test]
fn a_row_of_a_modality_that_is_not_there_does_not_apply_until_it_is_added() {
    let two = dataset(json!({}));
    let why = why_not("text", &two, Preset::Recommended, &[]);
    assert!(
        why.contains("audio and visual") && why.contains("`--set modalities=audio,text,visual`"),
        "{why}"
    );
    let table1 = Grid::named("table1").unwrap();
    let three = ["modalities=audio,text,visual"];
    for (id, modality) in [
        ("audio", Modality::Audio),
        ("text", Modality::Text),
        ("visual", Modality::Visual),
    ] {
        let recipe = cell(&table1, id, &two, Preset::Recommended, &three)
            .unwrap()
            .recipe;
        assert_eq!(
            (recipe.method.name(), recipe.modalities),
            ("unimodal", vec![modality]),
            "{id}"
        );
    }
    let naive = cell(&table1, "naive", &two, Preset::Recommended, &three)
        .unwrap()
        .recipe;
    assert_eq!(naive.modalities, Modality::ALL);
    assert!(
        why_not("visual", &two, Preset::Recommended, &["modalities=audio"])
            .contains("its modalities are audio;")
    );
}

#[test]
fn a_single_modality_keeps_its_encoders_width() {
    let three = dataset(json!({
        "modalities": ["audio", "text", "visual"],
        "audio": { "embed": 768 }, "visual": { "embed": 768 }, "text": { "embed": 768 },
    }));
    let table1 = Grid::named("table1").unwrap();
    let embed = |id: &str| {
        cell(&table1, id, &three, Preset::Recommended, &[])
            .unwrap()
            .recipe
            .embed()
    };
    assert_eq!(
        (embed("audio"), embed("visual"), embed("naive")),
        (512, 512, 768)
    );
    assert_eq!(embed("text"), 64, "the token mean's own width");
}

#[test]
fn mslr_without_rates_does_not_apply_and_with_rates_does() {
    let pets = dataset(json!({}));
    assert!(why_not("mslr", &pets, Preset::Recommended, &[]).contains("`mslr.lr.audio`"));
    let table1 = Grid::named("table1").unwrap();
    assert!(cell(&table1, "mslr", &pets, Preset::Recommended, &RATES).is_ok());
    let own = dataset(json!({ "mslr": { "lr": { "audio": 0.001, "visual": 0.01 } } }));
    assert!(cell(&table1, "mslr", &own, Preset::Recommended, &[]).is_ok());
}

#[test]
fn pmrs_published_rule_does_not_apply_to_three_modalities() {
    let three = dataset(json!({ "modalities": ["audio", "text", "visual"] }));
    let published = dataset(
        json!({ "modalities": ["audio", "text", "visual"], "pmr": { "rule": "published" } }),
    );
    assert!(why_not("pmr", &published, Preset::Recommended, &[]).contains("pmr.rule"));
    let table1 = Grid::named("table1").unwrap();
    assert!(
        cell(&table1, "pmr", &three, Preset::Recommended, &[]).is_ok(),
        "our own rule does"
    );
    assert!(
        cell(
            &table1,
            "pmr",
            &published,
            Preset::Recommended,
            &["pmr.rule=below-mean"]
        )
        .is_ok()
    );
    let two = dataset(json!({ "pmr": { "rule": "published" } }));
    let typed = why_not(
        "pmr",
        &two,
        Preset::Recommended,
        &["modalities=audio,text,visual"],
    );
    assert!(
        typed.contains("pmr.rule"),
        "which modalities there are may be typed: {typed}"
    );
    assert!(cell(&table1, "pmr", &two, Preset::Recommended, &[]).is_ok());
}

#[test]
fn balancing_a_single_modality_does_not_apply() {
    let audio = dataset(json!({ "modalities": ["audio"] }));
    for id in ["ogm-ge", "pmr"] {
        assert!(
            why_not(id, &audio, Preset::Recommended, &[]).contains("there is one"),
            "{id}"
        );
    }
}

#[test]
fn a_wrong_assignment_is_a_mistake_even_where_the_row_would_not_apply() {
    let pets = dataset(json!({}));
    let table1 = Grid::named("table1").unwrap();
    for (id, assignment, names) in [
        ("naive", "epochs=0", "`epochs`"),
        ("mslr", "epochs=0", "`epochs`"),
        ("text", "epoch=3", "did you mean `epochs`?"),
        ("ogm-ge", "ogm.alpha=-1", "`ogm.alpha`"),
        ("pmr", "pmr.momentum=7", "`pmr.momentum`"),
        ("audio", "modalities=smell", "`modalities`"),
        ("naive", "visual.width=32", "visual.embed"),
    ] {
        let error = cell(&table1, id, &pets, Preset::Recommended, &[assignment]).unwrap_err();
        assert!(
            !matches!(error, RecipeError::NotApplicable { .. }),
            "{id} with {assignment}: {error}"
        );
        assert!(
            error.to_string().contains(names),
            "{id} with {assignment}: {error}"
        );
    }
}

#[test]
fn a_data_set_that_contradicts_itself_is_a_mistake() {
    let broken = dataset(json!({ "visual": { "width": 32 } }));
    let error = cell(
        &Grid::named("table1").unwrap(),
        "naive",
        &broken,
        Preset::Recommended,
        &[],
    )
    .unwrap_err();
    assert!(matches!(error, RecipeError::Contradiction(_)), "{error}");
    let unknown = dataset(json!({ "epoch": 3 }));
    let error = cell(
        &Grid::named("table1").unwrap(),
        "text",
        &unknown,
        Preset::Recommended,
        &[],
    )
    .unwrap_err();
    assert!(matches!(error, RecipeError::UnknownKey { .. }), "{error}");
}

#[test]
fn a_preset_that_a_method_does_not_have_leaves_its_row_out() {
    let why = why_not("amst-full", &dataset(json!({})), Preset::Original, &[]);
    assert!(why.contains("`original`"), "{why}");
}

#[test]
fn every_row_has_a_name_and_an_id_that_can_be_typed() {
    for table in ["table1", "controls"] {
        let grid = Grid::named(table).unwrap();
        assert!(
            grid.heading.is_some() && grid.ticks.is_empty() && grid.seeds == [0, 1, 2],
            "{table}"
        );
        for row in &grid.experiment {
            let typed = row.id.chars().all(|c| c.is_ascii_lowercase() || c == '-');
            assert!(
                typed && !row.name.is_empty() && row.ticks.is_empty(),
                "{table}, {}",
                row.id
            );
        }
    }
}
