//! Names, keys and values on the command line.

use crate::program::{DATA, DIVERGED, USAGE, amst, assert_refused, train};

fn refused(arguments: &[&str], parts: &[&str]) {
    let out = tempfile::tempdir().unwrap();
    assert_refused(&amst(arguments, out.path()), USAGE, parts);
    assert_eq!(
        std::fs::read_dir(out.path()).unwrap().count(),
        0,
        "nothing is written for {arguments:?}"
    );
}

fn setting_refused(settings: &[&str], parts: &[&str]) {
    let out = tempfile::tempdir().unwrap();
    assert_refused(&train(settings, out.path()), USAGE, parts);
    assert_eq!(
        std::fs::read_dir(out.path()).unwrap().count(),
        0,
        "nothing is written for {settings:?}"
    );
}

#[test]
fn an_unknown_data_set_is_refused_with_the_nearest_name() {
    refused(
        &["train", "--dataset", "world-digit"],
        &["`world-digit`", "did you mean `world-digits`", "synthetic"],
    );
}

#[test]
fn one_of_the_papers_data_sets_that_is_not_here_is_refused_with_where_to_get_it() {
    refused(
        &["train", "--dataset", "crema-d"],
        &["crema-d is not here", "GitHub", "--dataset path/to/crema-d"],
    );
}

#[test]
fn a_folder_without_a_descriptor_is_refused_with_where_to_read_how() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    refused(
        &["train", "--dataset", path],
        &[path, "no `dataset.toml`", "docs/datasets.md"],
    );
}

#[test]
fn an_unknown_recipe_is_refused_with_the_nearest_name() {
    let arguments = [
        "train",
        "--recipe",
        "tabel2",
        "--experiment",
        "1",
        "--dataset",
        "synthetic",
    ];
    refused(&arguments, &["`tabel2`", "did you mean `table2`"]);
}

#[test]
fn an_unknown_experiment_is_refused_with_those_there_are() {
    let arguments = [
        "train",
        "--recipe",
        "table2",
        "--experiment",
        "7",
        "--dataset",
        "synthetic",
    ];
    refused(
        &arguments,
        &["`table2` has no experiment `7`", "1, 2, 3, 4, 5, 6"],
    );
}

#[test]
fn a_recipe_without_an_experiment_is_refused() {
    let out = tempfile::tempdir().unwrap();
    let output = amst(&["train", "--recipe", "table2"], out.path());
    assert_eq!(output.status.code(), Some(USAGE));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--experiment"));
}

#[test]
fn an_unknown_key_is_refused_with_the_nearest_one() {
    setting_refused(
        &["skip.audoi=2"],
        &[
            "unknown key `skip.audoi`",
            "did you mean `skip.audio`",
            "amst keys",
        ],
    );
    setting_refused(
        &["epoch=2"],
        &["unknown key `epoch`", "did you mean `epochs`"],
    );
    setting_refused(
        &["optm.lr=2"],
        &["unknown key `optm.lr`", "did you mean `optim.lr`"],
    );
}

#[test]
fn a_value_of_the_wrong_kind_is_refused_naming_its_key() {
    setting_refused(&["optim.lr=fast"], &["`optim.lr`", "fast"]);
    setting_refused(&["method=amst"], &["`method`", "amst-full"]);
    setting_refused(&["epochs"], &["has no `=`"]);
}

#[test]
fn a_device_that_is_not_compiled_in_is_refused_with_those_that_are() {
    let mut devices = Vec::new();
    if !cfg!(feature = "cuda") {
        devices.extend(["cuda", "cuda:0"]);
    }
    if !cfg!(feature = "tch") {
        devices.extend(["tch", "tch:cuda:1"]);
    }
    for device in devices {
        let arguments = ["train", "--dataset", "synthetic", "--device", device];
        refused(
            &arguments,
            &[&format!("`{device}`"), "compiled with: flex", "--features"],
        );
    }
}

#[test]
fn an_unknown_device_is_refused_with_the_nearest_one() {
    refused(
        &["train", "--dataset", "synthetic", "--device", "flexx"],
        &["unknown device `flexx`", "did you mean `flex`"],
    );
    refused(
        &["train", "--dataset", "synthetic", "--device", "tpu"],
        &["unknown device `tpu`", "has: flex"],
    );
}

#[test]
fn a_skip_parameter_of_zero_is_refused() {
    setting_refused(
        &["skip.audio=0"],
        &["`skip.audio`", "use 1 to train in every epoch", "never"],
    );
}

#[test]
fn a_schedule_in_which_nothing_would_ever_train_is_refused() {
    setting_refused(
        &["skip.audio=never", "skip.visual=never"],
        &["never trains anything", "skip parameter of 1"],
    );
    setting_refused(
        &["skip.audio=5", "skip.visual=4", "skip.epoch_base=1"],
        &["in 1 epochs"],
    );
}

#[test]
fn sizes_of_zero_are_refused() {
    setting_refused(&["batch_size=0"], &["`batch_size`", "at least 1"]);
    refused(
        &["train", "--dataset", "synthetic", "--epochs", "0"],
        &["`epochs`", "at least 1"],
    );
    setting_refused(&["eval_batch_size=0"], &["`eval_batch_size`", "at least 1"]);
    setting_refused(&["batch_size=-1"], &["`batch_size`"]);
}

#[test]
fn embeddings_of_different_widths_are_refused_with_the_setting_that_helps() {
    setting_refused(&["audio.width=8"], &["one width", "embed="]);
}

#[test]
fn a_folder_of_runs_that_cannot_be_written_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let in_the_way = folder.path().join("runs");
    std::fs::write(&in_the_way, "a file").unwrap();
    assert_refused(&train(&[], &in_the_way), DATA, &["runs", "--out"]);
    assert_eq!(std::fs::read(&in_the_way).unwrap(), b"a file");
}

#[test]
fn a_folder_deep_below_that_cannot_be_made_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("synthetic"), "a file").unwrap();
    assert_refused(&train(&[], folder.path()), DATA, &["synthetic", "--out"]);
}

#[test]
fn a_diverging_run_is_refused_with_the_setting_to_lower() {
    let out = tempfile::tempdir().unwrap();
    let output = train(&["optim.lr=1e9"], out.path());
    assert_refused(
        &output,
        DIVERGED,
        &["epoch 0", "step", "train-", "lower `optim.lr`"],
    );
}
