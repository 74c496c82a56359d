//! A plan as job arrays: SLURM bounds the size of one.

/// Consecutive runs of a plan that are one job array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ArrayPart {
    /// The first of its runs, counted from 0 in the plan.
    pub first: usize,
    /// Its runs.
    pub runs: usize,
}

/// Splits so many runs into arrays whose indexes are below SLURM's `MaxArraySize`, in the plan's
/// order.
pub(super) fn split(runs: usize, max_array_size: usize) -> Vec<ArrayPart> {
    let most = max_array_size.max(1);
    let mut parts = Vec::new();
    let mut first = 0;
    while first < runs {
        let part = ArrayPart {
            first,
            runs: most.min(runs - first),
        };
        first += part.runs;
        parts.push(part);
    }
    parts
}

impl ArrayPart {
    /// What `--array` is given.
    pub fn indexes(&self, throttle: Option<u32>) -> String {
        let last = self.runs.saturating_sub(1);
        match throttle {
            Some(throttle) => format!("0-{last}%{throttle}"),
            None => format!("0-{last}"),
        }
    }

    /// The index of a run of the plan, where it is in this array.
    pub fn index(&self, run: usize) -> Option<usize> {
        run.checked_sub(self.first)
            .filter(|index| *index < self.runs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_run_is_in_one_array_and_no_index_reaches_the_bound() {
        for (runs, most) in [
            (0, 5),
            (1, 1),
            (5, 5),
            (6, 5),
            (195, 1001),
            (5000, 1001),
            (7, 3),
        ] {
            let parts = split(runs, most);
            let mut all = Vec::new();
            for part in &parts {
                assert!(part.runs >= 1 && part.runs <= most, "{runs} {most}");
                for index in 0..part.runs {
                    let run = part.first + index;
                    assert_eq!(part.index(run), Some(index));
                    all.push(run);
                }
                assert_eq!(part.index(part.first + part.runs), None);
            }
            assert_eq!(all, (0..runs).collect::<Vec<_>>());
        }
    }

    #[test]
    fn indexes_are_written_as_sbatch_takes_them() {
        let part = ArrayPart { first: 10, runs: 4 };
        assert_eq!(part.indexes(None), "0-3");
        assert_eq!(part.indexes(Some(2)), "0-3%2");
        assert_eq!(ArrayPart { first: 0, runs: 1 }.indexes(None), "0-0");
    }
}
