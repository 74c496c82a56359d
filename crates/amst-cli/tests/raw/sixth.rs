//! A data set of one's own from videos, as docs/datasets.md walks through it.

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
