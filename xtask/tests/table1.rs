//! `cargo xtask reproduce table1`: rows with names, cells shared with Table 2, rows that do not
//! apply, significance.
#![cfg(unix)]

mod bench;

use bench::{Bench, stderr, stdout};
use serde_json::Value;

const RATES: &str = "mslr.lr = { audio = 0.001, visual = 0.01 }\n";

/// The rows of Table 1 that apply to sound and pictures.
const ROWS: [&str; 10] = [
    "audio",
    "visual",
    "naive",
    "ogm-ge",
    "pmr",
    "mslr",
    "mla",
    "amst-alt",
    "amst-joint",
    "amst-full",
];

/// Forty answers, of which so many from the front are right.
fn right(count: usize) -> String {
    "1".repeat(count) + &"0".repeat(40 - count)
}

/// Results for every row and seed; the n-th row answers 3·n samples and one a seed.
fn stashed(settings: &str) -> Bench {
    let bench = Bench::of("table1", settings);
    for (n, row) in ROWS
        .iter()
        .enumerate()
        .filter(|(_, row)| **row != "mslr" || settings.contains("mslr"))
    {
        for seed in [0, 1, 2] {
            bench.stash_answers(row, seed, &right(3 * n + seed as usize));
        }
    }
    bench
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|e| panic!("{e}: {text}"))
}

#[test]
fn every_row_that_applies_is_trained_once_and_printed_by_name() {
    let bench = stashed(RATES);
    let assert = bench.reproduce(&["--jobs", "2"]).success();
    let trained = bench
        .calls()
        .iter()
        .filter(|c| c.starts_with("train"))
        .count();
    assert_eq!(trained, 30, "{}", stderr(&assert));
    let text = stdout(&assert);
    for name in [
        "Audio",
        "Visual",
        "Naïve",
        "OGM-GE",
        "PMR",
        "MSLR",
        "MLA",
        "AMST-Alt",
        "AMST-Joint",
        "AMST-Full",
    ] {
        assert!(
            text.lines().any(|l| l.starts_with(&format!("{name} "))),
            "{name}: {text}"
        );
    }
    assert!(text.contains("Method") && !text.contains("Exp"), "{text}");
    assert!(
        text.lines().any(|l| l.starts_with("majority"))
            && text.lines().any(|l| l.starts_with("chance")),
        "{text}"
    );
    assert!(
        text.contains("– (59.1 ± 0.49)"),
        "what the paper has for audio on CREMA-D: {text}"
    );
}

#[test]
fn a_row_that_does_not_apply_is_a_dash_with_a_reason_and_no_failure() {
    let bench = stashed("");
    let text = stdout(&bench.reproduce(&[]).success());
    let row = |name: &str| {
        text.lines()
            .find(|l| l.starts_with(name))
            .unwrap()
            .to_string()
    };
    assert!(row("Text ").contains("Text        –"), "{text}");
    assert!(
        text.contains("Digits, Text: does not apply: its modalities are audio and visual"),
        "{text}"
    );
    assert!(
        text.contains("Digits, MSLR: does not apply: `mslr.lr.audio`"),
        "{text}"
    );
    assert!(
        bench
            .calls()
            .iter()
            .all(|c| !c.contains("text") && !c.contains("mslr")),
        "{:?}",
        bench.calls()
    );
    let plan = stdout(&bench.reproduce(&["--plan", "--seeds", "0"]).success());
    let left: Vec<_> = plan
        .lines()
        .filter(|l| l.contains("does not apply: "))
        .collect();
    assert_eq!(left.len(), 2, "{plan}");
    let plan = json(&stdout(&bench.reproduce(&["--plan", "--json"]).success()));
    assert_eq!(plan["not_applicable"][0]["experiment"], "text");
    assert_eq!(plan["cells"].as_array().unwrap().len(), 27);
}

#[test]
fn a_row_that_was_asked_for_alone_and_does_not_apply_is_refused() {
    let bench = Bench::of("table1", "");
    let assert = bench.reproduce(&["--experiments", "text"]).code(2);
    assert!(
        stderr(&assert).contains("no row that was asked for applies"),
        "{}",
        stderr(&assert)
    );
    assert!(
        stderr(&assert).contains("`--set modalities=audio,text,visual`"),
        "{}",
        stderr(&assert)
    );
    assert!(!bench.path("out").exists());
}

#[test]
fn a_modality_that_is_added_brings_its_row() {
    let bench = Bench::of("table1", RATES);
    let plan = stdout(
        &bench
            .reproduce(&[
                "--plan",
                "--seeds",
                "0",
                "--set",
                "modalities=audio,text,visual",
            ])
            .success(),
    );
    assert!(
        plan.lines()
            .any(|l| l.contains("text") && l.contains("missing")),
        "{plan}"
    );
    assert!(
        plan.contains("does not apply: `mslr.lr.text`"),
        "text has no rate: {plan}"
    );
}

#[test]
fn a_wrong_assignment_is_still_refused() {
    let bench = Bench::of("table1", "");
    for (assignment, names) in [
        ("epoch=3", "did you mean `epochs`?"),
        ("epochs=0", "`epochs`"),
    ] {
        let assert = bench
            .reproduce(&["--experiments", "text,mslr,naive", "--set", assignment])
            .code(2);
        assert!(
            stderr(&assert).contains(names),
            "{assignment}: {}",
            stderr(&assert)
        );
    }
    let assert = bench
        .reproduce(&["--experiments", "mslr", "--set", "mslr.lr.audio=0.1"])
        .code(2);
    assert!(
        stderr(&assert).contains("mslr.lr.visual"),
        "half of the rates: {}",
        stderr(&assert)
    );
}

#[test]
fn what_table_2_has_trained_is_not_trained_again() {
    let two = Bench::of("table2", RATES);
    two.finish_all();
    let one = two.then("table1");
    let plan = json(&stdout(&one.reproduce(&["--plan", "--json"]).success()));
    assert_eq!(
        (plan["done"].as_u64(), plan["missing"].as_u64()),
        (Some(18), Some(12))
    );
    let done = |c: &&Value| c["state"] == "done" && c["seed"] == 0;
    let rows: Vec<_> = plan["cells"]
        .as_array()
        .unwrap()
        .iter()
        .filter(done)
        .map(|c| c["experiment"].clone())
        .collect();
    assert_eq!(
        rows,
        [
            "audio",
            "visual",
            "mla",
            "amst-alt",
            "amst-joint",
            "amst-full"
        ]
    );
}

#[test]
fn rows_that_settings_make_equal_are_planned_once() {
    let bench = Bench::of("table1", "");
    let text = stdout(
        &bench
            .reproduce(&["--plan", "--seeds", "0", "--set", "skip.audio=1"])
            .success(),
    );
    let line = text.lines().find(|l| l.contains("amst-alt")).unwrap();
    assert!(line.ends_with("same run as mla"), "{text}");
    assert!(
        text.contains("8 missing"),
        "nine rows apply, of which two are one run: {text}"
    );
}

#[test]
fn differences_are_tested_and_marked() {
    let bench = stashed(RATES);
    let arguments = ["--experiments", "audio,naive,amst-full"];
    let text = stdout(&bench.reproduce(&arguments).success());
    let from = text
        .find("Digits: differences in accuracy, row minus column (points)")
        .expect(&text);
    // 0, 6 and 27 of 40 and one a seed: 2:0 in no pair, 6:0 and 21:0 and 27:0 each seed.
    assert!(
        text[from..].contains("+52.5*") && text[from..].contains("+67.5*"),
        "{text}"
    );
    assert!(text[from..].contains("* more than noise"), "{text}");
    let table = json(&stdout(
        &bench
            .reproduce(&[&arguments[..], &["--json"]].concat())
            .success(),
    ));
    let pairs = table["comparisons"][0]["pairs"].as_array().unwrap();
    assert_eq!(pairs.len(), 3);
    let p = pairs[0]["by_seed"][0]["p"].as_f64().unwrap();
    assert!(
        (p - 2.0 / 64.0).abs() < 1e-12,
        "Naïve against Audio, 6:0: {p}"
    );
    assert!((pairs[0]["p"].as_f64().unwrap() - 1.5 * 2.0 / 64.0).abs() < 1e-12);
    let csv = std::fs::read_to_string(bench.path("out/table1/pairs.csv")).unwrap();
    assert_eq!(csv.lines().count(), 4, "{csv}");
}

#[test]
fn a_run_without_predictions_is_not_compared() {
    let bench = stashed(RATES);
    std::fs::remove_file(bench.path("stash/naive-1.csv")).unwrap();
    let text = stdout(
        &bench
            .reproduce(&["--experiments", "audio,naive,amst-full"])
            .success(),
    );
    assert!(
        text.contains("– Naïve, seed 1: no predictions.csv beside its result.json"),
        "{text}"
    );
    assert!(text.contains("+67.5*"), "the others are: {text}");
}

#[test]
fn a_row_that_fails_has_exit_code_1_and_the_others_their_numbers() {
    let bench = stashed(RATES);
    std::fs::write(bench.path("stash/fail-train-pmr-1"), "the loss is NaN\n").unwrap();
    let assert = bench
        .reproduce(&["--experiments", "audio,naive,pmr"])
        .code(1);
    let text = stdout(&assert);
    assert!(
        text.contains("Digits, PMR, seed 1: failed: exit code 4 (diverged): the loss is NaN"),
        "{text}"
    );
    assert!(text.contains("– PMR, seed 1: no result"), "{text}");
    assert!(
        stderr(&assert).contains("digits, pmr, seed 1"),
        "{}",
        stderr(&assert)
    );
}

#[test]
fn preset_and_budget_reach_every_run_and_the_table_says_so() {
    let bench = Bench::of("table1", RATES);
    let arguments = [
        "--preset",
        "published-code",
        "--budget",
        "updates=500",
        "--experiments",
        "naive,amst-full",
    ];
    let plan = [&arguments[..], &["--seeds", "0", "--plan", "--json"]].concat();
    let plan = json(&stdout(&bench.reproduce(&plan).success()));
    let assert = bench
        .reproduce(&[&arguments[..], &["--seeds", "0"]].concat())
        .code(1);
    // amst-full takes longer, so it runs first, and its recipe prepares the data.
    let [prepared, full, naive] = &bench.given()[..] else {
        panic!("one preparation and two runs: {:?}", bench.calls())
    };
    assert_eq!(
        [&plan["cells"][0]["cell"], &plan["cells"][1]["cell"]],
        [naive, full]
    );
    assert_eq!(prepared, full);
    let settings = "with preset=published-code, budget.unit=updates, budget.amount=500";
    assert!(stdout(&assert).contains(settings), "{}", stdout(&assert));
    let planned = |extra: &[&str]| {
        let arguments = [
            &[
                "--plan",
                "--json",
                "--seeds",
                "0",
                "--experiments",
                "amst-full",
            ],
            extra,
        ]
        .concat();
        json(&stdout(&bench.reproduce(&arguments).success()))["cells"][0]["cell"].clone()
    };
    let (plain, preset, budget) = (
        planned(&[]),
        planned(&arguments[..2]),
        planned(&arguments[2..4]),
    );
    assert!(
        plain != preset && plain != budget && preset != budget,
        "{plain}, {preset}, {budget}"
    );
    assert_eq!(plain, planned(&["--preset", "recommended"]));
}

#[test]
fn a_method_without_the_preset_is_left_out() {
    let bench = Bench::of("table1", RATES);
    let plan = stdout(
        &bench
            .reproduce(&["--plan", "--seeds", "0", "--preset", "original"])
            .success(),
    );
    assert!(
        plan.lines()
            .any(|l| l.contains("amst-full") && l.contains("does not apply")),
        "{plan}"
    );
    assert!(
        plan.lines()
            .any(|l| l.contains("ogm-ge") && l.contains("missing")),
        "{plan}"
    );
}

#[test]
fn slips_in_the_flags_are_answered_with_what_there_is() {
    let bench = Bench::of("table1", RATES);
    for (arguments, message) in [
        (["--preset", "orignal"], "did you mean `original`?"),
        (["--budget", "hours=3"], "updates, updates=N, seconds=N"),
        (["--budget", "seconds"], "`seconds=60`"),
        (
            ["--experiments", "naiv"],
            "there is: audio, visual, text, naive",
        ),
    ] {
        let assert = bench.reproduce(&arguments).code(2);
        assert!(
            stderr(&assert).contains(message),
            "{arguments:?}: {}",
            stderr(&assert)
        );
    }
}

#[test]
fn controls_have_no_column_of_the_papers_data_sets() {
    let bench = Bench::of("controls", RATES);
    let rows = ["naive", "naive-tuned", "naive-bn"];
    for (n, row) in rows.iter().enumerate() {
        bench.stash_answers(row, 0, &right(10 + n));
    }
    let arguments = [
        "--seeds",
        "0",
        "--experiments",
        "naive,naive-tuned,naive-bn",
    ];
    let text = stdout(&bench.reproduce(&arguments).success());
    assert!(
        text.contains("Naïve, tuned rates  _27.5_")
            && !text.contains("CREMA-D")
            && !text.contains("published"),
        "{text}"
    );
    assert!(
        text.contains("one seed: how much another seed would change"),
        "{text}"
    );
}

#[test]
fn several_data_sets_are_several_columns() {
    let bench = stashed("");
    let plan = json(&stdout(
        &bench
            .reproduce(&["--plan", "--json", "--dataset", "synthetic", "--seeds", "0"])
            .success(),
    ));
    let of = |name: &str| {
        plan["cells"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|c| c["dataset"] == name)
            .count()
    };
    assert_eq!(
        (of("digits"), of("synthetic")),
        (9, 10),
        "only synthetic data have rates"
    );
    let left = &plan["not_applicable"].as_array().unwrap();
    let rows = |name: &str| left.iter().filter(|n| n["dataset"] == name).count();
    assert_eq!(
        (rows("digits"), rows("synthetic")),
        (2, 1),
        "text is in neither: {left:?}"
    );
}
