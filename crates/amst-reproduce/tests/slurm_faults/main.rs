//! 1,000 runs through a SLURM that loses answers, starts tasks twice, kills, preempts and requeues.
//!
//! The launcher, its scripts and the leases are the real ones, each task is a process, and so is
//! every call of sbatch, squeue, scontrol and scancel. This program is all of these and `amst`: it
//! looks at the name that it is called by. Only the scheduler's mind is a stand-in, and what `amst`
//! does between two checkpoints.

mod cluster;
mod controller;
mod dice;
mod programs;
mod stand_in;
#[path = "../workspace/mod.rs"]
mod workspace;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Output};
use std::time::Instant;

use amst_recipe::{
    CellResult, DataLock, OutputMetrics, RESULT_SCHEMA, Selected, TestResult, find_dataset,
};
use amst_reproduce::{Job, reproduce};
use clap::Parser;
use cluster::Cluster;
use controller::{Controller, Faults};
use stand_in::is_alive;

/// The folder of the simulation, for the programs that it starts.
pub const FOLDER: &str = "SLURM_FAULTS_FOLDER";

/// Runs of Table 2, which has eight rows on generated data.
const RUNS: usize = 1000;
const SEEDS: usize = RUNS / 8;

/// So that there are four arrays.
pub const MAX_ARRAY_SIZE: usize = 300;

fn main() -> ExitCode {
    let mut words = std::env::args();
    let name = words.next().unwrap_or_default();
    let name = Path::new(&name)
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let words: Vec<String> = words.collect();
    let code = match name.as_str() {
        "sbatch" => programs::sbatch(&words),
        "squeue" => programs::squeue(&words),
        "scontrol" => programs::scontrol(&words),
        "scancel" => programs::scancel(&words),
        "sleep" => programs::sleep(),
        "amst" => stand_in::amst(&words),
        "launch" => launch(&words),
        // What lists or filters tests finds none here.
        _ if words.iter().any(|word| word == "--list") => 0,
        _ => {
            every_run_is_trained_once_whatever_the_scheduler_does();
            0
        }
    };
    ExitCode::from(code)
}

/// The folder of the simulation that started this program.
pub fn folder() -> PathBuf {
    std::env::var_os(FOLDER)
        .map(PathBuf::from)
        .expect("started by the simulation")
}

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    args: amst_reproduce::Args,
}

/// The command that a person types.
fn launch(words: &[String]) -> u8 {
    let workspace = workspace::Workspace::within(&folder());
    let words = ["launch".to_string()]
        .into_iter()
        .chain(words.iter().cloned());
    let args = Cli::parse_from(words).args;
    workspace.with_caller(|caller| match reproduce(&args, caller) {
        Ok(finished) => finished.exit_code(),
        Err(error) => {
            eprintln!("error: {error}");
            error.exit_code()
        }
    })
}

struct Simulation {
    workspace: workspace::Workspace,
    jobs: Vec<Job>,
}

impl Simulation {
    fn new() -> Self {
        let workspace = workspace::Workspace::new();
        let program = std::env::current_exe().unwrap();
        let bin = workspace.path("bin");
        std::fs::create_dir(&bin).unwrap();
        for name in ["sbatch", "squeue", "scontrol", "scancel", "sleep", "launch"] {
            std::os::unix::fs::symlink(&program, bin.join(name)).unwrap();
        }
        std::fs::remove_file(workspace.path("amst")).unwrap();
        std::os::unix::fs::symlink(&program, workspace.path("amst")).unwrap();
        let seeds = seeds();
        let jobs = workspace.jobs(&workspace.args(&["--seeds", &seeds]));
        assert_eq!(jobs.len(), RUNS);
        let simulation = Self { workspace, jobs };
        simulation.write_results();
        Cluster::create(&simulation.workspace.path(""));
        simulation
    }

    /// What the stand-in for `amst` leaves for each run, by the stem of its recipe.
    fn write_results(&self) {
        let folder = self.workspace.path("results");
        std::fs::create_dir(&folder).unwrap();
        let data = DataLock::of(&find_dataset("synthetic", Path::new("")).unwrap()).unwrap();
        for job in &self.jobs {
            let result = CellResult {
                schema: RESULT_SCHEMA,
                cell: job.cell.id.clone(),
                data: data.clone(),
                requested: None,
                recipe: job.cell.recipe.clone(),
                selected: Selected {
                    epoch: 0,
                    val_accuracy: 0.5,
                },
                test: TestResult {
                    samples: 100,
                    majority_rate: 0.3,
                    outputs: [("fused".into(), OutputMetrics::default())].into(),
                },
                last_train_loss: BTreeMap::new(),
                balance: BTreeMap::new(),
                epochs: 1,
                encoder_updates: 0,
            };
            let stem = job.stem();
            let run = job.cell.run_dir();
            std::fs::write(folder.join(format!("{stem}.run")), run.to_str().unwrap()).unwrap();
            let text = serde_json::to_string(&result).unwrap();
            std::fs::write(folder.join(format!("{stem}.json")), text).unwrap();
        }
    }

    fn program(&self, name: &str) -> Command {
        let bin = self.workspace.path("bin");
        let path = std::env::var("PATH").unwrap();
        let mut command = Command::new(bin.join(name));
        command
            .env("PATH", format!("{}:{path}", bin.display()))
            .env(FOLDER, self.workspace.path(""));
        command
    }

    /// The command that a person types, with further options.
    fn type_command(&self, options: &[&str]) -> Output {
        let mut command = self.program("launch");
        command.args(["table2", "--dataset", "synthetic", "--seeds", &seeds()]);
        let output = command.args(options).output().unwrap();
        eprint!("{}", String::from_utf8_lossy(&output.stderr));
        output
    }

    fn submit(&self) -> String {
        let output = self.type_command(&["--launcher", "slurm", "--throttle", "400"]);
        assert!(output.status.success());
        String::from_utf8(output.stderr).unwrap()
    }

    fn run_folder(&self, job: &Job) -> PathBuf {
        self.workspace.folders().runs.join(job.cell.run_dir())
    }
}

fn seeds() -> String {
    let seeds: Vec<String> = (0..SEEDS).map(|seed| seed.to_string()).collect();
    seeds.join(",")
}

fn every_run_is_trained_once_whatever_the_scheduler_does() {
    let simulation = Simulation::new();
    let begin = Instant::now();
    let said = simulation.submit();
    assert!(said.contains("1000 to submit"), "{said}");
    let before = Cluster::read(&simulation.workspace.path(""));
    assert!(
        before.lost_answers >= 2 && before.refusals >= 1,
        "{before:?}"
    );
    let names = before.jobs.iter().map(|job| &job.name);
    let distinct: std::collections::BTreeSet<_> = names.collect();
    assert!(
        before.jobs.len() > distinct.len(),
        "an array was accepted twice: {distinct:?}"
    );
    // Typed again while all is in the queue.
    let said = simulation.submit();
    assert!(
        said.contains("0 done, 1000 running or in the queue, 0 to submit"),
        "{said}"
    );

    let mut faults = Faults::default();
    let mut commands = 1;
    loop {
        faults.add(Controller::new(&simulation).run());
        let said = simulation.submit();
        if said.contains("nothing is missing") {
            break;
        }
        commands += 1;
        assert!(commands < 5, "runs were given up again and again");
    }
    let violations = std::fs::read_to_string(simulation.workspace.path("violations"));
    assert_eq!(
        violations.unwrap_or_default(),
        "",
        "two processes in one directory"
    );
    let mut told = 0;
    for job in &simulation.jobs {
        let run = simulation.run_folder(job);
        assert!(run.join("result.json").exists(), "{} is lost", job.title);
        // None where a process was killed between its result and this line.
        let finished = std::fs::read_to_string(run.join("finished")).unwrap_or_default();
        assert!(finished.lines().count() <= 1, "{}: {finished}", job.title);
        told += finished.lines().count();
        // One that was killed between its result and its end leaves its witness too.
        let witness = std::fs::read_to_string(run.join("witness")).unwrap_or_default();
        assert!(!is_alive(&witness), "{}: {witness} still runs", job.title);
    }
    assert!(told > RUNS * 9 / 10, "{told} runs tell who finished them");
    for (fault, count) in faults.all() {
        assert!(count > 0, "no {fault}: {faults:?}");
    }
    let collected = simulation.type_command(&["--collect"]);
    assert!(collected.status.success(), "the table is complete");
    println!(
        "1000 runs, {commands} command(s) to submit them, {faults:?}: none lost, none trained \
         twice, {:.1} s",
        begin.elapsed().as_secs_f64()
    );
}
