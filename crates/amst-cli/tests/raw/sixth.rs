//! A data set of one's own from videos, as docs/datasets.md walks through it.

use std::path::{Path, PathBuf};

use crate::program::{Program, done, refused, result};
use crate::replica::{Footage, Replica, ave::MP4, has_ffmpeg};

const DESCRIPTOR: &str = r#"
name = "mine"
title = "Hurry"
layout = "csv"
classes = ["calm", "hurry"]
frames_per_second = 2

[recipe]
modalities = ["audio", "visual"]
"#;

fn replica() -> Replica {
    let replica = Replica::new();
    let mut rows = "id,label,split,audio,image\n".to_string();
    for (number, day) in [
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
    ]
    .iter()
    .enumerate()
    {
        let split = ["train", "train", "train", "train", "val", "test"][number];
        for (take, label) in ["calm", "hurry"].iter().enumerate() {
            let file = format!("clips/{day}-{}.mp4", take + 1);
            rows += &format!("{day}-{},{label},{split},{file},{file}\n", take + 1);
            let tones = [(2.0, 400 + 900 * take as u32)];
            let footage = Footage {
                sample: number,
                frames: 50,
                rate: "25",
                tones: &tones,
                codecs: &MP4,
            };
            replica.film(&file, footage);
        }
    }
    replica.put("manifest.csv", rows);
    replica.put("dataset.toml", DESCRIPTOR);
    replica
}

/// The manifest's own videos are predicted as in the run's test, all together and one alone.
fn predicts_videos(program: &Program, replica: &Replica, dataset: &str) {
    let run = run_below(&program.out());
    let run = run.to_str().unwrap();
    let manifest = replica.path("manifest.csv");
    let many = [
        "predict",
        "--run",
        run,
        "--dataset",
        dataset,
        "--csv",
        "--manifest",
    ];
    let told = done(&program.bare(&[&many[..], &[manifest.to_str().unwrap()]].concat()));
    assert_eq!(told.lines().count(), 1 + 12, "{told}");
    let tested = std::fs::read_to_string(format!("{run}/predictions.csv")).unwrap();
    let mut head = tested.lines().next().unwrap().split(',');
    let fused = head.position(|name| name == "fused").unwrap();
    for line in tested.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let expected = format!("{},,{},", cells[0], cells[fused]);
        assert!(told.contains(&expected), "{expected} is not in {told}");
    }
    let clip = replica.path("clips/saturday-1.mp4");
    let clip = clip.to_str().unwrap();
    let one = [
        "predict",
        "--run",
        run,
        "--dataset",
        dataset,
        "--csv",
        "--input",
        clip,
    ];
    let alone = done(&program.bare(&one));
    let cells = alone.lines().nth(1).unwrap().split(',').nth(2).unwrap();
    assert!(told.contains(&format!("saturday-1,,{cells},")), "{alone}");
}

/// The only run below a folder.
fn run_below(folder: &Path) -> PathBuf {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        if path.join("result.json").is_file() {
            return path;
        }
        if path.is_dir() && !hidden {
            return run_below(&path);
        }
    }
    panic!("no run in {}", folder.display());
}

#[test]
fn a_data_set_of_ones_own_trains_from_videos() {
    if !has_ffmpeg("a_data_set_of_ones_own_trains_from_videos") {
        return;
    }
    let replica = replica();
    let folder = replica.raw();
    let folder = folder.to_str().unwrap();
    let program = Program::new(&[]);
    let summary = done(&program.run(&["prepare", folder]));
    assert!(
        summary.contains("mine: 2 classes, 8 train, 2 val, 2 test"),
        "{summary}"
    );
    done(&program.run(&["train", "--dataset", folder, "--progress", "none"]));
    assert_eq!(result(&program.out())["test"]["samples"], 2);
    predicts_videos(&program, &replica, folder);

    std::fs::remove_file(replica.path("clips/friday-1.mp4")).unwrap();
    refused(
        &program.run(&["prepare", folder]),
        3,
        &["missing files", "clips/friday-1.mp4 (audio of `friday-1`)"],
    );
    let raw = program.run(&["prepare", folder, "--raw", folder]);
    refused(
        &raw,
        2,
        &["has no raw files of a known layout", "without `--raw`"],
    );
}
