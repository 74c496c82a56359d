//! Matrices in slices, arrays that several tasks write, and matrix products through the crate `gemm`
//! on the calling thread.

use std::marker::PhantomData;
use std::ops::Range;

use gemm::Parallelism;

/// A matrix to read. Element `[r, c]` is `values[r * row + c * column]`.
#[derive(Clone, Copy)]
pub struct Matrix<'a> {
    values: &'a [f32],
    /// How many rows.
    pub rows: usize,
    /// How many columns.
    pub columns: usize,
    row: usize,
    column: usize,
}

impl<'a> Matrix<'a> {
    /// A matrix whose rows have `columns` values and begin `row` values apart.
    pub fn new(values: &'a [f32], [rows, columns]: [usize; 2], row: usize) -> Self {
        assert!(
            rows > 0 && columns > 0 && (rows - 1) * row + columns <= values.len(),
            "the matrix exceeds its array"
        );
        Self {
            values,
            rows,
            columns,
            row,
            column: 1,
        }
    }

    /// All of an array, which may be empty, in rows of `columns` values.
    pub fn whole(values: &'a [f32], columns: usize) -> Self {
        Self {
            values,
            rows: values.len() / columns,
            columns,
            row: columns,
            column: 1,
        }
    }

    /// Some rows and columns of it.
    pub fn part(&self, rows: Range<usize>, columns: Range<usize>) -> Self {
        assert!(rows.end <= self.rows && columns.end <= self.columns);
        Self {
            values: &self.values[rows.start * self.row + columns.start * self.column..],
            rows: rows.len(),
            columns: columns.len(),
            ..*self
        }
    }

    /// The values from `start` in row `row` on, if the values of a row are beside each other.
    #[inline(always)]
    pub fn row_from(&self, row: usize, start: usize) -> Option<&'a [f32]> {
        (self.column == 1).then(|| &self.values[row * self.row + start..])
    }

    /// The values from `start` in column `column` on, if the values of a column are beside each
    /// other.
    #[inline(always)]
    pub fn column_from(&self, column: usize, start: usize) -> Option<&'a [f32]> {
        (self.row == 1).then(|| &self.values[column * self.column + start..])
    }

    /// The transpose, without copying.
    pub fn transposed(self) -> Self {
        Self {
            rows: self.columns,
            columns: self.rows,
            row: self.column,
            column: self.row,
            ..self
        }
    }
}

/// An array that several tasks write parts of at the same time.
#[derive(Clone, Copy)]
pub struct SharedArray<'a> {
    start: *mut f32,
    length: usize,
    owner: PhantomData<&'a mut [f32]>,
}

// SAFETY: parts are only written through methods whose callers ensure that no other thread has
// them.
unsafe impl Send for SharedArray<'_> {}
unsafe impl Sync for SharedArray<'_> {}

impl<'a> SharedArray<'a> {
    /// Shares a whole array.
    pub fn new(values: &'a mut [f32]) -> Self {
        Self {
            start: values.as_mut_ptr(),
            length: values.len(),
            owner: PhantomData,
        }
    }

    /// A part of the array.
    ///
    /// # Safety
    ///
    /// No other borrow of any of it may be alive.
    pub unsafe fn part(&self, start: usize, length: usize) -> &'a mut [f32] {
        assert!(start + length <= self.length, "the part exceeds the array");
        // SAFETY: within the array, and not aliased by the contract above.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(start), length) }
    }

    /// Where `rows` rows of `columns` values, which begin `row` values apart, start.
    pub fn rows(&self, start: usize, [rows, columns]: [usize; 2], row: usize) -> *mut f32 {
        assert!(
            rows > 0 && columns <= row && start + (rows - 1) * row + columns <= self.length,
            "the rows exceed their array"
        );
        self.start.wrapping_add(start)
    }

    /// Writes `left × right` from `start` on, in rows that begin `row` values apart; adds it if
    /// `add`.
    ///
    /// # Safety
    ///
    /// No other borrow of the values that are written may be alive.
    pub unsafe fn multiply(
        &self,
        start: usize,
        row: usize,
        left: Matrix<'_>,
        right: Matrix<'_>,
        add: bool,
    ) {
        assert_eq!(
            left.columns, right.rows,
            "the matrices' shapes do not match"
        );
        let last = start + (left.rows - 1) * row + right.columns;
        assert!(
            last <= self.length && right.columns <= row,
            "the product exceeds its array"
        );
        let depth = left.columns;
        let part = depth_of_part(&left, &right);
        let mut add = add;
        for first in (0..depth.max(1)).step_by(part) {
            let depths = first..(first + part).min(depth);
            let left = left.part(0..left.rows, depths.clone());
            let right = right.part(depths, 0..right.columns);
            // SAFETY: by `Matrix::new`, `part` and the assertions all elements are within their
            // arrays, and those of the product are distinct and not borrowed elsewhere.
            unsafe {
                gemm::gemm(
                    left.rows,
                    right.columns,
                    left.columns,
                    self.start.add(start),
                    1,
                    row as isize,
                    add,
                    left.values.as_ptr(),
                    left.column as isize,
                    left.row as isize,
                    right.values.as_ptr(),
                    right.column as isize,
                    right.row as isize,
                    1.0,
                    1.0,
                    false,
                    false,
                    false,
                    Parallelism::None,
                );
            }
            add = true;
        }
    }
}

/// The depth from which on the crate `gemm` may add up a product in several parts.
const DEPTH_OF_SUM: usize = 512;

/// The depth of the parts that a product is added up from.
///
/// `gemm` chooses parts that fit to the processor's caches, at least 512 deep, so that the same
/// product is rounded in another order on another processor. It gets no more than that here, in the
/// parts that it takes where the first cache is 8-way associative. Small products and vectors it
/// adds up alike everywhere.
fn depth_of_part(left: &Matrix<'_>, right: &Matrix<'_>) -> usize {
    let (rows, columns, depth) = (left.rows, right.columns, left.columns);
    let contiguous = left.column == 1 && right.row == 1;
    let is_small = rows <= 64 && columns <= 64 || contiguous && rows * columns <= 256;
    let is_vector = rows == 1 || columns == 1;
    if is_small || is_vector || depth == 0 {
        return depth.max(1);
    }
    depth.div_ceil(depth.div_ceil(DEPTH_OF_SUM))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(count: usize, factor: f32) -> Vec<f32> {
        (0..count).map(|n| (n as f32 * factor).sin()).collect()
    }

    /// An element of a product whose parts are added up one after the other, each by fused
    /// multiplications and additions from 0 on.
    fn in_parts(left: &[f32], right: &[f32], part: usize) -> f32 {
        let parts = left.chunks(part).zip(right.chunks(part));
        parts.fold(0.0, |sum, (left, right)| {
            let terms = left.iter().zip(right);
            sum + terms.fold(0.0, |sum, (a, b)| a.mul_add(*b, sum))
        })
    }

    /// Fails on a processor with a 12-way first cache if `gemm` chooses the parts.
    #[test]
    fn the_order_of_additions_is_fixed_whatever_the_caches() {
        #[cfg(target_arch = "x86_64")]
        if !std::is_x86_feature_detected!("fma") {
            eprintln!("skipped: without FMA every multiplication is rounded");
            return;
        }
        let [rows, columns] = [80, 70];
        for (depth, part) in [(500, 500), (1025, 342), (1500, 500)] {
            let left = values(rows * depth, 0.7);
            let right = values(columns * depth, 0.3);
            let mut output = vec![0.0; rows * columns];
            let left_matrix = Matrix::whole(&left, depth);
            let right_matrix = Matrix::whole(&right, depth).transposed();
            // SAFETY: nothing else borrows the output.
            unsafe {
                SharedArray::new(&mut output).multiply(
                    0,
                    columns,
                    left_matrix,
                    right_matrix,
                    false,
                );
            }
            for (n, &got) in output.iter().enumerate() {
                let row = &left[n / columns * depth..][..depth];
                let column = &right[n % columns * depth..][..depth];
                let want = in_parts(row, column, part);
                assert_eq!(got.to_bits(), want.to_bits(), "depth {depth}, element {n}");
            }
        }
    }
}
