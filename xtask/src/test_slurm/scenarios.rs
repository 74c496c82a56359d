//! What clusters do to a table.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, bail, ensure};

use super::cluster::{CPUS, Cluster};
use super::table::Table;

/// Long enough that every run is met while it trains.
const SETTINGS: [&str; 2] = ["--set", "epochs=25"];

/// Tasks at the same time.
const THROTTLE: usize = 2;

/// One of them.
pub struct Scenario {
    pub name: &'static str,
    pub run: fn(&Cluster, &Path) -> anyhow::Result<()>,
}

/// In this order: the first trains what the others compare theirs with.
pub const ALL: [Scenario; 4] = [
    Scenario {
        name: "a drained node, a throttle, preempted and requeued tasks: equal bytes",
        run: interrupted,
    },
    Scenario {
        name: "tasks that a higher partition cancels come back",
        run: preempted_by_cancelling,
    },
    Scenario {
        name: "cancelled, submitted again, and submitted twice: equal bytes",
        run: cancelled,
    },
    Scenario {
        name: "a report with holes and their reasons",
        run: holes,
    },
];

fn interrupted(cluster: &Cluster, amst: &Path) -> anyhow::Result<()> {
    let expected = alone(cluster, amst)?;
    let table = Table::new(cluster, amst, "interrupted", &SETTINGS);
    let node = format!("nodename={}", cluster.node);
    cluster.ask("scontrol", &["update", &node, "state=drain", "reason=test"])?;
    table.submit(&["--throttle", &THROTTLE.to_string()])?;
    sleep(Duration::from_secs(3));
    let status = table.reproduce(&["--status"])?.stdout;
    ensure!(
        status.contains("0 done, 0 running, 8 pending"),
        "on a drained node nothing runs: {status}"
    );
    let again = table.submit(&[])?.stderr;
    ensure!(
        again.contains("8 running or in the queue, 0 to submit"),
        "{again}"
    );
    cluster.ask("scontrol", &["update", &node, "state=resume"])?;

    let mut most = 0;
    table.wait_until("tasks run", |cluster| {
        most = most.max(cluster.running_tasks()?.len());
        Ok(most == THROTTLE)
    })?;
    let [_, second, ..] = &cluster.running_tasks()?[..] else {
        bail!("no two tasks run");
    };
    let submissions = table.submissions()?;
    let submission = submissions.first().context("no submission")?;
    sleep(Duration::from_secs(2));
    // As an administrator does, as SLURM does before the end of the time, as a higher partition does.
    cluster.ask("scontrol", &["requeue", second])?;
    ask_one_to_leave(cluster, &table, submission)?;
    preempt(cluster, &table, submission)?;
    table.wait_until("nothing is left", |cluster| {
        most = most.max(cluster.running_tasks()?.len());
        Ok(cluster.queue()?.is_empty())
    })?;
    ensure!(most <= THROTTLE, "{most} tasks ran at the same time");
    compare(&expected, &table)?;
    let logs = table.logs(submission)?;
    for reason in [
        "DUE TO JOB REQUEUE",
        "stopped by SIGUSR1",
        "DUE TO PREEMPTION",
    ] {
        ensure!(
            logs.values().any(|log| log.contains(reason)),
            "no task was interrupted: {reason}"
        );
    }
    let report = table.report(submission)?;
    ensure!(
        report.contains("Table 2") && !report.contains("failed"),
        "{report}"
    );
    Ok(())
}

fn preempted_by_cancelling(cluster: &Cluster, amst: &Path) -> anyhow::Result<()> {
    let rows = [&SETTINGS[..], &["--experiments", "5,6"]].concat();
    let table = Table::new(cluster, amst, "preempted", &rows);
    table.submit(&["--partition", "cancelled"])?;
    let submissions = table.submissions()?;
    preempt(
        cluster,
        &table,
        submissions.first().context("no submission")?,
    )?;
    table.wait_for_the_end()?;
    let results = table.results()?;
    let expected = Table::new(cluster, amst, "alone", &SETTINGS).results()?;
    ensure!(results.len() == 2, "{} results", results.len());
    for (run, result) in &results {
        ensure!(
            expected.get(run) == Some(result),
            "{} differs",
            run.display()
        );
    }
    Ok(())
}

fn cancelled(cluster: &Cluster, amst: &Path) -> anyhow::Result<()> {
    let table = Table::new(cluster, amst, "cancelled", &SETTINGS);
    table.submit(&[])?;
    table.wait_until("tasks run", |cluster| {
        Ok(!cluster.running_tasks()?.is_empty())
    })?;
    sleep(Duration::from_secs(2));
    let said = table.reproduce(&["--cancel"])?;
    ensure!(
        said.code == Some(0) && said.stderr.contains("cancelled: "),
        "{said:?}"
    );
    table.wait_for_the_end()?;
    // A task that requeued itself would be back by now.
    sleep(Duration::from_secs(8));
    ensure!(
        cluster.queue()?.is_empty(),
        "a cancelled task came back: {:?}",
        cluster.queue()?
    );
    let status = table.reproduce(&["--status"])?.stdout;
    ensure!(
        status.contains("cancelled") && !status.contains("8 done"),
        "{status}"
    );

    table.submit(&[])?;
    let submissions = table.submissions()?;
    let newest = submissions.last().context("no submission")?;
    submit_by_hand(cluster, newest)?;
    table.wait_for_the_end()?;
    compare(
        &Table::new(cluster, amst, "alone", &SETTINGS).results()?,
        &table,
    )
}

fn holes(cluster: &Cluster, amst: &Path) -> anyhow::Result<()> {
    let diverging = [
        "--set",
        "epochs=2",
        "--set",
        "optim.lr=1e30",
        "--experiments",
        "1,2",
    ];
    let table = Table::new(cluster, amst, "holes", &diverging);
    table.submit(&[])?;
    table.wait_for_the_end()?;
    let submissions = table.submissions()?;
    let report = table.report(submissions.first().context("no submission")?)?;
    ensure!(
        report.contains("failed: exit code 4 (diverged)"),
        "{report}"
    );
    let collected = table.reproduce(&["--collect"])?;
    ensure!(collected.code == Some(1), "{collected:?}");
    ensure!(
        collected.stdout.contains("failed: exit code 4 (diverged)"),
        "{collected:?}"
    );
    let status = table.reproduce(&["--status"])?.stdout;
    ensure!(status.contains("2 failed"), "{status}");
    Ok(())
}

/// The same table, trained without a scheduler.
fn alone(cluster: &Cluster, amst: &Path) -> anyhow::Result<BTreeMap<PathBuf, Vec<u8>>> {
    let table = Table::new(cluster, amst, "alone", &SETTINGS);
    let said = table.reproduce(&["--jobs", "2"])?;
    ensure!(said.code == Some(0), "{said:?}");
    let results = table.results()?;
    ensure!(results.len() == 8, "{} results", results.len());
    Ok(results)
}

fn compare(expected: &BTreeMap<PathBuf, Vec<u8>>, table: &Table) -> anyhow::Result<()> {
    let results = table.results()?;
    for (run, result) in expected {
        ensure!(
            results.get(run) == Some(result),
            "{}: the result is {}",
            run.display(),
            if results.contains_key(run) {
                "another one"
            } else {
                "missing"
            }
        );
    }
    Ok(())
}

/// Asks running tasks, until one of them was met while it trained.
fn ask_one_to_leave(cluster: &Cluster, table: &Table, submission: &Path) -> anyhow::Result<()> {
    for _ in 0..5 {
        let mut running = Vec::new();
        table.wait_until("tasks run", |cluster| {
            running = cluster.running_tasks()?;
            Ok(!running.is_empty())
        })?;
        ask_to_leave(cluster, &running[0])?;
        let logs = table.logs(submission)?;
        if logs.values().any(|log| log.contains("stopped by SIGUSR1")) {
            return Ok(());
        }
    }
    bail!("no task was asked to leave while it trained")
}

/// SIGUSR1 to the script alone. A task that requeues itself at once keeps scancel trying.
fn ask_to_leave(cluster: &Cluster, task: &str) -> anyhow::Result<()> {
    let mut scancel = cluster.command("scancel");
    let mut scancel = scancel.args(["--signal=USR1", "--batch", task]).spawn()?;
    sleep(Duration::from_secs(3));
    // It may have ended.
    let _ = scancel.kill();
    scancel.wait()?;
    Ok(())
}

/// Takes the node from running tasks, until one of them was met while it ran.
fn preempt(cluster: &Cluster, table: &Table, submission: &Path) -> anyhow::Result<()> {
    for _ in 0..5 {
        table.wait_until("tasks run", |cluster| {
            Ok(!cluster.running_tasks()?.is_empty())
        })?;
        sleep(Duration::from_secs(1));
        take_the_node(cluster)?;
        let logs = table.logs(submission)?;
        if logs.values().any(|log| log.contains("DUE TO PREEMPTION")) {
            return Ok(());
        }
    }
    bail!("no task was preempted: they ended before")
}

/// A job of a higher partition, which needs the whole node for a moment.
fn take_the_node(cluster: &Cluster) -> anyhow::Result<()> {
    let tasks = format!("--ntasks={CPUS}");
    let words = [
        "--partition=high",
        "--mem=100M",
        "--output=/dev/null",
        tasks.as_str(),
        "--wait",
        "--wrap=sleep 1",
    ];
    cluster.ask("sbatch", &words)?;
    Ok(())
}

/// The same tasks once more, past all that keeps the launcher from it.
fn submit_by_hand(cluster: &Cluster, submission: &Path) -> anyhow::Result<()> {
    let script = submission.join("task.sh").display().to_string();
    let output = format!("--output={}/logs/%A_%a.log", submission.display());
    for first in [0, 5] {
        let last = if first == 0 { 4 } else { 2 };
        let words = [
            format!("--array=0-{last}"),
            "--requeue".into(),
            "--mem=100M".into(),
            output.clone(),
            script.clone(),
            first.to_string(),
        ];
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        cluster.ask("sbatch", &words)?;
    }
    Ok(())
}
