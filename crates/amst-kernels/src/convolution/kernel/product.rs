//! Products of matrices, through the crate `gemm` on the calling thread.

use std::marker::PhantomData;

use gemm::Parallelism;

/// A matrix that is read. Element `[r, c]` is `values[r * row + c * column]`.
#[derive(Clone, Copy)]
pub struct Matrix<'a> {
    values: &'a [f32],
    rows: usize,
    columns: usize,
    row: usize,
    column: usize,
}

impl<'a> Matrix<'a> {
    /// Rows of `columns` numbers that begin `row` numbers apart.
    pub fn new(values: &'a [f32], [rows, columns]: [usize; 2], row: usize) -> Self {
        assert!(
            rows > 0 && columns > 0 && (rows - 1) * row + columns <= values.len(),
            "a matrix past its numbers"
        );
        Self {
            values,
            rows,
            columns,
            row,
            column: 1,
        }
    }

    /// Rows as columns.
    pub fn turned(self) -> Self {
        Self {
            rows: self.columns,
            columns: self.rows,
            row: self.column,
            column: self.row,
            ..self
        }
    }
}

/// An array into whose parts several tasks write.
#[derive(Clone, Copy)]
pub struct Target<'a> {
    start: *mut f32,
    length: usize,
    owner: PhantomData<&'a mut [f32]>,
}

// SAFETY: parts are only written through methods whose callers see to it that no other thread has
// them.
unsafe impl Send for Target<'_> {}
unsafe impl Sync for Target<'_> {}

impl<'a> Target<'a> {
    /// All of an array.
    pub fn new(values: &'a mut [f32]) -> Self {
        Self {
            start: values.as_mut_ptr(),
            length: values.len(),
            owner: PhantomData,
        }
    }

    /// Some numbers of it.
    ///
    /// # Safety
    ///
    /// Nobody else may hold any of them.
    pub unsafe fn part(&self, start: usize, length: usize) -> &'a mut [f32] {
        assert!(start + length <= self.length, "a part past the array");
        // SAFETY: within the array, and not aliased by the contract above.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(start), length) }
    }

    /// Writes `left × right` from `start` on, in rows that begin `row` numbers apart; adds it if
    /// `add`.
    ///
    /// # Safety
    ///
    /// Nobody else may hold the numbers that are written.
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
            "matrices that do not fit together"
        );
        let last = start + (left.rows - 1) * row + right.columns;
        assert!(
            last <= self.length && right.columns <= row,
            "a product past its array"
        );
        // SAFETY: by `Matrix::new` and the assertions all elements lie within their arrays, and
        // those of the product are distinct and nobody else's.
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
