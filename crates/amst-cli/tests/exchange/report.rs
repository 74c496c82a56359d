//! `amst report`, the figures of predictions, `amst watch --once` and `amst import-log`.

use std::path::Path;

use crate::program::{DATA, USAGE, amst, done, refused, small};

/// Both modalities alone and together, with every epoch tested.
fn train(folder: &Path) {
    let alone = |modality: &str| format!("modalities={modality}");
    let (audio, visual) = (alone("audio"), alone("visual"));
    for settings in [
        &["method=unimodal", audio.as_str()][..],
        &["method=unimodal", visual.as_str()],
        &["method=amst-alt", "test_every_epoch=true"],
    ] {
        done(&small(folder, &["train", "--out", "runs"], settings));
    }
}

#[test]
fn runs_are_reported_drawn_and_watched() {
    let folder = tempfile::tempdir().unwrap();
    train(folder.path());
    let told = done(&amst(folder.path(), &["report", "runs", "-o", "page.html"]));
    assert_eq!(told, "page.html\n");
    let page = std::fs::read_to_string(folder.path().join("page.html")).unwrap();
    for text in [
        "Runs on synthetic",
        "unimodal, modalities = audio",
        "ensemble",
        "oracle",
        "optimism",
        "mAP",
        "amst report runs --out page.html",
    ] {
        assert!(page.contains(text), "`{text}` is missing");
    }
    refused(
        &amst(folder.path(), &["report", "runs", "-o", "page.html"]),
        USAGE,
        &["page.html is there already", "--force"],
    );
    std::fs::write(folder.path().join("own.html"), "{{ nothing }}").unwrap();
    let own = ["report", "runs", "--template", "own.html", "--force"];
    refused(
        &amst(folder.path(), &own),
        USAGE,
        &["line 1", "undefined", "--print-template"],
    );
    assert!(!folder.path().join("report.html").exists());

    for kind in ["confusion", "calibration", "balance"] {
        let name = format!("drawn-{kind}");
        let run = if kind == "balance" {
            "runs/synthetic/amst-alt"
        } else {
            "runs"
        };
        let told = done(&amst(
            folder.path(),
            &["figure", kind, run, "--out", &name, "--dark"],
        ));
        assert_eq!(told, format!("{name}.svg\n{name}.csv\n"));
        let svg = std::fs::read_to_string(folder.path().join(format!("{name}.svg"))).unwrap();
        assert!(svg.contains("fill=\"#15171a\""), "the ground is dark");
    }
    let tested = [
        "figure",
        "curves",
        "runs/synthetic/amst-alt",
        "--split",
        "test",
    ];
    done(&amst(folder.path(), &tested));
    refused(
        &amst(
            folder.path(),
            &[
                "figure",
                "heatmap",
                "runs/synthetic/amst-alt",
                "--out",
                "map",
            ],
        ),
        DATA,
        &["differ in none", "--x"],
    );
    refused(
        &amst(
            folder.path(),
            &["figure", "entropy", "runs", "--x", "skip.audio"],
        ),
        USAGE,
        &["--x is for `amst figure heatmap`"],
    );

    let watched = done(&amst(folder.path(), &["watch", "runs", "--once"]));
    assert!(watched.contains("synthetic/amst-alt/0-"), "{watched}");
    assert!(watched.contains("3 runs: 3 finished"), "{watched}");
    refused(
        &amst(folder.path(), &["watch", "runs"]),
        USAGE,
        &["no terminal", "--once"],
    );
}

#[test]
fn a_published_curve_is_drawn_beside_runs_and_never_in_their_mean() {
    let folder = tempfile::tempdir().unwrap();
    done(&small(
        folder.path(),
        &["train", "--out", "runs"],
        &["method=naive"],
    ));
    let text = "epoch,train_accuracy,val_accuracy,val_audio_accuracy\n0,0.25,0.20,0.20\n1,0.50,0.45,0.30\n";
    std::fs::write(folder.path().join("curve.csv"), text).unwrap();
    refused(
        &amst(folder.path(), &["import-log", "curve.csv"]),
        USAGE,
        &["--method NAME --dataset NAME"],
    );
    let import = [
        "import-log",
        "curve.csv",
        "--method",
        "naive",
        "--dataset",
        "synthetic",
        "--out",
        "runs/published",
        "--compare",
        "runs",
    ];
    let told = done(&amst(folder.path(), &import));
    assert!(
        told.contains("runs/published/synthetic/naive/0-curve"),
        "{told}"
    );
    assert!(told.contains("and 1 runs of the same method"), "{told}");
    assert!(told.contains("validation there (%)"), "{told}");
    done(&amst(folder.path(), &["figure", "curves", "runs"]));
    let csv = std::fs::read_to_string(folder.path().join("figure.csv")).unwrap();
    assert!(csv.contains("naive (published)"), "{csv}");
    done(&amst(folder.path(), &["report", "runs"]));
    let page = std::fs::read_to_string(folder.path().join("report.html")).unwrap();
    assert!(page.contains("Published logs") && page.contains("curve.csv"));
    assert!(page.contains("1 run. Written"), "it is no run of ours");
    let status = done(&amst(folder.path(), &["status", "runs"]));
    assert!(!status.contains("curve"), "{status}");
    std::fs::write(folder.path().join("broken.log"), "nothing of the kind\n").unwrap();
    refused(
        &amst(folder.path(), &["import-log", "broken.log"]),
        DATA,
        &["broken.log"],
    );
}
