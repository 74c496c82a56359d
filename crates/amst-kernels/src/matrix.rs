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
        // SAFETY: by `Matrix::new` and the assertions all elements are within their arrays, and
        // those of the product are distinct and not borrowed elsewhere.
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
    }
}
