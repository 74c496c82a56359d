//! Work on the rows of a matrix, and sums over them.

use rayon::prelude::*;

use crate::avx2::with_avx2;

/// Values of the rows that are one task: what a thread is worth.
const TASK_VALUES: usize = 16 * 1024;

/// Rows of so many values that are one task.
pub fn rows_per_task(width: usize) -> usize {
    (TASK_VALUES / width.max(1)).max(1)
}

/// For each task of rows, numbers that are to be added up; their sums, `[N, width]`.
///
/// A task adds in single precision and the tasks are added in double precision, in order: the sums
/// do not depend on the number of threads.
pub fn sums_of_tasks<const N: usize>(
    tasks: impl IndexedParallelIterator<Item = [Vec<f32>; N]>,
    width: usize,
) -> [Vec<f32>; N] {
    let parts: Vec<_> = tasks.collect();
    std::array::from_fn(|n| {
        let mut totals = vec![0.0f64; width];
        for part in &parts {
            for (total, &value) in totals.iter_mut().zip(&part[n]) {
                *total += f64::from(value);
            }
        }
        totals.into_iter().map(|total| total as f32).collect()
    })
}

/// The sum of all rows of `width` values.
pub fn sum_of_rows(values: &[f32], width: usize) -> Vec<f32> {
    let tasks = values
        .par_chunks((rows_per_task(width) * width).max(1))
        .map(|rows| with_avx2(|| [sum_of_few_rows(rows, width)]));
    let [sum] = sums_of_tasks(tasks, width);
    sum
}

#[inline(always)]
fn sum_of_few_rows(rows: &[f32], width: usize) -> Vec<f32> {
    let mut sums = vec![0.0; width];
    for row in rows.chunks_exact(width) {
        sums.iter_mut()
            .zip(row)
            .for_each(|(sum, &value)| *sum += value);
    }
    sums
}
