//! `amst replay` of recorded cases, whole and broken.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::{Value, json};

use crate::program::{DATA, Tensors, amst, done, read, refused, write};

/// The recorded runs of `amst-replay`.
fn recorded(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../amst-replay/tests/fixtures/trajectories")
        .join(name)
}

fn settings(case: &Path) -> Value {
    serde_json::from_slice(&fs::read(case.join("case.json")).unwrap()).unwrap()
}

/// A copy of a recorded case in `folder/case` with files of its own, so that each can be broken.
fn copy(name: &str, folder: &Path) -> PathBuf {
    let (from, to) = (recorded(name), folder.join("case"));
    fs::create_dir(&to).unwrap();
    let mut settings = settings(&from);
    let mut weights = Tensors::new();
    for (prefix, file) in settings["weights"].as_object().unwrap() {
        let part = read(&from.join(file.as_str().unwrap()));
        weights.extend(
            part.into_iter()
                .map(|(name, tensor)| (format!("{prefix}{name}"), tensor)),
        );
    }
    write(&weights, &to.join("weights.safetensors"));
    fs::copy(
        from.join(settings["inputs"].as_str().unwrap()),
        to.join("inputs.safetensors"),
    )
    .unwrap();
    settings
        .as_object_mut()
        .unwrap()
        .retain(|key, _| key != "weights" && key != "inputs");
    fs::write(to.join("case.json"), settings.to_string()).unwrap();
    to
}

fn replay(folder: &Path) -> Output {
    amst(folder, &["replay", "case", "--out", "got"])
}

#[test]
fn a_recorded_case_is_replayed_into_the_four_files() {
    let folder = tempfile::tempdir().unwrap();
    let case = recorded("unimodal-a");
    let told = done(&amst(
        folder.path(),
        &["replay", case.to_str().unwrap(), "--out", "got/here"],
    ));
    assert!(
        told.starts_with("18 steps, 6 epochs\n")
            && told.contains("fused")
            && told.contains("got/here"),
        "{told}"
    );
    let got = folder.path().join("got/here");
    let mut files: Vec<_> = fs::read_dir(&got)
        .unwrap()
        .map(|f| f.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    assert_eq!(
        files,
        [
            "logits.safetensors",
            "result.json",
            "velocity.safetensors",
            "weights.safetensors"
        ]
    );

    let result: Value =
        serde_json::from_slice(&fs::read(got.join("result.json")).unwrap()).unwrap();
    assert_eq!(
        (result["case"] == settings(&case), &result["dtype"]),
        (true, &json!("float32"))
    );
    assert_eq!(
        (
            result["steps"].as_array().unwrap().len(),
            result["epochs"].as_array().unwrap().len()
        ),
        (18, 6)
    );
    let (weights, velocity) = (
        read(&got.join("weights.safetensors")),
        read(&got.join("velocity.safetensors")),
    );
    assert_eq!(
        weights.keys().collect::<Vec<_>>(),
        read(&case.join("expect/weights.safetensors"))
            .keys()
            .collect::<Vec<_>>()
    );
    let shape = |tensors: &Tensors, name: &String| tensors[name].1.clone();
    assert!(
        velocity
            .keys()
            .all(|name| shape(&velocity, name) == shape(&weights, name)
                && !name.contains("running_"))
    );
    let trained = weights
        .keys()
        .filter(|name| !name.contains("running_"))
        .count();
    assert_eq!(
        velocity.len(),
        trained,
        "everything that can train has moved"
    );
}

#[test]
fn the_copy_that_is_broken_below_is_whole() {
    for name in ["unimodal-a", "ogm-av"] {
        let folder = tempfile::tempdir().unwrap();
        copy(name, folder.path());
        done(&replay(folder.path()));
    }
}

/// Breaks a copy and sees it refused with these words and nothing written.
fn refused_after(name: &str, change: impl Fn(&Path), parts: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    change(&copy(name, folder.path()));
    refused(&replay(folder.path()), DATA, parts);
    assert!(
        !folder.path().join("got").exists(),
        "{parts:?}: nothing is written"
    );
}

fn settings_refused(name: &str, change: impl Fn(&mut Value), parts: &[&str]) {
    let file = |case: &Path| {
        let mut settings = settings(case);
        change(&mut settings);
        fs::write(case.join("case.json"), settings.to_string()).unwrap();
    };
    refused_after(name, file, parts);
}

#[test]
fn a_folder_that_is_no_case_is_refused() {
    let lost = |file: &'static str| move |case: &Path| fs::remove_file(case.join(file)).unwrap();
    refused_after(
        "unimodal-a",
        lost("case.json"),
        &["cannot read case/case.json", "docs/parity.md"],
    );
    refused_after(
        "unimodal-a",
        lost("inputs.safetensors"),
        &["cannot read case/inputs.safetensors", "docs/parity.md"],
    );
    refused_after(
        "unimodal-a",
        lost("weights.safetensors"),
        &["cannot read case/weights.safetensors"],
    );
    let text = |case: &Path| fs::write(case.join("case.json"), "{ method: naive").unwrap();
    refused_after(
        "unimodal-a",
        text,
        &["cannot read case/case.json", "line 1"],
    );
    let text = |case: &Path| fs::write(case.join("inputs.safetensors"), "noise").unwrap();
    refused_after(
        "unimodal-a",
        text,
        &["case/inputs.safetensors", "not a safetensors file"],
    );
}

#[test]
fn words_that_mean_nothing_are_refused_with_those_that_do() {
    settings_refused(
        "unimodal-a",
        |s| s["method"] = json!("ogmge"),
        &["`method` is ogmge", "naive, ogm, pmr"],
    );
    settings_refused(
        "unimodal-a",
        |s| s["modalities"] = json!(["s"]),
        &["`modalities` is s", "a, t, v"],
    );
    settings_refused(
        "ogm-av",
        |s| s["head"] = json!("sum"),
        &["`head` is sum", "late-sum, concat, shared-sum"],
    );
    settings_refused(
        "ogm-av",
        |s| s["ogm"]["scope"] = json!("conv"),
        &["`ogm.scope` is conv", "conv4d"],
    );
    settings_refused(
        "unimodal-a",
        |s| s["lr"] = json!("fast"),
        &["case.json", "\"fast\""],
    );
}

#[test]
fn settings_that_are_missing_are_refused_by_name() {
    let without = |key: &'static str| {
        move |s: &mut Value| drop(s.as_object_mut().unwrap().remove(key).unwrap())
    };
    settings_refused(
        "unimodal-a",
        without("method"),
        &["case/case.json", "missing field `method`"],
    );
    settings_refused("ogm-av", without("ogm"), &["needs a section `ogm`"]);
}

#[test]
fn settings_that_contradict_each_other_are_refused() {
    settings_refused(
        "unimodal-a",
        |s| s["modalities"] = json!(["a", "v"]),
        &["`unimodal` trains one modality"],
    );
    settings_refused(
        "ogm-av",
        |s| s["modalities"] = json!(["a"]),
        &["balances modalities and there is one"],
    );
    settings_refused(
        "ogm-av",
        |s| s["ogm"]["alpha"] = json!(-1),
        &["`ogm.alpha`", "use 0 or more"],
    );
    settings_refused(
        "ogm-av",
        |s| s["ogm"]["start"] = json!(99),
        &["`ogm.start`", "would never open"],
    );
    settings_refused(
        "unimodal-a",
        |s| s["epochs"] = json!(0),
        &["`epochs` is 0", "at least one"],
    );
    settings_refused(
        "pmr-av",
        |s| s["pmr"]["batches"] = json!([99]),
        &["`pmr.batches`"],
    );
    settings_refused(
        "pmr-av",
        |s| s["pmr"]["batches"] = json!([]),
        &["no sample of class 0", "prototypes"],
    );
    settings_refused(
        "alt-av-fast",
        |s| s["skip"] = json!({"a": 0}),
        &["skip.audio", "0 divides no epoch"],
    );
}

#[test]
fn tensors_that_are_missing_too_many_or_misshapen_are_refused_by_name() {
    let change = |file: &'static str, change: fn(&mut Tensors)| {
        move |case: &Path| {
            let path = case.join(file);
            let mut tensors = read(&path);
            change(&mut tensors);
            write(&tensors, &path);
        }
    };
    let lost = change("weights.safetensors", |tensors| {
        drop(tensors.remove("head.a.weight").unwrap())
    });
    refused_after(
        "ogm-av",
        lost,
        &["missing: head.a.weight", "exactly this network's tensors"],
    );
    let more = change("weights.safetensors", |tensors| {
        let copy = tensors["head.a.bias"].clone();
        tensors.insert("head.t.bias".into(), copy);
    });
    refused_after("ogm-av", more, &["not of this network: head.t.bias"]);
    settings_refused(
        "ogm-av",
        |s| s["classes"] = json!(7),
        &["head.a.weight is [4, 20], not [7, 20]"],
    );
    let lost = change("inputs.safetensors", |tensors| {
        drop(tensors.remove("train.0000.a").unwrap())
    });
    refused_after(
        "unimodal-a",
        lost,
        &["inputs.safetensors", "`train.0000.a` is missing"],
    );
    let lost = change("inputs.safetensors", |tensors| {
        tensors.retain(|name, _| !name.starts_with("eval."))
    });
    refused_after("unimodal-a", lost, &["`eval.0000.y` is missing"]);
}

/// Sound and pictures are there, weights for sound only.
#[test]
fn a_modality_without_weights_is_refused_by_name() {
    let lost = |case: &Path| {
        let path = case.join("weights.safetensors");
        let mut tensors = read(&path);
        tensors.retain(|name, _| !name.starts_with("encoder.v."));
        write(&tensors, &path);
    };
    refused_after(
        "ogm-av",
        lost,
        &["weights.safetensors", "missing: encoder.v."],
    );
}
