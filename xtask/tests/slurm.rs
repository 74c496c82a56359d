//! `cargo xtask reproduce --launcher slurm`, with scripts in the place of SLURM's programs. What a
//! real SLURM makes of it is tested by `cargo xtask test-slurm`, what a faulty one does by
//! `crates/amst-reproduce/tests/slurm_faults`.
#![cfg(unix)]

mod bench;
#[path = "slurm/cluster.rs"]
mod cluster;

use std::path::{Path, PathBuf};
use std::process::Command;

use bench::{Bench, stderr, stdout};
use cluster::{Cluster, SBATCH, write_program};
use serde_json::Value;

#[test]
fn preparation_arrays_and_report_are_submitted_each_after_the_one_before() {
    let cluster = Cluster::new();
    std::fs::write(cluster.stash("max"), "3").unwrap();
    cluster
        .reproduce(&[
            "--launcher",
            "slurm",
            "--time",
            "4h",
            "--partition",
            "gpu",
            "--throttle",
            "2",
            "--sbatch",
            "account=team",
            "--sbatch",
            "mem=8G",
        ])
        .success();
    let folder = cluster.submission();
    let name = folder.file_name().unwrap().to_str().unwrap();
    let calls = cluster.stashed("sbatch-calls");
    let calls = calls
        .replace(folder.to_str().unwrap(), "FOLDER")
        .replace(name, "NAME");
    let usual = "--partition=gpu --time=0-04:00:00 --account=team --mem=8G";
    let array = |first: usize, last: usize, before: &str| {
        format!(
            "--parsable --job-name=NAME-runs-{first} --output=FOLDER/logs/%A_%a.log \
             --array=0-{last}%2 --requeue --open-mode=append --signal=B:USR1@180 \
             --kill-on-invalid-dep=yes --mem=MEM {usual} --dependency={before} FOLDER/task.sh \
             {first}"
        )
    };
    let expected = [
        format!(
            "--parsable --job-name=NAME-prepare --output=FOLDER/logs/%j.log --mem=MEM {usual} \
             FOLDER/prepare.sh"
        ),
        array(0, 2, "afterok:100"),
        array(3, 2, "afterok:100,afterany:101"),
        array(6, 1, "afterok:100,afterany:102"),
        "--parsable --job-name=NAME-report --output=FOLDER/logs/%j.log --partition=gpu \
         --account=team --mem=8G --dependency=afterany:101:102:103 FOLDER/report.sh"
            .to_string(),
    ];
    let own_memory = |line: &str| {
        let words = line.split(' ').map(|word| match word {
            own if own.starts_with("--mem=") && own.ends_with('M') => "--mem=MEM",
            other => other,
        });
        words.collect::<Vec<_>>().join(" ")
    };
    let calls: Vec<String> = calls.lines().map(own_memory).collect();
    assert_eq!(calls, expected);
    let record: Value =
        serde_json::from_str(&std::fs::read_to_string(folder.join("submission.json")).unwrap())
            .unwrap();
    let ids: Vec<_> = record["jobs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|job| &job["id"])
        .collect();
    assert_eq!(ids, [100, 101, 102, 103, 104]);
}

#[test]
fn a_task_trains_the_run_of_its_line_and_the_report_prints_the_table() {
    let cluster = Cluster::new();
    cluster.submit();
    let plan = std::fs::read_to_string(cluster.submission().join("plan.jsonl")).unwrap();
    assert_eq!(plan.lines().count(), 8);
    for index in 0..8 {
        assert_eq!(cluster.run_task(index), Some(0));
    }
    let run: Value = serde_json::from_str(plan.lines().nth(5).unwrap()).unwrap();
    assert!(
        Path::new(run["run"].as_str().unwrap())
            .join("result.json")
            .is_file()
    );
    let fifth = cluster.bench.calls()[5].clone();
    let title = run["title"].as_str().unwrap();
    let row = fifth.split(' ').nth(1).unwrap();
    assert!(title.contains(&format!(" {row},")), "{title}: {fifth}");
    assert_eq!(
        cluster.task(9, 0).status().unwrap().code(),
        Some(3),
        "there is no such run"
    );
    let status = stdout(&cluster.reproduce(&["--status"]).success());
    assert!(status.starts_with("8 runs: 8 done, 0 running"), "{status}");
    let table = stdout(&cluster.reproduce(&["--collect"]).success());
    assert!(table.contains("Table 2"), "{table}");
}

#[test]
fn the_report_asks_for_the_same_table_and_fails_where_it_has_holes() {
    let cluster = Cluster::new();
    cluster
        .reproduce(&[
            "--launcher",
            "slurm",
            "--set",
            "optim.lr=0.5",
            "--epochs",
            "3",
            "--experiments",
            "1,6",
            "--modalities",
            "own",
        ])
        .success();
    let folder = cluster.submission();
    let plan = std::fs::read_to_string(folder.join("plan.jsonl")).unwrap();
    assert_eq!(plan.lines().count(), 2);
    // `amst reproduce` is this very command.
    let program = format!("#!/bin/sh\nexec {} \"$@\"\n", env!("CARGO_BIN_EXE_xtask"));
    write_program(&cluster.bench.path("amst"), &program);
    let report = || {
        let mut command = Command::new("sh");
        command
            .arg(folder.join("report.sh"))
            .current_dir("/")
            .env("PATH", cluster.path());
        command
            .env("STASH", cluster.bench.path("stash"))
            .output()
            .unwrap()
    };
    let output = report();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}{errors}");
    assert!(
        said.contains("pending, task 101_0: Resources"),
        "of the same cells: {said}"
    );
    assert!(
        said.contains("pending, task 101_1: Resources"),
        "of the same cells: {said}"
    );
    assert!(!said.contains("not run yet"), "{said}");
}

#[test]
fn what_is_in_the_queue_is_not_submitted_again_and_what_ended_is() {
    let cluster = Cluster::new();
    cluster.submit();
    let again = stderr(&cluster.submit());
    assert!(
        again.contains("0 done, 8 running or in the queue, 0 to submit"),
        "{again}"
    );
    assert_eq!(cluster.run_task(0), Some(0));
    // Two tasks are still there.
    let queue = cluster.stashed("queue");
    let left: Vec<&str> = queue
        .lines()
        .filter(|l| l.starts_with("101_6") || l.starts_with("101_7"))
        .collect();
    std::fs::write(cluster.stash("queue"), left.join("\n") + "\n").unwrap();
    let rest = stderr(&cluster.submit());
    assert!(
        rest.contains("1 done, 2 running or in the queue, 5 to submit"),
        "{rest}"
    );
    let calls = cluster.stashed("sbatch-calls");
    let report = calls.lines().last().unwrap();
    assert!(
        report.contains("--dependency=afterany:101:104"),
        "it waits for both arrays: {report}"
    );
    let status = stdout(&cluster.reproduce(&["--status"]).success());
    assert!(
        status.starts_with("8 runs: 1 done, 0 running, 7 pending"),
        "{status}"
    );
}

#[test]
fn what_is_cancelled_stays_so_until_it_is_submitted_again() {
    let cluster = Cluster::new();
    cluster.submit();
    let said = stderr(&cluster.reproduce(&["--cancel"]).success());
    assert!(said.contains("cancelled: 100, 101, 102"), "{said}");
    assert_eq!(cluster.stashed("cancelled"), "100 101 102\n");
    cluster.end_with(75);
    assert_eq!(cluster.run_task(0), Some(75));
    assert_eq!(
        cluster.stashed("requeued"),
        "",
        "a cancelled task does not come back"
    );
    let status = stdout(&cluster.reproduce(&["--status"]).success());
    assert!(
        status.contains("8 missing") && status.contains("cancelled"),
        "{status}"
    );
    let again = stderr(&cluster.reproduce(&["--cancel"]).success());
    assert!(
        again.contains("nothing of this table is in the queue"),
        "{again}"
    );
    let said = stderr(&cluster.submit());
    assert!(said.contains("8 to submit"), "{said}");
    assert_eq!(
        cluster.submissions().len(),
        2,
        "the same plan, in a folder of its own"
    );
}

#[test]
fn a_submission_with_runs_of_others_is_not_cancelled_but_named() {
    let cluster = Cluster::new();
    cluster.submit();
    let said = stderr(
        &cluster
            .reproduce(&["--cancel", "--experiments", "6"])
            .success(),
    );
    assert!(said.contains("`scancel 100 101 102`"), "{said}");
    assert_eq!(cluster.stashed("cancelled"), "");
}

#[test]
fn a_task_requeues_itself_alone_while_its_run_gets_on() {
    let cluster = Cluster::new();
    cluster.submit();
    cluster.end_with(75);
    // Each start saves something new.
    let plan = std::fs::read_to_string(cluster.submission().join("plan.jsonl")).unwrap();
    let run: Value = serde_json::from_str(plan.lines().next().unwrap()).unwrap();
    std::fs::write(cluster.stash("saves"), run["run"].as_str().unwrap()).unwrap();
    for _ in 0..4 {
        assert_eq!(cluster.run_task(0), Some(75));
    }
    assert_eq!(cluster.stashed("requeued"), "requeue 101_0\n".repeat(4));
    // Now it saves nothing new any more.
    std::fs::remove_file(cluster.stash("saves")).unwrap();
    for _ in 0..4 {
        cluster.run_task(0);
    }
    assert_eq!(
        cluster.stashed("requeued"),
        "requeue 101_0\n".repeat(6),
        "two more, then no more"
    );
    cluster.empty_the_queue();
    let status = stdout(&cluster.reproduce(&["--status"]).success());
    assert!(
        status.contains("1 failed") && status.contains("3 starts in a row saved nothing new"),
        "{status}"
    );
}

#[test]
fn a_failure_that_would_come_again_is_not_requeued_and_its_reason_stands_below_the_table() {
    let cluster = Cluster::new();
    cluster.submit();
    for (index, code) in [2, 3, 4, 5, 1, 70].into_iter().enumerate() {
        cluster.end_with(code);
        assert_eq!(cluster.run_task(index), Some(code.into()));
    }
    assert_eq!(cluster.stashed("requeued"), "");
    let table = stdout(&cluster.reproduce(&["--collect"]).code(1));
    assert!(table.contains("pending, task 101_7: Resources"), "{table}");
    cluster.empty_the_queue();
    let table = stdout(&cluster.reproduce(&["--collect"]).code(1));
    for reason in [
        "failed: exit code 4 (diverged): error: as told",
        "failed: exit code 70: error: as told",
        "not run: its task left the queue without starting",
    ] {
        assert!(table.contains(reason), "{reason}: {table}");
    }
    let status = stdout(&cluster.reproduce(&["--status", "--json"]).success());
    let status: Value = serde_json::from_str(&status).unwrap();
    let failed = status["runs"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|run| run["state"] == "failed");
    assert_eq!(failed.count(), 6);
}

#[test]
fn sigterm_counts_as_a_request_to_come_back_only_where_slurm_says_why() {
    for (line, comes_back) in [
        ("CANCELLED AT 2026-01-01T00:00:00 ***", false),
        (
            "CANCELLED AT 2026-01-01T00:00:00 DUE TO JOB REQUEUE ***",
            false,
        ),
        (
            "CANCELLED AT 2026-01-01T00:00:00 DUE TO PREEMPTION ***",
            true,
        ),
        (
            "CANCELLED AT 2026-01-01T00:00:00 DUE TO TIME LIMIT ***",
            true,
        ),
    ] {
        let cluster = Cluster::new();
        cluster.submit();
        cluster.end_with(0);
        std::fs::write(cluster.stash("waits"), "").unwrap();
        let mut command = cluster.task(0, 0);
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut task = command.spawn().unwrap();
        while !cluster.stash("waiting").exists() {
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        let log = cluster.submission().join("logs/101_0.log");
        let earlier = "slurmstepd: error: *** JOB 101 ON n CANCELLED AT x DUE TO PREEMPTION ***\n";
        let text = format!("{earlier}slurmstepd: error: *** JOB 101 ON n {line}\n");
        std::fs::write(log, text).unwrap();
        let group = format!("-{}", task.id());
        Command::new("kill")
            .args(["-TERM", "--", &group])
            .status()
            .unwrap();
        assert_eq!(task.wait().unwrap().code(), Some(143), "{line}");
        let requeued = if comes_back { "requeue 101_0\n" } else { "" };
        assert_eq!(cluster.stashed("requeued"), requeued, "{line}");
    }
}

#[test]
fn a_task_waits_out_the_lease_of_a_process_that_is_gone() {
    let cluster = Cluster::new();
    cluster.submit();
    cluster.end_with(7);
    assert_eq!(cluster.run_task(0), Some(7));
    let log = std::fs::read_to_string(cluster.submission().join("logs/101_0.log")).unwrap();
    let slept = cluster.stashed("slept");
    let slept: Vec<u32> = slept.lines().map(|line| line.parse().unwrap()).collect();
    assert_eq!(slept, [5, 10, 20, 40, 60, 60, 60, 60, 60, 60]);
    let longer_than_a_lease = slept.iter().sum::<u32>() > 5 * 60;
    assert!(
        longer_than_a_lease && log.matches("training").count() == slept.len() + 1,
        "{log}"
    );
    assert_eq!(cluster.stashed("requeued"), "");
}

#[test]
fn without_slurm_the_message_says_where_to_go_and_nothing_is_written() {
    let bench = Bench::new();
    let mut command = bench.command(&["--launcher", "slurm"]);
    command.env("PATH", bench.path("nowhere"));
    let said = stderr(&assert_cmd::Command::from_std(command).assert().code(1));
    assert!(
        said.contains("there is no `sbatch` on this machine"),
        "{said}"
    );
    assert!(said.contains("`amst work`"), "{said}");
    assert!(!bench.path("out").exists());
    let mut command = bench.command(&["--status"]);
    command.env("PATH", bench.path("nowhere"));
    let assert = assert_cmd::Command::from_std(command).assert().success();
    assert!(
        stdout(&assert).contains("24 missing"),
        "{}",
        stdout(&assert)
    );
}

#[test]
fn a_partition_that_there_is_not_is_told_with_slurms_words_and_leaves_nothing() {
    let cluster = Cluster::new();
    std::fs::write(
        cluster.stash("sbatch-fails"),
        "sbatch: error: invalid partition specified: nope\n",
    )
    .unwrap();
    let assert = cluster
        .reproduce(&["--launcher", "slurm", "--partition", "nope"])
        .code(1);
    let said = stderr(&assert);
    assert!(said.contains("invalid partition specified: nope"), "{said}");
    assert!(
        said.contains("`sinfo --summarize`") && said.contains("`--partition NAME`"),
        "{said}"
    );
    assert_eq!(cluster.submissions(), Vec::<PathBuf>::new());
}

#[test]
fn a_scheduler_that_stops_taking_jobs_says_what_goes_on() {
    let cluster = Cluster::new();
    write_program(
        &cluster.bench.path("bin/sbatch"),
        &SBATCH.replace("last=\n", "last=\n[ $id -lt 101 ] || { echo 'Job violates accounting/QOS policy (job submit limit)' >&2; exit 1; }\n"),
    );
    let said = stderr(&cluster.reproduce(&["--launcher", "slurm"]).code(1));
    assert!(said.contains("of 3 jobs 1 were submitted"), "{said}");
    assert!(said.contains("wait until jobs have ended"), "{said}");
    assert_eq!(cluster.submissions().len(), 1, "it can be cancelled");
}

#[test]
fn a_record_with_rubbish_and_a_plan_of_another_version_are_named_with_a_remedy_that_works() {
    let cluster = Cluster::new();
    cluster.submit();
    let folder = cluster.submission();
    let plan = std::fs::read_to_string(folder.join("plan.jsonl")).unwrap();
    let record = std::fs::read_to_string(folder.join("submission.json")).unwrap();
    let newer = record.replace("\"schema\": 1", "\"schema\": 7");
    for (file, text, why) in [
        ("submission.json", "rubbish".to_string(), "expected value"),
        ("submission.json", newer, "schema 7, this version reads 1"),
        (
            "submission.json",
            "{\"schema\": 1}".to_string(),
            "missing field",
        ),
        (
            "plan.jsonl",
            plan.replacen("\"schema\":1", "\"schema\":7", 1),
            "schema 7, this version reads 1",
        ),
        (
            "plan.jsonl",
            plan.replacen("\"cell\":\"", "\"cell\":\"0", 1),
            "it was changed",
        ),
        ("plan.jsonl", "rubbish\n".to_string(), "line 1"),
    ] {
        let whole = std::fs::read(folder.join(file)).unwrap();
        std::fs::write(folder.join(file), text).unwrap();
        for options in [&["--status"][..], &["--launcher", "slurm"], &["--cancel"]] {
            let said = stderr(&cluster.reproduce(options).code(3));
            assert!(
                said.contains(why) && said.contains(file),
                "{options:?}: {said}"
            );
        }
        std::fs::write(folder.join(file), whole).unwrap();
    }
    std::fs::write(folder.join("submission.json"), "rubbish").unwrap();
    let said = stderr(&cluster.reproduce(&["--status"]).code(3));
    let remedy = said
        .split('`')
        .find(|part| part.starts_with("mv "))
        .unwrap()
        .to_string();
    assert!(
        Command::new("sh")
            .args(["-c", &remedy])
            .status()
            .unwrap()
            .success(),
        "{remedy}"
    );
    cluster.reproduce(&["--status"]).success();
    assert!(
        cluster.submissions().is_empty(),
        "nothing is lost: it lies beside"
    );
}

#[test]
fn a_folder_that_cannot_be_written_is_refused_before_anything_is_submitted() {
    let cluster = Cluster::new();
    std::fs::write(cluster.bench.path("out"), "a file").unwrap();
    let said = stderr(&cluster.reproduce(&["--launcher", "slurm"]).code(2));
    assert!(
        said.contains("cannot write to") && said.contains("--out DIR"),
        "{said}"
    );
    assert_eq!(cluster.stashed("sbatch-calls"), "");
}

#[test]
fn options_that_say_nothing_are_refused() {
    let cluster = Cluster::new();
    let wrong: [(&[&str], &str); 9] = [
        (&["--time", "4h"], "without `--launcher slurm`"),
        (
            &["--status", "--throttle", "2"],
            "without `--launcher slurm`",
        ),
        (&["--status", "--collect"], "two things"),
        (&["--launcher", "slurm", "--jobs", "2"], "`--throttle N`"),
        (&["--launcher", "slurm", "--json"], "leave it out"),
        (
            &["--launcher", "slurm", "--sbatch", "array=0-3"],
            "`array` is not free",
        ),
        (&["--launcher", "slurm", "--time", "2m"], "give 10m or more"),
        (&["--launcher", "slurm", "--time", "soon"], "45m, 4h, 2d"),
        (
            &["--launcher", "slurm", "--device", "cuda:0,cuda:1"],
            "name one",
        ),
    ];
    for (options, why) in wrong {
        let said = stderr(&cluster.reproduce(options).code(2));
        assert!(said.contains(why), "{options:?}: {said}");
    }
    assert_eq!(cluster.stashed("sbatch-calls"), "");
}

#[test]
fn a_run_on_a_gpu_asks_for_one() {
    let cluster = Cluster::new();
    cluster
        .reproduce(&["--launcher", "slurm", "--device", "cuda"])
        .success();
    let calls = cluster.stashed("sbatch-calls");
    let with: Vec<_> = calls
        .lines()
        .filter(|line| line.contains("--gres=gpu:1"))
        .collect();
    assert_eq!(with.len(), 1, "the array: {calls}");
}
