//! Where a run took place.

use serde::Serialize;

/// Version of burn that this program is pinned to.
pub(crate) const BURN: &str = "0.22.1";

/// `env.json`.
#[derive(Debug, Serialize)]
pub(crate) struct Environment {
    /// Version of this program.
    version: &'static str,
    /// Version of burn that it is pinned to.
    burn: &'static str,
    os: &'static str,
    arch: &'static str,
    /// Model of the processor, where the system reports it.
    processor: Option<String>,
    /// Processors that this process may use.
    cores: usize,
    /// The cap on worker threads, where one was set.
    threads: Option<String>,
    /// `AMST_ONLY_LIBTORCH`, where it was set: whose kernels computed on `tch:cpu`.
    only_libtorch: Option<String>,
}

impl Environment {
    pub(crate) fn here() -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION"),
            burn: BURN,
            os: std::env::consts::OS,
            arch: std::env::consts::ARCH,
            processor: line_of("/proc/cpuinfo", "model name"),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            threads: std::env::var("RAYON_NUM_THREADS").ok(),
            only_libtorch: std::env::var("AMST_ONLY_LIBTORCH").ok(),
        }
    }
}

/// Largest resident memory of this process so far in MiB, where the system reports it.
pub fn peak_memory_mib() -> Option<f64> {
    let kib: f64 = line_of("/proc/self/status", "VmHWM")?
        .split_whitespace()
        .next()?
        .parse()
        .ok()?;
    Some(kib / 1024.0)
}

/// Forgets the largest resident memory so far, so that the next answer is about what comes now;
/// whether the system could.
pub(crate) fn reset_peak_memory() -> bool {
    std::fs::write("/proc/self/clear_refs", "5").is_ok()
}

/// What follows the colon on the first line that starts with `key`.
fn line_of(file: &str, key: &str) -> Option<String> {
    let text = std::fs::read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(key))?;
    Some(line.split_once(':')?.1.trim().to_string())
}
