//! Matrix products by tiles that the registers hold.
//!
//! Both factors are copied into panels in the order in which a tile reads them. The depth is cut
//! into blocks of fixed length, and every element of the output is the sum of its blocks in order:
//! results depend neither on the number of threads nor on the rest of the matrix, and with AVX-512
//! and AVX2 they are equal to the bit.

mod panels;
mod tile;

use std::cell::RefCell;
use std::marker::PhantomData;
use std::ops::Range;

use rayon::prelude::*;

use crate::matrix::{Matrix, SharedArray};
use panels::Panels;
use tile::{Tile, with_tile};

/// Multiplications below which threads cost more than they save.
const WORTH_THREADS: usize = 1 << 19;
/// Rows and columns of the output that one task computes, about: with their part of the left
/// factor they stay in an L2 cache of half a megabyte.
const TASK: [usize; 2] = [128, 384];

/// Rows of the output that are computed at once, and terms of their sums: the panels of larger
/// factors would take a copy of them in memory. The terms are whole blocks of the depth, so that
/// sums have the same order as without.
const SLAB: [usize; 2] = [2048, 16 * panels::DEPTH];

/// Buffers for the panels of both factors, as large as the largest product needed, and never freed.
#[derive(Default)]
struct Buffers {
    left: Vec<f32>,
    right: Vec<f32>,
}

thread_local! {
    /// Of the thread that starts the tasks of a product.
    static SHARED: RefCell<Buffers> = RefCell::default();
    /// Of a thread that computes a product by itself.
    static OWN: RefCell<Buffers> = RefCell::default();
}

/// Writes `left × right` to `output`, in rows of `right.columns` values, on all threads.
///
/// `finish` is called with each row's index, its columns and its values, part by part, in any
/// order, as soon as they are known.
pub fn multiply(
    left: Matrix<'_>,
    right: Matrix<'_>,
    output: &mut [f32],
    finish: impl Fn(usize, Range<usize>, &mut [f32]) + Sync,
) {
    // Should the thread run other tasks while it waits, these allocate new ones.
    let mut buffers = SHARED.take();
    with_tile!(multiply_on_all_threads(
        left,
        right,
        output,
        &mut buffers,
        &finish
    ));
    SHARED.set(buffers);
}

fn multiply_on_all_threads<T: Tile>(
    left: Matrix<'_>,
    right: Matrix<'_>,
    output: &mut [f32],
    buffers: &mut Buffers,
    finish: &(impl Fn(usize, Range<usize>, &mut [f32]) + Sync),
) {
    assert_eq!(
        left.columns, right.rows,
        "the matrices' shapes do not match"
    );
    assert_eq!(
        output.len(),
        left.rows * right.columns,
        "an array of another shape"
    );
    let parallel = output.len() * left.columns >= WORTH_THREADS;
    let output = SharedArray::new(output);
    for rows in parts(left.rows, SLAB[0]) {
        for depth in parts(left.columns, SLAB[1]) {
            let slab = Slab {
                start: rows.start,
                is_first: depth.start == 0,
                is_last: depth.end == left.columns,
                output,
                parallel,
            };
            let (left, right) = (
                left.part(rows.clone(), depth.clone()),
                right.part(depth, 0..right.columns),
            );
            slab.multiply::<T>(left, right, buffers, finish);
        }
    }
}

/// Some rows of an output, and some terms of their sums.
struct Slab<'a> {
    /// The first row.
    start: usize,
    /// Whether the rows hold no earlier terms.
    is_first: bool,
    /// Whether there are no further terms.
    is_last: bool,
    output: SharedArray<'a>,
    parallel: bool,
}

impl Slab<'_> {
    fn multiply<T: Tile>(
        &self,
        left: Matrix<'_>,
        right: Matrix<'_>,
        buffers: &mut Buffers,
        finish: &(impl Fn(usize, Range<usize>, &mut [f32]) + Sync),
    ) {
        let [rows, columns] = [left.rows, right.columns];
        let parallel = self.parallel;
        let left = Panels::pack(left, T::ROWS, &mut buffers.left, parallel);
        let right = Panels::pack(right.transposed(), T::COLUMNS, &mut buffers.right, parallel);
        let all = Task::<T> {
            left,
            right,
            output: self.output,
            start: self.start * columns,
            row: columns,
            size: [rows, columns],
            add: !self.is_first,
            tile: PhantomData,
        };
        let down: Vec<_> = parts(left.count, (TASK[0] / T::ROWS).max(1)).collect();
        let along: Vec<_> = parts(right.count, (TASK[1] / T::COLUMNS).max(1)).collect();
        let count = down.len() * along.len();
        let compute = |index: usize| {
            let panels = [
                down[index / along.len()].clone(),
                along[index % along.len()].clone(),
            ];
            // SAFETY: every element of the output is in one task.
            unsafe { all.multiply(panels.clone()) };
            if self.is_last {
                // SAFETY: as above; the product of these elements is computed.
                unsafe { all.finish(panels, self.start, finish) };
            }
        };
        if parallel && count > 1 {
            (0..count).into_par_iter().with_max_len(1).for_each(compute);
        } else {
            (0..count).for_each(compute);
        }
    }
}

/// `count` things in parts of `each`.
fn parts(count: usize, each: usize) -> impl Iterator<Item = Range<usize>> {
    (0..count)
        .step_by(each)
        .map(move |start| start..(start + each).min(count))
}

/// Where a product goes that one thread computes.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    /// The array that it is in.
    pub array: SharedArray<'a>,
    /// Its first element.
    pub start: usize,
    /// From a row to the next.
    pub row: usize,
    /// Whether it is added to what is there.
    pub add: bool,
}

/// Writes `left × right` to a place in an array, on the calling thread.
///
/// # Safety
///
/// No other borrow of the elements of the product may be alive.
pub unsafe fn multiply_at(left: Matrix<'_>, right: Matrix<'_>, place: Place<'_>) {
    OWN.with_borrow_mut(|buffers| {
        // SAFETY: by this function's contract.
        unsafe { with_tile!(multiply_here(left, right, place, buffers)) }
    });
}

/// # Safety
///
/// As for [`multiply_at`].
unsafe fn multiply_here<T: Tile>(
    left: Matrix<'_>,
    right: Matrix<'_>,
    place: Place<'_>,
    buffers: &mut Buffers,
) {
    assert_eq!(
        left.columns, right.rows,
        "the matrices' shapes do not match"
    );
    let size = [left.rows, right.columns];
    let left = Panels::pack(left, T::ROWS, &mut buffers.left, false);
    let right = Panels::pack(right.transposed(), T::COLUMNS, &mut buffers.right, false);
    let all = [0..left.count, 0..right.count];
    let task = Task::<T> {
        left,
        right,
        output: place.array,
        start: place.start,
        row: place.row,
        size,
        add: place.add,
        tile: PhantomData,
    };
    // SAFETY: by this function's contract.
    unsafe { task.multiply(all) };
}

/// A product of packed factors.
#[derive(Clone, Copy)]
struct Task<'a, T> {
    left: Panels<'a>,
    right: Panels<'a>,
    output: SharedArray<'a>,
    start: usize,
    row: usize,
    size: [usize; 2],
    add: bool,
    tile: PhantomData<fn() -> T>,
}

/// Values of the largest tile.
const TILE: usize = 8 * 48;

impl<T: Tile> Task<'_, T> {
    /// Computes the elements of some panels.
    ///
    /// # Safety
    ///
    /// No other borrow of these elements may be alive, and the processor must have the tile's
    /// instructions.
    unsafe fn multiply(&self, [down, along]: [Range<usize>; 2]) {
        for block in self.left.blocks() {
            let add = self.add || block.start > 0;
            for column in along.clone() {
                let right = self.right.panel(&block, column);
                for row in down.clone() {
                    let left = self.left.panel(&block, row);
                    // SAFETY: by this function's contract.
                    unsafe { self.multiply_tile(block.len(), left, right, [row, column], add) };
                }
            }
        }
    }

    /// Hands each row's part of the elements of some panels to `finish`; `first` is the output's row
    /// that the task's rows begin with.
    ///
    /// # Safety
    ///
    /// No other borrow of these elements may be alive.
    unsafe fn finish(
        &self,
        [down, along]: [Range<usize>; 2],
        first: usize,
        finish: &impl Fn(usize, Range<usize>, &mut [f32]),
    ) {
        let rows = down.start * T::ROWS..(down.end * T::ROWS).min(self.size[0]);
        let columns = along.start * T::COLUMNS..(along.end * T::COLUMNS).min(self.size[1]);
        for row in rows {
            let start = self.start + row * self.row + columns.start;
            // SAFETY: by this function's contract.
            let part = unsafe { self.output.part(start, columns.len()) };
            finish(first + row, columns.clone(), part);
        }
    }

    /// # Safety
    ///
    /// As for [`multiply`](Self::multiply).
    #[inline(always)]
    unsafe fn multiply_tile(
        &self,
        depth: usize,
        left: &[f32],
        right: &[f32],
        [row, column]: [usize; 2],
        add: bool,
    ) {
        let first = [row * T::ROWS, column * T::COLUMNS];
        let inside = [
            T::ROWS.min(self.size[0] - first[0]),
            T::COLUMNS.min(self.size[1] - first[1]),
        ];
        let start = self.start + first[0] * self.row + first[1];
        let output = self.output.rows(start, inside, self.row);
        let (left, right) = (left.as_ptr(), right.as_ptr());
        if inside == [T::ROWS, T::COLUMNS] {
            // SAFETY: the panels have this depth, `rows` checked the tile, and by the contract.
            unsafe { T::multiply(depth, left, right, output, self.row, add) };
            return;
        }
        let mut whole = [0.0; TILE];
        // SAFETY: as above, and this array holds the largest tile.
        unsafe { T::multiply(depth, left, right, whole.as_mut_ptr(), T::COLUMNS, false) };
        for (r, values) in whole.chunks_exact(T::COLUMNS).take(inside[0]).enumerate() {
            // SAFETY: by the contract, and `rows` checked that it is in the array.
            let row = unsafe { self.output.part(start + r * self.row, inside[1]) };
            for (to, &value) in row.iter_mut().zip(values) {
                *to = if add { *to + value } else { value };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::tile::Portable;
    use super::*;

    /// Numbers without a pattern.
    fn noise(count: usize, seed: u64) -> Vec<f32> {
        let mut state = seed;
        let next = |_| {
            state = state
                .wrapping_mul(6364136223846793005)
                .wrapping_add(1442695040888963407);
            ((state >> 40) as f32) / (1u64 << 23) as f32 - 1.0
        };
        (0..count).map(next).collect()
    }

    /// `left × right` of noise, for each layout that a factor can have.
    fn products<T: Tile>([rows, depth, columns]: [usize; 3]) -> Vec<Vec<f32>> {
        let (left, right) = (noise(rows * depth, 1), noise(depth * columns, 2));
        let lefts = [
            Matrix::whole(&left, depth),
            Matrix::whole(&left, rows).transposed(),
        ];
        let rights = [
            Matrix::whole(&right, columns),
            Matrix::whole(&right, depth).transposed(),
        ];
        let pairs = lefts
            .iter()
            .flat_map(|l| rights.iter().map(move |r| (l, r)));
        let product = |(left, right): (&Matrix<'_>, &Matrix<'_>)| {
            let mut output = vec![f32::NAN; rows * columns];
            let buffers = &mut Buffers::default();
            multiply_on_all_threads::<T>(*left, *right, &mut output, buffers, &|_, _, _| {});
            output
        };
        pairs.map(product).collect()
    }

    const SIZES: [[usize; 3]; 6] = [
        [1, 1, 1],
        [7, 5, 3],
        [8, 193, 48],
        [130, 400, 97],
        [50, 30, 800],
        // More than one slab.
        [2100, 3100, 5],
    ];

    #[test]
    fn products_are_sums_of_products() {
        for [rows, depth, columns] in SIZES {
            let (left, right) = (noise(rows * depth, 1), noise(depth * columns, 2));
            let got = &products::<Portable>([rows, depth, columns])[0];
            for (index, got) in got.iter().enumerate() {
                let (row, column) = (index / columns, index % columns);
                let terms = (0..depth).map(|k| {
                    f64::from(left[row * depth + k]) * f64::from(right[k * columns + column])
                });
                let want: f64 = terms.sum();
                assert!(
                    (f64::from(*got) - want).abs() < 5e-5,
                    "{index}: {got}, {want}"
                );
            }
        }
    }

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn the_instructions_of_the_processor_change_no_bit() {
        use super::tile::{Avx2, Avx512};
        if !std::is_x86_feature_detected!("avx512f") {
            return;
        }
        for sizes in SIZES {
            assert!(
                products::<Avx512>(sizes) == products::<Avx2>(sizes),
                "{sizes:?}"
            );
        }
    }

    #[test]
    fn every_element_is_finished_once_when_it_is_known() {
        let [rows, depth, columns] = [130, 400, 97];
        let (left, right) = (noise(rows * depth, 1), noise(depth * columns, 2));
        let factors = [Matrix::whole(&left, depth), Matrix::whole(&right, columns)];
        let plain = product(factors, |_, _, _| {});
        let finished = product(factors, |row, columns, values| {
            for (value, column) in values.iter_mut().zip(columns) {
                *value += (1000 * row + column) as f32;
            }
        });
        for (index, (got, plain)) in finished.iter().zip(&plain).enumerate() {
            let (row, column) = (index / columns, index % columns);
            assert_eq!(*got, plain + (1000 * row + column) as f32);
        }
    }

    fn product(
        [left, right]: [Matrix<'_>; 2],
        finish: impl Fn(usize, Range<usize>, &mut [f32]) + Sync,
    ) -> Vec<f32> {
        let mut output = vec![f32::NAN; left.rows * right.columns];
        multiply(left, right, &mut output, finish);
        output
    }

    #[test]
    fn a_product_in_a_part_of_an_array_leaves_the_others() {
        let [rows, depth, columns, row] = [9, 200, 50, 64];
        let (left, right) = (noise(rows * depth, 1), noise(depth * columns, 2));
        let factors = [Matrix::whole(&left, depth), Matrix::whole(&right, columns)];
        let whole = product(factors, |_, _, _| {});
        let mut array = vec![2.0; 3 + rows * row];
        for add in [false, true] {
            let place = Place {
                array: SharedArray::new(&mut array),
                start: 3,
                row,
                add,
            };
            // SAFETY: nothing else borrows the array.
            unsafe { multiply_at(factors[0], factors[1], place) };
        }
        for (index, value) in array.iter().enumerate() {
            let inside = index >= 3 && (index - 3) % row < columns;
            let want = if inside {
                let at = (index - 3) / row * columns + (index - 3) % row;
                2.0 * whole[at]
            } else {
                2.0
            };
            // Blocks of the depth are added one by one.
            assert!((value - want).abs() < 2e-5, "{index}: {value}, {want}");
        }
    }
}
