//! The number of threads decides how long a run takes and nothing else.

use std::path::{Path, PathBuf};

use assert_cmd::Command;

/// Wide enough for convolutions and reductions to be shared out among threads.
const SETTINGS: [&str; 7] = [
    "epochs=2",
    "skip.audio=2",
    "batch_size=32",
    "audio.width=16",
    "visual.width=16",
    "audio.target_frames=48",
    "audio.mels=32",
];

fn train(method: &str, threads: usize, out: &Path) -> PathBuf {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("amst"));
    command.env("RAYON_NUM_THREADS", threads.to_string()).args(["train", "--dataset", "synthetic"]);
    command.args(["--progress", "none", "--set", &format!("method={method}"), "--out"]).arg(out);
    for setting in SETTINGS {
        command.args(["--set", setting]);
    }
    command.assert().success();
    let cells = out.join("synthetic").join(method);
    std::fs::read_dir(cells).unwrap().next().unwrap().unwrap().path()
}

fn equal_on_any_number_of_threads(method: &str) {
    let outs = [1, 2, 4].map(|threads| (threads, tempfile::tempdir().unwrap()));
    let runs = outs.each_ref().map(|(threads, out)| (threads, train(method, *threads, out.path())));
    let (_, one) = &runs[0];
    for (threads, run) in &runs {
        for name in ["result.json", "predictions.csv"] {
            let same = std::fs::read(one.join(name)).unwrap() == std::fs::read(run.join(name)).unwrap();
            assert!(same, "{method}: {name} differs between 1 and {threads} threads");
        }
        let environment = std::fs::read_to_string(run.join("env.json")).unwrap();
        assert!(environment.contains(&format!("\"threads\": \"{threads}\"")), "{environment}");
    }
}

#[test]
fn the_alternating_module_gives_one_result_on_any_number_of_threads() {
    equal_on_any_number_of_threads("amst-alt");
}

#[test]
fn the_joint_module_gives_one_result_on_any_number_of_threads() {
    equal_on_any_number_of_threads("amst-joint");
}

#[test]
fn the_full_system_gives_one_result_on_any_number_of_threads() {
    equal_on_any_number_of_threads("amst-full");
}
