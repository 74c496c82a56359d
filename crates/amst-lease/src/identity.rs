//! Who owns a lease, as written in its file.

use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

use amst_files::sha256_hex;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::system;

/// The version of the files.
pub(crate) const VERSION: u32 = 1;

/// The content of a lease file, as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Record {
    /// [`VERSION`].
    pub version: u32,
    /// Another one for every claim.
    pub uuid: Uuid,
    /// Its process.
    #[serde(flatten)]
    pub owner: Identity,
    /// How long it stands without being renewed, in milliseconds.
    pub expiry_ms: u64,
    /// Whether its owner also holds `flock` on the file `lock`.
    pub flock: bool,
}

/// A process, so that others can tell whether it is still there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Identity {
    /// The machine's name.
    pub host: String,
    /// A hash of the machine's id, because names are not unique.
    pub machine: Option<String>,
    /// Another one each time the machine starts.
    pub boot: Option<String>,
    /// The number of the process.
    pub pid: u32,
    /// Where that number, and the process's start, are counted: a container has its own numbers.
    pub namespaces: Option<String>,
    /// When the process started, in clock ticks since the machine did: numbers are used again.
    pub process_start: Option<u64>,
    /// The job of a scheduler.
    pub job: Option<Job>,
    /// When it claimed, in seconds since 1970 by its machine's clock. For messages only.
    pub started: u64,
}

/// A job of SLURM.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Job {
    /// `SLURM_JOB_ID`.
    pub id: String,
    /// `SLURM_ARRAY_JOB_ID`.
    pub array: Option<String>,
    /// `SLURM_ARRAY_TASK_ID`.
    pub task: Option<String>,
}

impl Identity {
    /// This process.
    pub fn this_process() -> Self {
        let pid = std::process::id();
        Self {
            host: host_name(),
            machine: machine(),
            boot: read_line("/proc/sys/kernel/random/boot_id"),
            pid,
            namespaces: namespaces(),
            process_start: process_start(pid),
            job: Job::of_environment(),
            started: seconds_since_1970(),
        }
    }

    /// Whether two processes ran since one start of one machine: the ids are random.
    pub fn has_the_boot_of(&self, other: &Self) -> bool {
        self.boot.is_some() && self.boot == other.boot
    }

    /// Whether this process, seen from `me`, is certainly no more.
    pub fn is_gone(&self, me: &Self) -> bool {
        if self.has_the_boot_of(me) {
            // From within another container its number says nothing.
            return self.namespaces.is_some()
                && self.namespaces == me.namespaces
                && (!system::process_exists(self.pid) || self.number_was_used_again());
        }
        self.boot.is_some() && me.boot.is_some() && self.is_on_the_machine_of(me)
    }

    /// Whether two processes are on one machine, since whatever start, as far as is known. Without
    /// a machine's id it is not known: names are not unique.
    fn is_on_the_machine_of(&self, other: &Self) -> bool {
        self.host == other.host && self.machine.is_some() && self.machine == other.machine
    }

    fn number_was_used_again(&self) -> bool {
        match (self.process_start, process_start(self.pid)) {
            (Some(then), Some(now)) => then != now,
            // It cannot be read, which says nothing.
            _ => false,
        }
    }
}

impl Job {
    fn of_environment() -> Option<Self> {
        Some(Self {
            id: std::env::var("SLURM_JOB_ID").ok()?,
            array: std::env::var("SLURM_ARRAY_JOB_ID").ok(),
            task: std::env::var("SLURM_ARRAY_TASK_ID").ok(),
        })
    }
}

fn host_name() -> String {
    read_line("/proc/sys/kernel/hostname")
        .or_else(|| std::env::var("HOSTNAME").ok())
        .unwrap_or_default()
}

/// systemd asks that the id itself is not shown.
fn machine() -> Option<String> {
    let id = read_line("/etc/machine-id").or_else(|| read_line("/var/lib/dbus/machine-id"))?;
    sha256_hex(format!("amst-lease {id}"))
        .get(..32)
        .map(Into::into)
}

fn namespaces() -> Option<String> {
    let pid = namespace("pid")?;
    // Kernels before 5.6 have no time namespaces.
    let time = namespace("time").unwrap_or_default();
    Some(format!("{pid} {time}").trim_end().into())
}

fn namespace(kind: &str) -> Option<String> {
    let link = fs::read_link(format!("/proc/self/ns/{kind}")).ok()?;
    Some(link.to_string_lossy().into_owned())
}

fn read_line(path: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    Some(text.trim().to_owned()).filter(|line| !line.is_empty())
}

/// Field 22 of `/proc/PID/stat`. The second, the program's name in parentheses, may hold anything.
fn process_start(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, after_name) = stat.rsplit_once(')')?;
    after_name.split_whitespace().nth(19)?.parse().ok()
}

/// By the local clock, which may be wrong: for messages, never for an age.
pub(crate) fn seconds_since_1970() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dead() -> u32 {
        let mut child = std::process::Command::new("true").spawn().unwrap();
        child.wait().unwrap();
        child.id()
    }

    #[test]
    fn a_process_is_gone_if_it_ended_or_its_number_or_machine_started_anew() {
        let mut me = Identity::this_process();
        me.machine = Some("m".into());
        assert!(!me.is_gone(&me), "this one is here");
        let ended = Identity {
            pid: dead(),
            ..me.clone()
        };
        assert!(ended.is_gone(&me));
        let other_start = Identity {
            process_start: Some(1),
            ..me.clone()
        };
        assert!(other_start.is_gone(&me));
        let before_the_boot = Identity {
            boot: Some("another".into()),
            ..me.clone()
        };
        assert!(before_the_boot.is_gone(&me));
    }

    #[test]
    fn what_is_not_known_is_not_gone() {
        let mut me = Identity::this_process();
        me.machine = Some("m".into());
        let dead = dead();
        let with = |change: fn(&mut Identity)| {
            let mut owner = me.clone();
            owner.pid = dead;
            change(&mut owner);
            owner
        };
        let elsewhere = [
            with(|owner| owner.namespaces = Some("pid:[1]".into())),
            with(|owner| owner.namespaces = None),
            with(|owner| owner.boot = None),
            with(|owner| (owner.boot, owner.host) = (Some("b".into()), "other".into())),
            with(|owner| (owner.boot, owner.machine) = (Some("b".into()), Some("n".into()))),
            with(|owner| (owner.boot, owner.machine) = (Some("b".into()), None)),
        ];
        for owner in elsewhere {
            assert!(!owner.is_gone(&me), "{owner:?}");
        }
    }

    #[test]
    fn what_a_record_says_is_read_back() {
        let record = Record {
            version: VERSION,
            uuid: system::random_uuid().unwrap(),
            owner: Identity::this_process(),
            expiry_ms: 300_000,
            flock: true,
        };
        let text = serde_json::to_string(&record).unwrap();
        assert_eq!(serde_json::from_str::<Record>(&text).unwrap(), record);
        assert!(record.owner.process_start.is_some_and(|ticks| ticks > 0));
    }
}
