//! `amst time` and `amst train --profile`, as they are called.

use std::path::Path;
use std::process::Output;

use assert_cmd::Command;
use serde_json::Value;

/// Networks so small that a round takes a second or two.
const TINY: [&str; 14] = [
    "--samples",
    "8",
    "--rounds",
    "2",
    "--epochs",
    "20",
    "--set",
    "audio.width=1",
    "--set",
    "visual.width=1",
    "--set",
    "batch_size=4",
    "--set",
    "visual.size=[32,32]",
];

fn amst(folder: &Path, arguments: &[&str]) -> Output {
    let datasets = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../datasets");
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("amst"));
    command
        .current_dir(folder)
        .env("AMST_DATASETS", datasets)
        .args(arguments)
        .output()
        .unwrap()
}

fn told(output: &Output) -> String {
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn refused(arguments: &[&str], why: &str) {
    let here = tempfile::tempdir().unwrap();
    let output = amst(here.path(), arguments);
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{message}");
    assert!(
        message.contains(why) && output.stdout.is_empty(),
        "{message}"
    );
}

#[test]
fn systems_are_timed_beside_each_other_on_shapes_alone() {
    let here = tempfile::tempdir().unwrap();
    let asked = [
        "time",
        "--shapes",
        "crema-d",
        "--methods",
        "naive,mla,amst-alt,amst-full",
        "--json",
    ];
    let times: Value =
        serde_json::from_str(&told(&amst(here.path(), &[&asked[..], &TINY].concat()))).unwrap();
    assert_eq!(
        (&times["dataset"], &times["rounds"]),
        (&"crema-d".into(), &2.into())
    );
    let systems = times["systems"].as_array().unwrap();
    let names: Vec<_> = systems
        .iter()
        .map(|s| (s["id"].as_str().unwrap(), s["execution"].as_str()))
        .collect();
    let both = |id| [(id, Some("fast")), (id, Some("official"))];
    assert_eq!(
        names,
        [
            vec![("naive", None), ("mla", None)],
            both("amst-alt").to_vec(),
            both("amst-full").to_vec()
        ]
        .concat()
    );
    for system in systems {
        let phases: f64 = system["phases"]
            .as_object()
            .unwrap()
            .values()
            .map(|v| v.as_f64().unwrap())
            .sum();
        let epoch = system["epoch"]["median"].as_f64().unwrap();
        // Medians of parts are not the parts of a median, but near.
        assert!((phases / epoch - 1.0).abs() < 0.25, "{system}");
        let kinds = system["kinds"].as_array().unwrap();
        assert_eq!(
            kinds
                .iter()
                .map(|k| k["epochs"].as_u64().unwrap())
                .sum::<u64>(),
            20
        );
        assert!(
            kinds
                .iter()
                .all(|k| k["seconds"].as_array().unwrap().len() == 2)
        );
    }
    assert_eq!(
        (&systems[0]["ratio"]["median"], &systems[0]["limit"]),
        (&1.0.into(), &1.0.into())
    );
    // 15.4 of 20.3 seconds.
    assert!((systems[2]["published"].as_f64().unwrap() - 0.7586).abs() < 1e-3);
    assert!(
        systems[2]["limit"].as_f64() < systems[3]["limit"].as_f64(),
        "official execution forwards more"
    );
    assert!(
        std::fs::read_dir(here.path()).unwrap().next().is_none(),
        "nothing is left behind"
    );
}

#[test]
fn the_page_has_the_papers_numbers_where_there_are_some() {
    let here = tempfile::tempdir().unwrap();
    let small = [
        "--set",
        "text.width=8",
        "--set",
        "text.layers=2",
        "--set",
        "text.heads=1",
        "--set",
        "text.unfrozen_layers=1",
        "--set",
        "text.max_length=8",
    ];
    let asked = [
        "time",
        "--shapes",
        "iemocap",
        "--methods",
        "naive,pmr,amst-alt",
        "--execution",
        "fast",
    ];
    let page = told(&amst(here.path(), &[&asked[..], &TINY, &small].concat()));
    // The paper has no PMR on this data set: its percentage is a dash, and none is made up.
    let pmr: Vec<&str> = page
        .lines()
        .find(|l| l.starts_with("PMR"))
        .unwrap()
        .split_whitespace()
        .collect();
    assert_eq!(pmr[pmr.len() - 2], "–", "{page}");
    let row = page.lines().find(|l| l.starts_with("AMST-Alt")).unwrap();
    // 26.1 of 36.9 seconds.
    assert!(row.contains("fast") && row.contains("+29 %"), "{page}");
}

#[test]
fn slips_are_answered_before_anything_is_timed() {
    refused(&["time", "--shapes", "crema"], "did you mean `crema-d`?");
    refused(&["time", "--methods", "amst"], "amst-alt");
    refused(&["time", "--samples", "8"], "--shapes");
    refused(&["time", "--shapes", "ave", "--rounds", "0"], "at least 1");
    refused(
        &["time", "--shapes", "ave", "--set", "audio.widht=8"],
        "audio.width",
    );
    refused(&["time", "--shapes", "ave", "--device", "gpu"], "gpu");
}

#[test]
fn a_profiled_run_says_how_long_the_device_waited_for_data() {
    let here = tempfile::tempdir().unwrap();
    let run = [
        "train",
        "--dataset",
        "synthetic",
        "--epochs",
        "2",
        "--profile",
    ];
    let page = told(&amst(here.path(), &run));
    assert!(
        page.contains("the device waited for data") && page.contains("backward"),
        "{page}"
    );
    let file = page.lines().last().unwrap().trim();
    let trace: Value =
        serde_json::from_slice(&std::fs::read(here.path().join(file)).unwrap()).unwrap();
    assert!(!trace["traceEvents"].as_array().unwrap().is_empty());
    // The result is there; where its time went is not known any more without the file.
    std::fs::remove_file(here.path().join(file)).unwrap();
    let again = amst(here.path(), &run);
    assert_eq!(
        again.status.code(),
        Some(2),
        "{}",
        String::from_utf8_lossy(&again.stderr)
    );
}
