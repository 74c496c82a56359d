//! How many runs fit beside each other.

use std::thread::available_parallelism;

use crate::{Devices, Job, ReproduceError};

/// Runs at the same time: as many as were asked for, if they fit into memory; otherwise one a GPU,
/// or as many as there are cores and fit.
///
/// # Errors
///
/// More were asked for than fit; the message says how many do.
pub fn concurrent_runs(
    asked: Option<usize>,
    missing: &[Job],
    devices: &Devices,
) -> Result<usize, ReproduceError> {
    let most = missing.len().max(1);
    if devices.are_gpus() {
        // What a GPU has free is known to the program that uses it, which says what would fit.
        return Ok(asked.unwrap_or(devices.names.len()).min(most));
    }
    let cores = available_parallelism().map_or(1, usize::from);
    let needs: Vec<u64> = missing.iter().map(|job| job.cost.memory).collect();
    fitting(asked, cores, &needs, available_memory())
}

/// The same, given what each run needs and what is free; a system that does not tell is given a
/// try.
fn fitting(
    asked: Option<usize>,
    cores: usize,
    needs: &[u64],
    free: Option<u64>,
) -> Result<usize, ReproduceError> {
    let wanted = asked.unwrap_or(cores).min(needs.len().max(1));
    let mut largest_first = needs.to_vec();
    largest_first.sort_by_key(|need| std::cmp::Reverse(*need));
    let Some(free) = free else { return Ok(wanted) };
    let fits = (1..=wanted)
        .rev()
        .find(|jobs| sum_of_first(&largest_first, *jobs) <= free)
        .unwrap_or(1);
    match asked {
        Some(_) if fits < wanted => Err(ReproduceError::Usage(format!(
            "{wanted} runs at once need about {} and {} are free: use `--jobs {fits}`{}",
            gibibytes(sum_of_first(&largest_first, wanted)),
            gibibytes(free),
            if sum_of_first(&largest_first, fits) > free {
                ", with a smaller `--set batch_size=N`"
            } else {
                ""
            },
        ))),
        _ => Ok(fits),
    }
}

/// What the first so many runs need together.
fn sum_of_first(needs: &[u64], runs: usize) -> u64 {
    needs.iter().take(runs).sum()
}

fn gibibytes(bytes: u64) -> String {
    format!("{:.1} GiB", bytes as f64 / f64::from(1 << 30))
}

/// What the system could give to new programs, in bytes; `None` where it does not say.
pub fn available_memory() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"))?;
    line.split_whitespace()
        .next()?
        .parse::<u64>()
        .ok()
        .map(|kib| kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIB: u64 = 1 << 30;

    #[test]
    fn more_than_fits_is_refused_with_the_number_that_does() {
        let needs = [GIB, 4 * GIB, 2 * GIB, GIB];
        let message = fitting(Some(4), 2, &needs, Some(7 * GIB))
            .unwrap_err()
            .to_string();
        assert!(
            message.contains("8.0 GiB") && message.contains("`--jobs 3`"),
            "{message}"
        );
        assert_eq!(fitting(Some(3), 2, &needs, Some(7 * GIB)).unwrap(), 3);
        let message = fitting(Some(2), 2, &needs, Some(GIB))
            .unwrap_err()
            .to_string();
        assert!(
            message.contains("`--jobs 1`") && message.contains("batch_size"),
            "{message}"
        );
    }

    #[test]
    fn without_a_number_as_many_run_as_fit() {
        let needs = [GIB; 8];
        assert_eq!(fitting(None, 4, &needs, Some(3 * GIB)).unwrap(), 3);
        assert_eq!(fitting(None, 4, &needs, Some(64 * GIB)).unwrap(), 4);
        assert_eq!(
            fitting(None, 4, &needs, Some(0)).unwrap(),
            1,
            "one is always tried"
        );
        assert_eq!(
            (
                fitting(None, 4, &needs, None).unwrap(),
                fitting(None, 4, &[], None).unwrap()
            ),
            (4, 1)
        );
    }

    #[test]
    fn this_system_tells_how_much_is_free() {
        if cfg!(target_os = "linux") {
            assert!(available_memory().is_some_and(|bytes| bytes > 1 << 20));
        }
    }
}
