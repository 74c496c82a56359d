//! Which differences are called more than noise, and what is said where there is no telling.

mod answers;

use std::time::{Duration, Instant};

use amst_report::{
    Comparison, Csv, Difference, Exporter, Json, Markdown, Outcome, Pairs, Terminal,
};
use answers::{Runs, answers};

/// `10` three times is `101010`.
fn times(pattern: &str, count: usize) -> String {
    pattern.repeat(count)
}

fn difference(comparison: &Comparison, system: &str, against: &str) -> Difference {
    match outcome(comparison, system, against) {
        Outcome::Compared(difference) => difference,
        other => panic!("{system} against {against}: {other:?}"),
    }
}

fn outcome(comparison: &Comparison, system: &str, against: &str) -> Outcome {
    let pair = comparison
        .pairs
        .iter()
        .find(|p| p.system == system && p.against == against);
    pair.unwrap_or_else(|| panic!("no pair {system}, {against}"))
        .outcome
        .clone()
}

/// Two rows and one seed: of twenty samples ten are right in both, eight only in MLA, two only in
/// Naïve.
fn eight_against_two() -> Runs {
    let runs = Runs::of("table1", &[0], &[]).only(&["naive", "mla"]);
    runs.finish("naive", 0, &(times("1", 10) + &times("0", 8) + "11"));
    runs.finish("mla", 0, &(times("1", 10) + &times("1", 8) + "00"));
    runs
}

#[test]
fn eight_against_two_of_twenty_is_30_points_and_p_is_that_of_ten_coins() {
    let found = difference(&eight_against_two().comparison(), "mla", "naive");
    assert!((found.difference - 0.3).abs() < 1e-12);
    let seed = &found.by_seed[0];
    assert_eq!((seed.seed, seed.only_system, seed.only_against), (0, 8, 2));
    assert!((seed.p - 0.109375).abs() < 1e-12, "2·(1 + 10 + 45)/1024");
    assert!(
        (found.p - 0.109375).abs() < 1e-12 && found.p == found.p_holm,
        "one seed, one pair"
    );
}

#[test]
fn an_interval_without_0_is_not_enough() {
    let runs = Runs::of("table1", &[0], &[]).only(&["naive", "mla"]);
    runs.finish("naive", 0, &(times("1", 9) + &times("0", 9) + "11"));
    runs.finish("mla", 0, &(times("1", 9) + &times("1", 9) + "00"));
    let found = difference(&runs.comparison(), "mla", "naive");
    assert!(found.interval[0] > 0.0, "{:?}", found.interval);
    // Nine against two: 2·(1 + 11 + 55)/2048.
    assert!((found.p_holm - 134.0 / 2048.0).abs() < 1e-12 && !found.more_than_noise);
}

#[test]
fn a_small_p_is_not_enough() {
    let runs = Runs::of("table1", &[0, 1, 2], &[]).only(&["naive", "mla"]);
    // Two seeds say one thing, the third the opposite, each with 12:0.
    for (seed, mla, naive) in [(0, "1", "0"), (1, "1", "0"), (2, "0", "1")] {
        runs.finish("mla", seed, &(times("10", 14) + &times(mla, 12)));
        runs.finish("naive", seed, &(times("10", 14) + &times(naive, 12)));
    }
    let found = difference(&runs.comparison(), "mla", "naive");
    assert!(
        (found.p_holm - 1.5 * 2.0 / 4096.0).abs() < 1e-12,
        "{}",
        found.p_holm
    );
    assert!(
        found.interval[0] < 0.0 && !found.more_than_noise,
        "{:?}",
        found.interval
    );
}

#[test]
fn twelve_against_none_of_forty_is_more_than_noise() {
    let runs = Runs::of("table1", &[0], &[]).only(&["naive", "mla"]);
    runs.finish("naive", 0, &(times("10", 14) + &times("0", 12)));
    runs.finish("mla", 0, &(times("10", 14) + &times("1", 12)));
    let comparison = runs.comparison();
    let found = difference(&comparison, "mla", "naive");
    assert!((found.p - 2.0 / 4096.0).abs() < 1e-12 && found.more_than_noise);
    // Mean of forty of which twelve are 1: 0.3 ± 1.96·√(0.21/40), to within a sample.
    let [low, high] = found.interval;
    assert!(
        (low - (0.3 - 0.142)).abs() < 0.026 && (high - (0.3 + 0.142)).abs() < 0.026,
        "{low} {high}"
    );
    assert_eq!(comparison.smallest_beyond_noise, Some(found.difference));
    assert_eq!(comparison.median_half_width, Some((high - low) / 2.0));
}

#[test]
fn three_seeds_count_one_and_a_half_times_their_middle_p() {
    let runs = Runs::of("table1", &[0, 1, 2], &[]).only(&["naive", "mla"]);
    // Of ten samples that only one gets right: 10:0, 9:1 and 5:5.
    for (seed, ahead) in [(0, 10), (1, 9), (2, 5)] {
        runs.finish(
            "mla",
            seed,
            &(times("1", ahead) + &times("0", 10 - ahead) + &times("1", 10)),
        );
        runs.finish(
            "naive",
            seed,
            &(times("0", ahead) + &times("1", 10 - ahead) + &times("1", 10)),
        );
    }
    let found = difference(&runs.comparison(), "mla", "naive");
    let p: Vec<f64> = found.by_seed.iter().map(|s| s.p).collect();
    // 2/1024, 2·11/1024, 1.
    assert!(
        (p[0] - 2.0 / 1024.0).abs() < 1e-12 && (p[1] - 22.0 / 1024.0).abs() < 1e-12 && p[2] == 1.0,
        "{p:?}"
    );
    assert!((found.p - 1.5 * 22.0 / 1024.0).abs() < 1e-12);
    assert!((found.difference - (10.0 + 8.0 + 0.0) / 60.0).abs() < 1e-12);
}

#[test]
fn p_is_corrected_for_all_pairs_of_the_data_set() {
    let runs = Runs::of("table1", &[0], &[]).only(&["naive", "mla", "amst-full"]);
    runs.finish("naive", 0, &times("0", 20));
    runs.finish("mla", 0, &(times("1", 6) + &times("0", 14)));
    runs.finish("amst-full", 0, &(times("1", 13) + &times("0", 7)));
    let comparison = runs.comparison();
    let holm = |system, against| difference(&comparison, system, against).p_holm;
    // p are 2/64, 2/8192 and 2/128; by Holm 3·2/8192, 2·2/128, and the last no smaller than that
    // before.
    assert!((holm("amst-full", "naive") - 6.0 / 8192.0).abs() < 1e-12);
    assert!((holm("amst-full", "mla") - 4.0 / 128.0).abs() < 1e-12);
    assert!((holm("mla", "naive") - 4.0 / 128.0).abs() < 1e-12);
}

/// What the table says in words of the pairs that it is about, in both directions.
#[test]
fn a_sentence_says_of_each_pair_whether_it_differs_by_more_than_noise() {
    let runs = Runs::of("table1", &[0], &[]).only(&["mla", "amst-alt", "amst-full"]);
    runs.finish("mla", 0, &(times("1", 10) + &times("0", 30)));
    runs.finish("amst-alt", 0, &(times("1", 11) + &times("0", 29)));
    runs.finish("amst-full", 0, &times("1", 40));
    for text in [
        Terminal::default().export(&runs.table()),
        Markdown.export(&runs.table()),
    ] {
        for sentence in [
            "Digits: AMST-Alt differs from MLA by no more than noise: +2.5 points [0.0, +7.5], with 0 updates \
             of encoders each.",
            "Digits: AMST-Full is above MLA by more than noise: +75.0 points [",
        ] {
            assert!(text.contains(sentence), "`{sentence}` is not in: {text}");
        }
        assert!(!text.contains("Naïve is"), "it was not asked for: {text}");
    }
    let runs = Runs::of("table1", &[0], &[]).only(&["mla", "amst-alt"]);
    runs.finish("mla", 0, &times("1", 40));
    runs.finish("amst-alt", 0, &times("0", 40));
    let text = Terminal::default().export(&runs.table());
    assert!(
        text.contains("AMST-Alt is below MLA by more than noise: −100.0 points [−100.0, −100.0]"),
        "{text}"
    );
}

#[test]
fn systems_that_answer_alike_do_not_differ() {
    let runs = Runs::of("table1", &[0, 1], &[]).only(&["naive", "mla"]);
    for id in ["naive", "mla"] {
        for seed in [0, 1] {
            runs.finish(id, seed, &answers(0.6, 7));
        }
    }
    let found = difference(&runs.comparison(), "mla", "naive");
    assert_eq!(
        (found.difference, found.interval, found.p),
        (0.0, [0.0, 0.0], 1.0)
    );
    assert!(!found.more_than_noise);
}

#[test]
fn rows_that_are_one_cell_are_not_tested() {
    let runs = Runs::of("table2", &[0], &["skip.audio=1"]).only(&["1", "2", "3"]);
    for id in ["1", "3"] {
        runs.finish(id, 0, &answers(if id == "1" { 0.5 } else { 0.6 }, 0));
    }
    let comparison = runs.comparison();
    assert_eq!(outcome(&comparison, "2", "1"), Outcome::SameRuns);
    assert_eq!(comparison.compared().count(), 2);
    let text = Terminal::default().export(&runs.table());
    assert!(text.contains("=: the same runs under two names"), "{text}");
}

/// Three complete rows, of which one is spoilt.
fn spoilt(spoil: impl Fn(&Runs)) -> (Comparison, String) {
    let runs = Runs::of("table1", &[0, 1, 2], &[]).only(&["naive", "mla", "amst-full"]);
    for (id, skill) in [("naive", 0.4), ("mla", 0.5), ("amst-full", 0.7)] {
        for seed in [0, 1, 2] {
            runs.finish(id, seed, &answers(skill, seed));
        }
    }
    spoil(&runs);
    let text = Terminal::default().export(&runs.table());
    (
        runs.comparison(),
        text.replace(runs.folder.path().to_str().unwrap(), "runs"),
    )
}

/// The spoilt row has no difference, the others still have theirs, and the reason is said.
fn prints_a_dash_because(why: &str, spoil: impl Fn(&Runs)) {
    let (comparison, text) = spoilt(spoil);
    for (system, against) in [("mla", "naive"), ("amst-full", "mla")] {
        let outcome = outcome(&comparison, system, against);
        assert!(
            matches!(outcome, Outcome::NotCompared { .. }),
            "{why}: {outcome:?}"
        );
    }
    let other = difference(&comparison, "amst-full", "naive");
    assert_eq!(
        other.p, other.p_holm,
        "{why}: only one pair is tested, and corrected for"
    );
    assert!(
        text.lines().any(|l| l.starts_with("– ") && l.contains(why)),
        "{why}:\n{text}"
    );
}

#[test]
fn a_lost_file_leaves_its_row_out() {
    prints_a_dash_because(
        "MLA, seed 1: no predictions.csv beside its result.json",
        |runs| {
            std::fs::remove_file(runs.run("mla", 1).join("predictions.csv")).unwrap();
        },
    );
    prints_a_dash_because("MLA, seeds 0, 2: no predictions.csv", |runs| {
        for seed in [0, 2] {
            std::fs::remove_file(runs.run("mla", seed).join("predictions.csv")).unwrap();
        }
    });
}

#[test]
fn a_seed_without_a_result_leaves_its_row_out() {
    prints_a_dash_because("MLA, seed 2: no result", |runs| {
        std::fs::remove_file(runs.run("mla", 2).join("result.json")).unwrap();
    });
}

#[test]
fn a_table_without_results_says_so_once() {
    let runs = Runs::of("table1", &[0], &[]).only(&["naive", "mla"]);
    let text = Terminal::default().export(&runs.table());
    assert!(
        text.contains("MLA, seed 0: not run yet") && !text.contains("differences"),
        "{text}"
    );
    assert!(matches!(
        outcome(&runs.comparison(), "mla", "naive"),
        Outcome::NotCompared { .. }
    ));
}

#[test]
fn half_a_file_leaves_its_row_out() {
    prints_a_dash_because("predictions.csv is unreadable", |runs| {
        runs.rewrite("mla", 0, |text| text[..text.len() - 8].into());
    });
    prints_a_dash_because("it has no column `fused`", |runs| {
        runs.rewrite("mla", 0, |text| text.replacen("fused", "visual", 1));
    });
}

#[test]
fn predictions_that_the_result_does_not_have_leave_its_row_out() {
    prints_a_dash_because(
        "predictions.csv is not of this result: 294 samples, not 295",
        |runs| {
            runs.rewrite("mla", 0, |text| {
                text.lines().take(295).map(|l| format!("{l}\n")).collect()
            });
        },
    );
    let line = |text: &String| {
        text.lines()
            .find(|l| l.starts_with("s0,"))
            .unwrap()
            .to_string()
    };
    prints_a_dash_because("predictions.csv is not of this result: accuracy", |runs| {
        // One answer turned.
        let turned = |l: &str| {
            if l == "s0,a,a,0.3,0.3,0.4" {
                "s0,a,b,0.3,0.3,0.4"
            } else {
                "s0,a,a,0.3,0.3,0.4"
            }
        };
        runs.rewrite("mla", 0, |text| {
            text.replace(&line(&text), turned(&line(&text)))
        });
    });
}

#[test]
fn other_samples_or_labels_are_never_paired() {
    let rename = |text: String| text.replace("s17,", "t17,");
    prints_a_dash_because("were tested on other samples", |runs| {
        [0, 1, 2]
            .iter()
            .for_each(|seed| runs.rewrite("mla", *seed, rename));
    });
    prints_a_dash_because(
        "MLA, seed 1: its test samples or their labels are not those of its other seeds",
        |runs| {
            runs.rewrite("mla", 1, rename);
        },
    );
    prints_a_dash_because("their test samples have other labels", |runs| {
        // The class b is called d, in labels and answers alike.
        let relabel = |text: String| text.replace(",b,", ",d,").replace(",b,", ",d,");
        [0, 1, 2]
            .iter()
            .for_each(|seed| runs.rewrite("mla", *seed, relabel));
    });
}

#[test]
fn unspoilt_rows_are_all_compared() {
    let (comparison, text) = spoilt(|_| ());
    assert_eq!(
        (comparison.compared().count(), comparison.unused.len()),
        (3, 0)
    );
    assert!(!text.lines().any(|l| l.starts_with("– ")), "{text}");
}

#[test]
fn the_order_of_lines_does_not_matter() {
    let reversed = |text: String| {
        let (head, lines) = text.split_once('\n').unwrap();
        let lines: Vec<&str> = lines.lines().rev().collect();
        format!("{head}\n{}\n", lines.join("\n"))
    };
    assert_eq!(
        spoilt(|runs| runs.rewrite("mla", 1, reversed)).0,
        spoilt(|_| ()).0
    );
}

#[test]
fn a_single_seed_says_what_it_cannot() {
    let text = Terminal::default().export(&eight_against_two().table());
    assert!(
        text.contains("one seed: how much another seed would change is not in these numbers"),
        "{text}"
    );
    assert!(text.contains("no difference is more than noise"), "{text}");
}

/// Table 1 as it may come out: ten rows with predictions, one that does not apply.
fn table1() -> Runs {
    let skills = [
        ("audio", 0.25),
        ("visual", 0.8),
        ("naive", 0.62),
        ("ogm-ge", 0.63),
        ("pmr", 0.66),
        ("mslr", 0.75),
        ("mla", 0.7),
        ("amst-alt", 0.78),
        ("amst-joint", 0.81),
        ("amst-full", 0.83),
    ];
    let runs = Runs::of("table1", &[0, 1, 2], &[]);
    for (id, skill) in skills {
        for seed in [0, 1, 2] {
            runs.finish(id, seed, &answers(skill + 0.01 * seed as f64, seed));
        }
    }
    runs
}

/// A table of eleven rows with numbers, as three modalities give it.
fn eleven_rows() -> Runs {
    let runs = Runs::of(
        "table1",
        &[0, 1, 2],
        &["modalities=audio,text,visual", "mslr.lr.text=0.01"],
    );
    let rows: Vec<_> = runs
        .table()
        .rows
        .iter()
        .map(|r| r.experiment.clone())
        .collect();
    assert_eq!(rows.len(), 11);
    for (i, id) in rows.iter().enumerate() {
        for seed in [0, 1, 2] {
            runs.finish(id, seed, &answers(0.03 + 0.09 * i as f64, seed));
        }
    }
    runs
}

fn golden(name: &str, text: String) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("golden");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

/// The part that starts with the comparison.
fn compared(text: &str) -> &str {
    &text[text.find("Digits: differences").unwrap()..]
}

#[test]
fn eleven_rows_fit_into_a_hundred_columns() {
    let text = Terminal {
        styled: false,
        width: Some(100),
    }
    .export(&eleven_rows().table());
    for line in compared(&text).lines() {
        assert!(line.chars().count() <= 100, "{line}");
    }
    assert!(compared(&text).contains("11 AMST-Full"), "{text}");
}

#[test]
fn a_terminal_shows_a_triangle_of_differences() {
    golden(
        "table1",
        Terminal {
            styled: false,
            width: Some(100),
        }
        .export(&table1().table()),
    );
}

#[test]
fn a_narrow_terminal_lists_only_what_is_more_than_noise() {
    let table = table1().table();
    let text = Terminal {
        styled: false,
        width: Some(80),
    }
    .export(&table);
    let listed = compared(&text)
        .lines()
        .filter(|l| l.contains(" − "))
        .count();
    assert_eq!(
        listed,
        table.comparisons[0]
            .compared()
            .filter(|(_, d)| d.more_than_noise)
            .count()
    );
    assert!(listed > 0 && listed < 45, "{listed}");
    golden("table1-narrow", text);
}

#[test]
fn markdown_has_every_pair() {
    golden("table1-markdown", Markdown.export(&table1().table()));
}

#[test]
fn csv_has_a_line_for_every_pair() {
    let text = Pairs.export(&table1().table());
    assert_eq!(text.lines().count(), 1 + 10 * 9 / 2);
    golden("table1-pairs", text);
    assert_eq!((Pairs.stem(), Csv.stem()), ("pairs", "table"));
}

#[test]
fn json_has_everything_and_the_seed_of_the_draws() {
    let runs = table1();
    let value: serde_json::Value = serde_json::from_str(&Json.export(&runs.table())).unwrap();
    let comparison = &value["comparisons"][0];
    assert_eq!(comparison["replicates"], 10_000);
    assert_eq!(
        (&comparison["bootstrap_seed"], &comparison["level"]),
        (&0.into(), &0.95.into())
    );
    let pair = &comparison["pairs"][44];
    assert_eq!(
        (&pair["system"], &pair["against"], &pair["outcome"]),
        (
            &"amst-full".into(),
            &"amst-joint".into(),
            &"compared".into()
        )
    );
    assert_eq!(pair["by_seed"].as_array().unwrap().len(), 3);
    let text = &value["rows"][2];
    assert_eq!(text["experiment"], "text");
    assert!(
        text["cells"][0]["not_applicable"]
            .as_str()
            .unwrap()
            .contains("audio and visual")
    );
    let interval = &value["rows"][0]["cells"][0]["accuracy"]["interval"];
    assert!(interval[0].as_f64().unwrap() < interval[1].as_f64().unwrap());
}

#[test]
fn fifty_five_pairs_take_no_time_to_speak_of() {
    let runs = eleven_rows();
    let start = Instant::now();
    assert_eq!(runs.comparison().compared().count(), 55);
    let took = start.elapsed();
    println!("{took:?}");
    assert!(
        took < Duration::from_secs(5),
        "{took:?}, without optimisation and on a busy machine"
    );
}
