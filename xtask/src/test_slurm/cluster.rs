//! A SLURM of one node, which this user runs.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};

use super::text_file::read;

/// Tasks that the node takes at a time, whatever it has.
pub const CPUS: usize = 4;

/// Indexes of an array are below this: small, so that a table needs two arrays.
const MAX_ARRAY_SIZE: usize = 5;

/// How long the daemons may take to answer.
const START_LIMIT: Duration = Duration::from_secs(60);

/// munged, slurmctld and slurmd, which are stopped when it is dropped.
pub struct Cluster {
    /// The folder of all its files.
    pub folder: PathBuf,
    /// The node.
    pub node: String,
    daemons: Vec<Child>,
}

impl Cluster {
    /// Starts it, and waits until the node is idle.
    pub fn start(folder: &Path) -> anyhow::Result<Self> {
        let munged = daemon("munged")?;
        let slurmctld = daemon("slurmctld")?;
        let slurmd = daemon("slurmd")?;
        for made in ["state", "spool", "log", "run"] {
            std::fs::create_dir_all(folder.join(made))?;
        }
        let host = read(Path::new("/proc/sys/kernel/hostname"))?;
        let node = host
            .trim()
            .split('.')
            .next()
            .unwrap_or("localhost")
            .to_string();
        std::fs::write(folder.join("slurm.conf"), configuration(folder, &node)?)?;
        let key = folder.join("munge.key");
        std::fs::write(&key, random_bytes()?)?;
        restrict(&key)?;
        let mut cluster = Self {
            folder: folder.into(),
            node,
            daemons: Vec::new(),
        };
        let at = |name: &str| folder.join(name).display().to_string();
        cluster.start_daemon(
            &munged,
            &[
                "--foreground".into(),
                "--force".into(),
                format!("--key-file={}", at("munge.key")),
                format!("--socket={}", at("run/munge.socket")),
                format!("--pid-file={}", at("run/munged.pid")),
                format!("--log-file={}", at("log/munged.log")),
                format!("--seed-file={}", at("run/munge.seed")),
            ],
        )?;
        cluster.wait_for("munged", |_| folder.join("run/munge.socket").exists())?;
        cluster.start_daemon(&slurmctld, &["-D".into(), "-c".into()])?;
        cluster.start_daemon(&slurmd, &["-D".into(), "-c".into()])?;
        cluster.wait_for("the node", |cluster| {
            let sinfo = cluster.ask("sinfo", &["--noheader", "--format=%T"]);
            sinfo.is_ok_and(|state| state.lines().any(|line| line == "idle"))
        })?;
        Ok(cluster)
    }

    fn start_daemon(&mut self, program: &Path, arguments: &[String]) -> anyhow::Result<()> {
        let name = program.file_name().unwrap_or_default().to_string_lossy();
        let output = File::create(self.folder.join(format!("log/{name}.out")))?;
        let child = Command::new(program)
            .args(arguments)
            .env("SLURM_CONF", self.folder.join("slurm.conf"))
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        self.daemons.push(child);
        Ok(())
    }

    fn wait_for(&self, what: &str, is_there: impl Fn(&Self) -> bool) -> anyhow::Result<()> {
        let begin = Instant::now();
        while !is_there(self) {
            if begin.elapsed() > START_LIMIT {
                bail!(
                    "{what} does not answer after {} s; the daemons say:\n{}",
                    START_LIMIT.as_secs(),
                    self.last_words()
                );
            }
            sleep(Duration::from_millis(200));
        }
        Ok(())
    }

    /// The ends of the daemons' logs.
    fn last_words(&self) -> String {
        let mut words = String::new();
        for name in [
            "munged.log",
            "slurmctld.log",
            "slurmd.log",
            "munged.out",
            "slurmd.out",
        ] {
            let text = read(&self.folder.join("log").join(name)).unwrap_or_default();
            for line in text.lines().rev().take(4) {
                words += &format!("{name}: {line}\n");
            }
        }
        words
    }

    /// A program that talks to this cluster.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env("SLURM_CONF", self.folder.join("slurm.conf"));
        command
    }

    /// What one of SLURM's programs prints.
    pub fn ask(&self, program: &str, arguments: &[&str]) -> anyhow::Result<String> {
        let output = self.command(program).args(arguments).output()?;
        ensure!(
            output.status.success(),
            "{program} {arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// `id|state|name` of every task in the queue.
    pub fn queue(&self) -> anyhow::Result<Vec<String>> {
        let text = self.ask("squeue", &["--noheader", "--array", "--format=%i|%T|%j"])?;
        Ok(text.lines().map(String::from).collect())
    }

    /// Ids of the tasks of arrays that run now.
    pub fn running_tasks(&self) -> anyhow::Result<Vec<String>> {
        let mut ids = Vec::new();
        for line in self.queue()? {
            if let [id, "RUNNING", _] = line.split('|').collect::<Vec<_>>()[..]
                && id.contains('_')
            {
                ids.push(id.to_string());
            }
        }
        Ok(ids)
    }
}

impl Drop for Cluster {
    /// Jobs first: their processes belong to no daemon that is a child of this one.
    fn drop(&mut self) {
        let _ = self.ask("scancel", &["--me"]);
        let begin = Instant::now();
        while self.queue().is_ok_and(|queue| !queue.is_empty())
            && begin.elapsed() < Duration::from_secs(15)
        {
            sleep(Duration::from_millis(200));
        }
        for daemon in self.daemons.iter_mut().rev() {
            // SIGTERM, so that they end in order.
            let _ = Command::new("kill").arg(daemon.id().to_string()).status();
            let _ = daemon.wait();
        }
    }
}

fn configuration(folder: &Path, node: &str) -> anyhow::Result<String> {
    let user = user()?;
    // Ports that hardly anything else has, and two runs of this test not both.
    let port = 20_000 + (std::process::id() % 10_000) * 2;
    let folder = folder.display();
    Ok(format!(
        "\
ClusterName=amst-test
SlurmctldHost={node}(127.0.0.1)
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
# A requeued task waits until the credential of its last start has expired.
AuthInfo=socket={folder}/run/munge.socket,cred_expire=5
CredType=cred/munge
SlurmctldPort={port}
SlurmdPort={}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/run/slurmctld.pid
SlurmdPidFile={folder}/run/slurmd.pid
SlurmctldLogFile={folder}/log/slurmctld.log
SlurmdLogFile={folder}/log/slurmd.log
SlurmdParameters=config_overrides
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=sched_interval=2,bf_interval=2,batch_sched_delay=0
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
KillWait=10
ReturnToService=2
MaxArraySize={MAX_ARRAY_SIZE}
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
NodeName={node} NodeAddr=127.0.0.1 CPUs={CPUS} RealMemory=64000 State=UNKNOWN
PartitionName=low Nodes=ALL Default=YES MaxTime=INFINITE State=UP PriorityTier=1 PreemptMode=REQUEUE
PartitionName=cancelled Nodes=ALL MaxTime=INFINITE State=UP PriorityTier=1 PreemptMode=CANCEL
PartitionName=high Nodes=ALL MaxTime=INFINITE State=UP PriorityTier=10 PreemptMode=OFF
",
        port + 1
    ))
}

fn user() -> anyhow::Result<String> {
    let output = Command::new("id").arg("-un").output()?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_string())
}

/// A daemon, which may be in a folder that is not on a user's `PATH`.
fn daemon(name: &str) -> anyhow::Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders =
        std::env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/local/sbin".into()]);
    for folder in folders {
        let program = folder.join(name);
        if program.is_file() {
            return Ok(program);
        }
    }
    bail!(
        "there is no `{name}` here: on Debian and Ubuntu `apt-get install --no-install-recommends \
         slurm-wlm munge` brings it (20 MB, and no daemon of it need run)"
    )
}

fn random_bytes() -> anyhow::Result<Vec<u8>> {
    use std::io::Read;
    let mut bytes = vec![0; 128];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// munged refuses a key that others may read.
fn restrict(file: &Path) -> anyhow::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600))?;
    }
    Ok(())
}
