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

fn train(method: &[&str], threads: usize, out: &Path) -> PathBuf {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("amst"));
    command
        .env("RAYON_NUM_THREADS", threads.to_string())
        .args(["train", "--dataset", "synthetic"]);
    command.args(["--progress", "none", "--out"]).arg(out);
    for setting in SETTINGS.iter().chain(method) {
        command.args(["--set", setting]);
    }
    command.assert().success();
    let first = |dir: &Path| {
        std::fs::read_dir(dir)
            .unwrap()
            .next()
            .unwrap()
            .unwrap()
            .path()
    };
    first(&first(&out.join("synthetic")))
}

fn equal_on_any_number_of_threads(method: &str) {
    equal_on(&[1, 2, 7], &[&format!("method={method}")]);
}

fn equal_on(threads: &[usize], method: &[&str]) {
    let outs: Vec<_> = threads
        .iter()
        .map(|threads| (threads, tempfile::tempdir().unwrap()))
        .collect();
    let runs: Vec<_> = outs
        .iter()
        .map(|(threads, out)| (threads, train(method, **threads, out.path())))
        .collect();
    let (_, one) = &runs[0];
    for (threads, run) in &runs {
        for name in ["result.json", "predictions.csv"] {
            let same =
                std::fs::read(one.join(name)).unwrap() == std::fs::read(run.join(name)).unwrap();
            assert!(
                same,
                "{method:?}: {name} differs between 1 and {threads} threads"
            );
        }
        let environment = std::fs::read_to_string(run.join("env.json")).unwrap();
        assert!(
            environment.contains(&format!("\"threads\": \"{threads}\"")),
            "{environment}"
        );
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

/// Those whose steps compute something of their own; two steps of 24 samples are enough of it.
#[test]
fn the_compared_methods_give_one_result_on_one_thread_and_on_two() {
    let compared: [&[&str]; 4] = [
        &["method=ogm-ge"],
        &["method=pmr"],
        &["method=mla", "mla.fusion=entropy", "mla.modification=rls"],
        &["method=agm"],
    ];
    let short = [
        "epochs=1",
        "batch_size=24",
        "synthetic.train=48",
        "synthetic.val=24",
        "synthetic.test=24",
    ];
    compared
        .iter()
        .for_each(|method| equal_on(&[1, 2], &[&short, *method].concat()));
}
