//! What stands on the page.

use amst_figures::{FigureError, RunLog};
use amst_html_report::{Report, ReportError, ReportOptions, TEMPLATE, render};

use crate::runs::{TWO_SEEDS, write};
use crate::sample::{report, write_runs};

#[test]
fn the_page_holds_tables_figures_times_and_how_to_make_it_again() {
    let folder = tempfile::tempdir().unwrap();
    write_runs(folder.path());
    let html = render(&report(folder.path()), None).unwrap();
    assert!(html.starts_with("<!doctype html>"), "{:.60}", html);
    for text in [
        "<h1>Runs on known</h1>",
        "4 runs. Written by amst ",
        "amst-alt</th>",
        // Both seeds have the accuracy ½ on the test split.
        "50.0 ± 0.00",
        "macro-F1",
        "Training accuracy over epochs",
        "Mean entropy of each modality",
        ">Calibration</h3>",
        // Audio in epochs 0 and 3 of four, visual in all: a quarter is left out.
        "audio 2 of 4, visual 4 of 4",
        "25.0 %",
        // Of 12 seconds in phases.
        "backward 66.7 %, forward 33.3 %",
        "nothing &lt;found&gt;",
        "<strong>D2</strong>",
        "4 runs: cores 2, version 0.1.0.",
        "amst report runs",
    ] {
        assert!(html.contains(text), "`{text}` is missing");
    }
    let curves = html.matches("Training accuracy (%) by epoch").count();
    assert_eq!(curves, 0, "figures are titled by their row");
    assert_eq!(html.matches("<svg").count(), 4 + 1 + 4);
    // Nothing is fetched, and nothing is run; the font is in the page, once.
    assert_eq!(html.matches("url(data:font/woff2;base64,").count(), 2);
    let html_but_font = html.replace("url(data:font/", "");
    for other in ["http://", "https://", "src=", "<script", "@import", "url("] {
        let found = html_but_font.replace("http://www.w3.org/2000/svg", "");
        assert!(!found.contains(other), "`{other}` is there");
    }
    assert_eq!(html, render(&report(folder.path()), None).unwrap());
}

#[test]
fn links_lead_to_places_that_are_there_and_no_place_is_named_twice() {
    let folder = tempfile::tempdir().unwrap();
    write_runs(folder.path());
    let html = render(&report(folder.path()), None).unwrap();
    let names = |attribute: &str| -> Vec<String> {
        let opening = format!(" {attribute}=\"");
        let parts = html.split(&opening).skip(1);
        parts
            .map(|part| part.split('"').next().unwrap().into())
            .collect()
    };
    let ids = names("id");
    let mut unique = ids.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), ids.len(), "{ids:?}");
    let inner = names("href")
        .into_iter()
        .filter(|link| link.starts_with('#'));
    for link in inner.chain(names("aria-labelledby").iter().map(|id| format!("#{id}"))) {
        assert!(ids.contains(&link[1..].to_string()), "{link} leads nowhere");
    }
}

#[test]
fn unfinished_runs_are_drawn_and_named_and_in_no_table() {
    let folder = tempfile::tempdir().unwrap();
    let runs = write_runs(folder.path());
    std::fs::remove_file(runs[0].join("result.json")).unwrap();
    let report = report(folder.path());
    assert_eq!(report.unfinished.len(), 1);
    assert_eq!((report.unfinished[0].epochs, report.runs.len()), (4, 4));
    let html = render(&report, None).unwrap();
    assert!(html.contains("4 of 4 epochs"), "what is done is said");
    assert!(html.contains("[n = 1]"), "the mean of one seed is marked");
}

#[test]
fn runs_without_logits_are_reported_without_their_figures() {
    let folder = tempfile::tempdir().unwrap();
    for run in write_runs(folder.path()) {
        std::fs::remove_file(run.join("logits.safetensors")).unwrap();
    }
    let report = report(folder.path());
    assert!(report.datasets[0].confusion.is_empty());
    assert_eq!(report.datasets[0].without_logits.len(), 2);
    let html = render(&report, None).unwrap();
    assert!(html.contains("Confusion and calibration are missing of some runs"));
}

#[test]
fn a_seed_that_is_there_twice_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let first = write(&folder.path().join("a"), &TWO_SEEDS[0]);
    write(&folder.path().join("b"), &TWO_SEEDS[0]);
    let runs = RunLog::read_below(folder.path()).unwrap();
    let error = Report::of_runs(runs, &ReportOptions::default()).unwrap_err();
    assert!(
        matches!(&error, ReportError::Figure(FigureError::SeedTwice { first: f, .. }) if *f == first),
        "{error}"
    );
}

#[test]
fn a_template_that_names_what_is_not_there_is_refused_with_the_line() {
    let report = Report::default();
    for (template, line, what) in [
        ("<p>{{ title }}</p>\n{{ titel }}", "line 2", "undefined"),
        ("{% for run in runs %}", "line 1", "syntax"),
    ] {
        let message = render(&report, Some(template)).unwrap_err().to_string();
        assert!(message.contains(line), "{message}");
        assert!(message.contains(what), "{message}");
        assert!(message.contains("--print-template"), "{message}");
    }
    assert_eq!(
        render(&report, None).unwrap(),
        render(&report, Some(TEMPLATE)).unwrap()
    );
}
