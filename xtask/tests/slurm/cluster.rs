//! Scripts in the place of SLURM's programs, and the bench's command beside them.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use assert_cmd::assert::Assert;

use crate::bench::Bench;

/// Accepts jobs, and puts them into the queue.
pub const SBATCH: &str = r#"#!/bin/sh
[ "$1" != --version ] || exit 0
if [ -e "$STASH/sbatch-fails" ]; then cat "$STASH/sbatch-fails" >&2; exit 1; fi
id=$(cat "$STASH/next-id" 2>/dev/null || echo 100)
echo $((id + 1)) > "$STASH/next-id"
echo "$*" >> "$STASH/sbatch-calls"
last=
for word; do
    case $word in
        --job-name=*) name=${word#*=} ;;
        --array=0-*) last=${word#--array=0-}; last=${last%%\%*} ;;
    esac
done
if [ -n "$last" ]; then
    for index in $(seq 0 "$last"); do echo "${id}_$index|$name|PENDING|Resources|" >> "$STASH/queue"; done
else
    echo "$id|$name|PENDING|Dependency|" >> "$STASH/queue"
fi
echo "$id"
"#;

const SQUEUE: &str = r#"#!/bin/sh
[ "$1" != --version ] || exit 0
[ ! -e "$STASH/queue" ] || cat "$STASH/queue"
"#;

const SCONTROL: &str = r#"#!/bin/sh
case "$1 $2" in
    "show config") echo "MaxArraySize            = $(cat "$STASH/max" 2>/dev/null || echo 1001)" ;;
    requeue*) echo "$*" >> "$STASH/requeued" ;;
esac
"#;

const SCANCEL: &str = r#"#!/bin/sh
[ "$1" != --version ] || exit 0
echo "$*" >> "$STASH/cancelled"
rm -f "$STASH/queue"
"#;

/// A stand-in for `amst` that ends with a code, after it left a checkpoint where it is told to.
const ENDS: &str = r#"#!/bin/sh
[ "$1" = train ] || exit 0
echo "training" >&2
[ ! -e "$STASH/saves" ] || mkdir -p "$(cat "$STASH/saves")/checkpoints/$(date +%s%N)-00000"
[ ! -e "$STASH/waits" ] || { trap 'exit 143' TERM; touch "$STASH/waiting"; sleep 20 & wait $!; }
echo "error: as told" >&2
exit "$(cat "$STASH/code")"
"#;

/// A bench whose `PATH` begins with these programs.
pub struct Cluster {
    pub bench: Bench,
}

impl Cluster {
    pub fn new() -> Self {
        let bench = Bench::new();
        bench.stash(&[]);
        let cluster = Self { bench };
        std::fs::create_dir(cluster.bench.path("bin")).unwrap();
        for (name, script) in [
            ("sbatch", SBATCH),
            ("squeue", SQUEUE),
            ("scontrol", SCONTROL),
            ("scancel", SCANCEL),
            (
                "sleep",
                "#!/bin/sh\necho \"$1\" >> \"$STASH/slept\"\nexec /bin/sleep 0.05\n",
            ),
        ] {
            write_program(&cluster.bench.path("bin").join(name), script);
        }
        cluster
    }

    pub fn path(&self) -> String {
        format!(
            "{}:{}",
            self.bench.path("bin").display(),
            std::env::var("PATH").unwrap()
        )
    }

    /// The command with seed 0, which has eight runs.
    pub fn reproduce(&self, options: &[&str]) -> Assert {
        let mut command = self.bench.command(&[&["--seeds", "0"], options].concat());
        command.env("PATH", self.path());
        assert_cmd::Command::from_std(command).assert()
    }

    pub fn submit(&self) -> Assert {
        self.reproduce(&["--launcher", "slurm"]).success()
    }

    pub fn stash(&self, name: &str) -> PathBuf {
        self.bench.path("stash").join(name)
    }

    pub fn stashed(&self, name: &str) -> String {
        std::fs::read_to_string(self.stash(name)).unwrap_or_default()
    }

    /// Folders of what was submitted.
    pub fn submissions(&self) -> Vec<PathBuf> {
        let Ok(entries) = std::fs::read_dir(self.bench.path("out/slurm")) else {
            return Vec::new();
        };
        let mut folders: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        folders.retain(|path| path.is_dir());
        folders.sort();
        folders
    }

    pub fn submission(&self) -> PathBuf {
        self.submissions().first().unwrap().clone()
    }

    /// A task of the first array, as SLURM starts it, of the array that begins with run `first`.
    pub fn task(&self, index: usize, first: usize) -> Command {
        let folder = self.submission();
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(folder.join(format!("logs/101_{index}.log")))
            .unwrap();
        let mut command = Command::new("sh");
        command
            .arg(folder.join("task.sh"))
            .arg(first.to_string())
            .current_dir("/")
            .env("PATH", self.path())
            .env("STASH", self.bench.path("stash"))
            .env("SLURM_ARRAY_JOB_ID", "101")
            .env("SLURM_ARRAY_TASK_ID", index.to_string())
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log);
        command
    }

    pub fn run_task(&self, index: usize) -> Option<i32> {
        self.task(index, 0).status().unwrap().code()
    }

    /// Nothing is in the queue any more.
    pub fn empty_the_queue(&self) {
        std::fs::remove_file(self.stash("queue")).unwrap();
    }

    /// From now on `amst` ends with this code.
    pub fn end_with(&self, code: u8) {
        write_program(&self.bench.path("amst"), ENDS);
        std::fs::write(self.stash("code"), code.to_string()).unwrap();
    }
}

pub fn write_program(file: &Path, script: &str) {
    std::fs::write(file, script).unwrap();
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o755)).unwrap();
}
