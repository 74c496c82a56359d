//! sbatch, squeue, scontrol and scancel.

use std::time::Duration;

use crate::cluster::{Cluster, FakeJob, FakeTask, State};
use crate::{MAX_ARRAY_SIZE, folder};

fn version(words: &[String]) -> bool {
    words.first().is_some_and(|word| word == "--version")
}

fn option<'a>(words: &'a [String], name: &str) -> Option<&'a str> {
    let prefix = format!("--{name}=");
    words.iter().find_map(|word| word.strip_prefix(&prefix))
}

/// Accepts a job. The first answer is lost, the third call refused, and the fifth lost together
/// with the first look at the queue, so that the job is submitted twice.
pub fn sbatch(words: &[String]) -> u8 {
    if version(words) {
        return 0;
    }
    let (call, id) = Cluster::with(&folder(), |cluster| {
        cluster.calls += 1;
        let call = cluster.calls;
        if call == 3 {
            cluster.refusals += 1;
            return (call, 0);
        }
        if call == 1 || call == 5 {
            cluster.lost_answers += 1;
        }
        if call == 5 {
            cluster.blind = 1;
        }
        let id = cluster.jobs.last().map_or(100, |job| job.id + 1);
        cluster.jobs.push(job(id, words));
        (call, id)
    });
    match call {
        1 | 5 => {
            eprintln!(
                "sbatch: error: Batch job submission failed: Socket timed out on send/recv operation"
            );
            1
        }
        3 => {
            eprintln!(
                "sbatch: error: Batch job submission failed: Unable to contact slurm controller"
            );
            1
        }
        _ => {
            println!("{id}");
            0
        }
    }
}

fn job(id: u64, words: &[String]) -> FakeJob {
    let script = words
        .iter()
        .position(|word| !word.starts_with("--"))
        .unwrap();
    let array = option(words, "array");
    let (indexes, throttle) = match array.map(|text| text.split_once('%').unwrap_or((text, "1000")))
    {
        Some((range, throttle)) => {
            let last: usize = range.strip_prefix("0-").unwrap().parse().unwrap();
            (last + 1, throttle.parse().unwrap())
        }
        None => (1, 1),
    };
    assert!(indexes <= MAX_ARRAY_SIZE, "{indexes} indexes");
    assert!(array.is_none() || words.contains(&"--requeue".to_string()));
    let mut after = Vec::new();
    for dependency in option(words, "dependency").unwrap_or_default().split(',') {
        let (kind, ids) = dependency.split_once(':').unwrap_or(("", ""));
        for id in ids.split(':').filter(|id| !id.is_empty()) {
            after.push((id.parse().unwrap(), kind == "afterok"));
        }
    }
    FakeJob {
        id,
        name: option(words, "job-name").unwrap().into(),
        script: words[script..].to_vec(),
        output: option(words, "output").unwrap().into(),
        after,
        is_array: array.is_some(),
        throttle,
        tasks: (0..indexes).map(|_| FakeTask::new()).collect(),
    }
}

pub fn squeue(words: &[String]) -> u8 {
    if version(words) {
        return 0;
    }
    let names: Vec<&str> = option(words, "name").unwrap().split(',').collect();
    let blind = Cluster::with(&folder(), |cluster| {
        let blind = cluster.blind;
        cluster.blind = blind.saturating_sub(1);
        blind
    });
    let hidden = blind > 0;
    let jobs = Cluster::read(&folder()).jobs;
    let mut text = String::new();
    let newest = jobs.len().saturating_sub(1);
    for (at, job) in jobs.iter().enumerate() {
        if !names.contains(&job.name.as_str()) || (hidden && at == newest) {
            continue;
        }
        for (index, task) in job.tasks.iter().enumerate() {
            let state = match task.state {
                State::Pending => "PENDING|Resources|",
                State::Running => "RUNNING|None|node1",
                State::Ended => continue,
            };
            let [state, reason, node] = state.split('|').collect::<Vec<_>>()[..] else {
                continue;
            };
            let id = if job.is_array {
                format!("{}_{index}", job.id)
            } else {
                job.id.to_string()
            };
            text += &format!("{id}|{}|{state}|{reason}|{node}\n", job.name);
        }
    }
    print!("{text}");
    0
}

/// `show config` and `requeue JOB_TASK`.
pub fn scontrol(words: &[String]) -> u8 {
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["show", "config"] => {
            println!("Configuration data\nMaxArraySize            = {MAX_ARRAY_SIZE}\n");
            0
        }
        ["requeue", task] => {
            let (job, index) = task.split_once('_').expect("the task alone is requeued");
            Cluster::with(&folder(), |cluster| {
                let job = cluster.job(job.parse().unwrap()).unwrap();
                job.tasks[index.parse::<usize>().unwrap()].again = true;
            });
            0
        }
        _ => 0,
    }
}

pub fn scancel(words: &[String]) -> u8 {
    Cluster::with(&folder(), |cluster| {
        for id in words.iter().filter_map(|word| word.parse().ok()) {
            for task in cluster.job(id).into_iter().flat_map(|job| &mut job.tasks) {
                task.state = State::Ended;
            }
        }
    });
    0
}

/// Shorter than it is asked for.
pub fn sleep() -> u8 {
    std::thread::sleep(Duration::from_millis(30));
    0
}
