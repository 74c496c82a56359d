//! A folder with a stand-in for `amst`, and the jobs of a table on generated data.
#![allow(dead_code)] // Each test file takes what it needs.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use amst::methods::built_in;
use amst_reproduce::{
    AmstPrograms, Args, Backend, Caller, Folders, Job, PlanExport, ReproduceError, Request,
    RunContext, export_plan,
};
use clap::Parser;

/// A folder whose name a careless quotation would break.
pub struct Workspace {
    folder: PathBuf,
    /// Removes the folder at the end, in the process that made it.
    _temporary: Option<tempfile::TempDir>,
    pub stop: AtomicBool,
}

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    args: Args,
}

/// The stand-in, wherever a program is asked for.
struct StandIn(PathBuf);

impl AmstPrograms for StandIn {
    fn ready(&self, _: Backend) -> Result<PathBuf, ReproduceError> {
        Ok(self.0.clone())
    }

    fn planned(&self, _: Backend) -> Result<PathBuf, ReproduceError> {
        Ok(self.0.clone())
    }
}

/// Writes down the stem of the recipe that it is given; ends with the code in a file of that stem.
const SCRIPT: &str = r#"#!/bin/sh
here=$(dirname "$0")
task=$1; shift
while [ $# -gt 0 ]; do
    case $1 in --resolved) recipe=$2 ;; --dataset) dataset=$2 ;; esac
    shift 2
done
[ -f "$recipe" ] && [ "$dataset" = synthetic ] && [ -n "$AMST_DATASETS" ] || exit 3
stem=$(basename "$recipe" .toml)
echo "$task $stem" >> "$here/calls"
[ ! -e "$here/code-$stem" ] || { echo "as told" >&2; exit "$(cat "$here/code-$stem")"; }
"#;

impl Workspace {
    pub fn new() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("it's a $HOME of \"runs\" ")
            .tempdir()
            .unwrap();
        let program = folder.path().join("amst");
        std::fs::write(&program, SCRIPT).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        Self {
            folder: folder.path().into(),
            _temporary: Some(folder),
            stop: AtomicBool::new(false),
        }
    }

    /// That of another process.
    pub fn within(folder: &Path) -> Self {
        Self {
            folder: folder.into(),
            _temporary: None,
            stop: AtomicBool::new(false),
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// How the stand-in was called, sorted.
    pub fn calls(&self) -> Vec<String> {
        let calls = std::fs::read_to_string(self.path("calls")).unwrap_or_default();
        let mut calls: Vec<_> = calls.lines().map(String::from).collect();
        calls.sort();
        calls
    }

    pub fn forget_calls(&self) {
        std::fs::remove_file(self.path("calls")).unwrap();
    }

    /// Table 2 on generated data, of one seed, with further options.
    pub fn args(&self, further: &[&str]) -> Args {
        let usual = ["reproduce", "table2", "--dataset", "synthetic"];
        Cli::parse_from([&usual[..], further].concat()).args
    }

    pub fn folders(&self) -> Folders {
        Folders::under(&self.path("out"), "table2").unwrap()
    }

    /// What is missing.
    pub fn jobs(&self, args: &Args) -> Vec<Job> {
        self.with_caller(|caller| {
            let request = Request::resolve(args, caller).unwrap();
            request
                .missing(&request.entries(&self.folders().runs))
                .unwrap()
        })
    }

    /// What is missing, for another program.
    pub fn export(&self, args: &Args) -> PlanExport {
        let jobs = self.jobs(args);
        self.with_caller(|caller| export_plan(args, caller, &self.folders(), &jobs).unwrap())
    }

    pub fn with_caller<T>(&self, ask: impl FnOnce(&Caller) -> T) -> T {
        let programs = StandIn(self.path("amst"));
        ask(&Caller {
            methods: built_in(),
            programs: &programs,
            datasets: self.path("datasets"),
            working_dir: self.path(""),
            out: self.path("out"),
            command: "example",
            command_line: "example table2".into(),
        })
    }

    /// How the stand-in is started, so many at a time.
    pub fn with_context<T>(&self, jobs: usize, ask: impl FnOnce(&RunContext) -> T) -> T {
        ask(&RunContext {
            program: &self.path("amst"),
            working_dir: Path::new("/"),
            datasets: &self.path("datasets"),
            devices: &["flex".to_string()],
            folders: &self.folders(),
            jobs,
            threads: 1,
            stop: &self.stop,
        })
    }
}

/// What [`Workspace::calls`] says after each job was trained once.
pub fn each_trained_once(jobs: &[Job]) -> Vec<String> {
    let mut calls: Vec<_> = jobs
        .iter()
        .map(|job| format!("train {}", job.stem()))
        .collect();
    calls.sort();
    calls
}
