//! `amst predict`.

use std::fs;

use serde_json::Value;

use crate::program::{DATA, FOREIGN, Trained, USAGE, amst, done, refused, rows};

const ALL: &str = "modalities=audio,text,visual";

/// One JSON object a line.
fn lines(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Writes a manifest of the test split beside the data set's, with what `change` makes of each row.
fn manifest(trained: &Trained, change: impl Fn(usize, &mut [String; 4])) {
    let mut text = "id,audio,image,text\n".to_string();
    for (number, mut row) in rows(trained.folder(), "test").into_iter().enumerate() {
        change(number, &mut row);
        text += &(row.join(",") + "\n");
    }
    fs::write(trained.folder().join("digits/some.csv"), text).unwrap();
}

const MANIFEST: [&str; 2] = ["--manifest", "digits/some.csv"];

#[test]
fn predictions_of_the_test_splits_files_are_those_that_the_run_wrote_down() {
    let trained = Trained::new(&["method=amst-full", ALL]);
    manifest(&trained, |_, _| ());
    let said = lines(&done(
        &trained.ask("predict", &[&MANIFEST[..], &["--json"]].concat()),
    ));
    let mut reader = csv::Reader::from_path(trained.run.join("predictions.csv")).unwrap();
    let header = reader.headers().unwrap().clone();
    let written: Vec<_> = reader.records().map(Result::unwrap).collect();
    assert_eq!(said.len(), written.len());
    for (said, written) in said.iter().zip(&written) {
        let of = |name: &str| &written[header.iter().position(|h| h == name).unwrap()];
        assert_eq!(said["id"], of("id"));
        assert_eq!(said["missing"], serde_json::json!([]));
        for (name, answer) in said["outputs"].as_object().unwrap() {
            assert_eq!(answer["predicted"], of(name), "{name}");
        }
        let fused = &said["outputs"]["fused"];
        assert_eq!(
            (&said["predicted"], &said["entropy"]),
            (&fused["predicted"], &fused["entropy"])
        );
        for (class, p) in fused["probabilities"].as_object().unwrap() {
            assert_eq!(
                format!("{:.6}", p.as_f64().unwrap()),
                of(&format!("p:{class}"))
            );
        }
    }
}

#[test]
fn json_csv_and_table_say_the_same() {
    let trained = Trained::new(&["method=naive", ALL]);
    // Every third sample has no sound, every other third no picture.
    manifest(&trained, |number, row| match number % 3 {
        0 => row[1].clear(),
        1 => row[2].clear(),
        _ => (),
    });
    let json = lines(&done(
        &trained.ask("predict", &[&MANIFEST[..], &["--json"]].concat()),
    ));
    let csv = done(&trained.ask("predict", &[&MANIFEST[..], &["--csv"]].concat()));
    let table = done(&trained.ask("predict", &MANIFEST));
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let header = reader.headers().unwrap().clone();
    let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
    assert_eq!(
        (json.len(), table.lines().count()),
        (rows.len(), rows.len() + 1)
    );
    for ((number, json), (csv, line)) in json
        .iter()
        .enumerate()
        .zip(rows.iter().zip(table.lines().skip(1)))
    {
        let of = |name: &str| &csv[header.iter().position(|h| h == name).unwrap()];
        let missing = ["audio", "visual", ""][number % 3];
        assert_eq!(of("missing"), missing);
        let listed: Vec<&str> = json["missing"]
            .as_array()
            .unwrap()
            .iter()
            .map(|m| m.as_str().unwrap())
            .collect();
        assert_eq!(listed.join(", "), missing);
        assert_eq!(
            (&json["id"], &json["predicted"]),
            (&of("id").into(), &of("predicted").into())
        );
        for name in ["audio", "text", "visual", "fused"] {
            let answer = &json["outputs"][name];
            assert_eq!(answer.is_null(), name == missing, "{name} {json}");
            if answer.is_null() {
                assert!(of(name).is_empty() && of(&format!("{name}:p:3")).is_empty());
                continue;
            }
            assert_eq!(answer["predicted"], of(name));
            let number = |value: &Value| format!("{:.6}", value.as_f64().unwrap());
            assert_eq!(number(&answer["entropy"]), of(&format!("{name}:entropy")));
            assert_eq!(
                number(&answer["probabilities"]["3"]),
                of(&format!("{name}:p:3"))
            );
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        assert_eq!((words[0], words[1]), (of("id"), of("predicted")));
        assert!(line.ends_with(missing), "{line}");
    }
}

#[test]
fn one_sample_is_told_in_full_and_what_is_missing_is_said() {
    let trained = Trained::new(&["method=amst-full"]);
    let [_, audio, image, _] = rows(trained.folder(), "test")
        .remove(0)
        .map(|cell| format!("digits/{cell}"));
    let page = done(&trained.ask("predict", &["--input", &audio, &image]));
    for part in [
        &*audio,
        &*image,
        "alt.visual",
        "joint.fused",
        "fused",
        "predicted",
        "entropy",
        "nats",
    ] {
        assert!(page.contains(part), "`{part}` is missing in: {page}");
    }
    assert!(!page.contains("missing"), "{page}");
    let page = done(&trained.ask("predict", &["--input", &audio]));
    assert!(
        page.contains("missing: visual; fused over audio") && !page.contains("alt.visual"),
        "{page}"
    );
}

#[test]
fn files_are_told_apart_by_their_names_or_given_by_what_they_are() {
    let trained = Trained::new(&["method=naive", ALL]);
    let [_, audio, image, text] = rows(trained.folder(), "test").remove(0);
    let put = |from: String, name: &str| {
        let there = trained.folder().join("digits").join(from);
        fs::copy(there, trained.folder().join(name)).unwrap();
    };
    put(audio.clone(), "A.WAV");
    put(audio, "audio.dat");
    put(image.clone(), "p.png");
    put(image, "picture.dat");
    fs::write(trained.folder().join("t.txt"), format!("{text}\n")).unwrap();
    let outputs = |arguments: &[&str]| {
        let said = lines(&done(
            &trained.ask("predict", &[arguments, &["--json"]].concat()),
        ))
        .remove(0);
        said["outputs"].clone()
    };
    let by_name = outputs(&["--input", "t.txt", "A.WAV", "p.png"]);
    assert_eq!(
        by_name,
        outputs(&[
            "--audio",
            "audio.dat",
            "--image",
            "picture.dat",
            "--text",
            "t.txt"
        ])
    );
    assert_eq!(
        by_name,
        outputs(&["--input", "A.WAV", "t.txt", "--image", "picture.dat"])
    );
}

#[test]
fn what_cannot_be_predicted_is_refused_with_the_remedy() {
    let trained = Trained::new(&["method=naive"]);
    let [_, audio, ..] = rows(trained.folder(), "test")
        .remove(0)
        .map(|cell| format!("digits/{cell}"));
    let folder = trained.folder();
    fs::write(folder.join("clip.xyz"), "x").unwrap();
    fs::write(folder.join("words.txt"), "one").unwrap();
    fs::write(folder.join("bad.wav"), "not a recording").unwrap();
    fs::write(folder.join("bad.png"), "not a picture").unwrap();
    let cases: [(&[&str], i32, &[&str]); 9] = [
        (
            &[],
            USAGE,
            &["nothing to predict", "--input FILES", "--manifest FILE"],
        ),
        (
            &["--input", "clip.xyz"],
            USAGE,
            &["clip.xyz", "no encoder reads", ".wav", "--audio"],
        ),
        (
            &["--input", "words.txt"],
            USAGE,
            &["reads audio, visual and no text", "leave text out"],
        ),
        (
            &["--input", &audio, "--audio", &audio],
            USAGE,
            &["several files of audio", "--manifest FILE"],
        ),
        (
            &["--input", "bad.wav"],
            DATA,
            &["bad.wav", "leave audio out"],
        ),
        (
            &["--input", "bad.png"],
            DATA,
            &["bad.png", "leave visual out"],
        ),
        (
            &["--input", "none.wav"],
            DATA,
            &["none.wav", "check that it exists"],
        ),
        (&["--manifest", "none.csv"], DATA, &["none.csv"]),
        (
            &["--manifest", "digits/manifest.csv", "--input", &audio],
            USAGE,
            &["--manifest", "--input"],
        ),
    ];
    for (arguments, code, parts) in cases {
        refused(&trained.ask("predict", arguments), code, parts);
    }
}

#[test]
fn every_sample_of_a_manifest_that_cannot_be_predicted_is_named() {
    let trained = Trained::new(&["method=naive"]);
    fs::write(trained.folder().join("digits/bad.wav"), "not a recording").unwrap();
    manifest(&trained, |number, row| match number {
        1 => row[1] = "bad.wav".into(),
        3 => (row[1], row[2]) = (String::new(), String::new()),
        5 => row[2] = "gone.png".into(),
        _ => (),
    });
    let names = rows(trained.folder(), "test");
    let parts = [
        "3 of ",
        &names[1][0],
        "bad.wav",
        &names[3][0],
        "without a single modality",
        &names[5][0],
        "gone.png",
    ];
    refused(&trained.ask("predict", &MANIFEST), DATA, &parts);
    let tables = [
        ("", "it is empty"),
        ("name,sound\n1,a.wav\n", "none of the columns"),
        ("id,sound\n1,a.wav\n", "`audio`, `image`"),
        ("audio\n", "no sample"),
        ("audio,image\na\n", "some.csv"),
    ];
    for (table, part) in tables {
        fs::write(trained.folder().join("digits/some.csv"), table).unwrap();
        refused(
            &trained.ask("predict", &MANIFEST),
            DATA,
            &["some.csv", part],
        );
    }
}

#[test]
fn a_network_that_is_not_there_is_refused_with_what_to_give() {
    let trained = Trained::new(&["method=naive"]);
    let folder = trained.folder();
    fs::create_dir(folder.join("other")).unwrap();
    fs::write(folder.join("text.safetensors"), "some text").unwrap();
    let run = trained.run.to_str().unwrap();
    let cases: [(&[&str], i32, &[&str]); 9] = [
        (
            &[],
            USAGE,
            &[
                "which network?",
                "--run DIR",
                "--checkpoint PATH",
                "--weights FILE",
            ],
        ),
        (
            &["--checkpoint", "best"],
            USAGE,
            &["`--checkpoint best`", "--run DIR"],
        ),
        (
            &["--checkpoint", "other", "--run", run],
            USAGE,
            &["other", "leave --run out"],
        ),
        (
            &["--checkpoint", "nowhere"],
            DATA,
            &["nowhere", "no such folder"],
        ),
        (
            &["--checkpoint", "other"],
            FOREIGN,
            &["other", "neither a run's directory nor a checkpoint"],
        ),
        (
            &["--weights", "none.safetensors", "--run", run],
            DATA,
            &["none.safetensors", "amst train --weights"],
        ),
        (
            &["--weights", "w.safetensors"],
            DATA,
            &["recipe.toml", "--run DIR"],
        ),
        (
            &["--weights", "text.safetensors", "--run", run],
            DATA,
            &["text.safetensors", "amst train --weights"],
        ),
        (
            &[
                "--weights",
                "w.safetensors",
                "--run",
                run,
                "--device",
                "gpu",
            ],
            USAGE,
            &["unknown device `gpu`"],
        ),
    ];
    for (arguments, code, parts) in cases {
        let arguments = [&["predict"], arguments, &["--input", "a.wav"]].concat();
        refused(&amst(folder, &arguments), code, parts);
    }
}
