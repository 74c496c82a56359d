//! Attention on slices of `f32`. A head of a text is one task.

use std::cell::RefCell;

use rayon::prelude::*;

use crate::avx2::with_avx2;
use crate::dropout::Dropout;
use crate::functions::{exp, sum};
use crate::matrix::{Matrix, SharedArray};
use crate::product::{Place, multiply_at};

/// The score of a masked position: its weight is exactly 0 beside any unmasked one. Where all
/// positions are masked, all weights are equal; minus infinity would give NaN.
pub const MASKED_SCORE: f32 = -1e4;

/// Shapes of queries, `[batch, queries, heads · width]`, and of keys and values, `[batch, keys,
/// heads · width]`.
#[derive(Clone, Copy, Debug)]
pub struct Dims {
    pub batch: usize,
    pub queries: usize,
    pub keys: usize,
    pub heads: usize,
    pub width: usize,
}

impl Dims {
    fn hidden(&self) -> usize {
        self.heads * self.width
    }

    /// How many weights there are: `[batch, heads, queries, keys]`.
    pub fn weights(&self) -> usize {
        self.batch * self.heads * self.of_head()
    }

    /// Weights of one head.
    fn of_head(&self) -> usize {
        self.queries * self.keys
    }

    fn is_empty(&self) -> bool {
        self.weights() * self.width == 0
    }

    fn scale(&self) -> f32 {
        1.0 / (self.width as f32).sqrt()
    }
}

/// What is attended to: queries, keys and values, and by text which keys are seen.
#[derive(Clone, Copy)]
pub struct Inputs<'a> {
    pub query: &'a [f32],
    pub key: &'a [f32],
    pub value: &'a [f32],
    /// `[batch, keys]`; 0 is masked.
    pub mask: &'a [f32],
    pub dropout: Option<&'a Dropout>,
    pub dims: Dims,
}

/// A head of a text.
struct Head<'a> {
    inputs: Inputs<'a>,
    index: usize,
}

/// Two matrices of weights of a thread, as large as its largest task needed, and never freed.
#[derive(Default)]
struct Scratch([Vec<f32>; 2]);

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// Runs a task with the calling thread's scratch matrices. The task must not run another within.
fn with_scratch(length: usize, task: impl FnOnce([&mut [f32]; 2])) {
    SCRATCH.with_borrow_mut(|scratch| {
        let matrices = scratch.0.each_mut().map(|matrix| {
            if matrix.len() < length {
                matrix.resize(length, 0.0);
            }
            &mut matrix[..length]
        });
        task(matrices);
    });
}

impl<'a> Head<'a> {
    fn batch(&self) -> usize {
        self.index / self.inputs.dims.heads
    }

    /// Where the head's part of `[batch, length, hidden]` begins.
    fn start(&self, length: usize) -> usize {
        let dims = self.inputs.dims;
        self.batch() * length * dims.hidden() + self.index % dims.heads * dims.width
    }

    /// The head's part of `[batch, length, hidden]`.
    fn matrix<'v>(&self, values: &'v [f32], length: usize) -> Matrix<'v> {
        let dims = self.inputs.dims;
        Matrix::new(
            &values[self.start(length)..],
            [length, dims.width],
            dims.hidden(),
        )
    }

    /// The head's part of `[batch, length, hidden]`, to write.
    fn place<'v>(&self, array: SharedArray<'v>, length: usize) -> Place<'v> {
        Place {
            array,
            start: self.start(length),
            row: self.inputs.dims.hidden(),
            add: false,
        }
    }

    fn query(&self) -> Matrix<'a> {
        self.matrix(self.inputs.query, self.inputs.dims.queries)
    }

    fn key(&self) -> Matrix<'a> {
        self.matrix(self.inputs.key, self.inputs.dims.keys)
    }

    fn value(&self) -> Matrix<'a> {
        self.matrix(self.inputs.value, self.inputs.dims.keys)
    }

    fn mask(&self) -> &'a [f32] {
        let keys = self.inputs.dims.keys;
        &self.inputs.mask[self.batch() * keys..][..keys]
    }

    /// Writes `left × right`, `[queries, keys]`.
    fn multiply(&self, left: Matrix<'_>, right: Matrix<'_>, result: &mut [f32]) {
        let place = Place {
            array: SharedArray::new(result),
            start: 0,
            row: self.inputs.dims.keys,
            add: false,
        };
        // SAFETY: the array is borrowed for this product alone.
        unsafe { multiply_at(left, right, place) };
    }

    /// Writes the softmax of the scores.
    fn weights(&self, weights: &mut [f32]) {
        self.multiply(self.query(), self.key().transposed(), weights);
        let (mask, scale) = (self.mask(), self.inputs.dims.scale());
        with_avx2(|| {
            for row in weights.chunks_exact_mut(mask.len()) {
                softmax(row, mask, scale);
            }
        });
    }

    /// Applies dropout to weights, or to the gradient of those that are left.
    fn drop(&self, from: &[f32], to: &mut [f32]) {
        let Some(dropout) = self.inputs.dropout else {
            return to.copy_from_slice(from);
        };
        let dropped = dropout.part(self.index * from.len(), from.len());
        with_avx2(|| {
            for (i, (to, &from)) in to.iter_mut().zip(from).enumerate() {
                *to = dropped.apply(i, from);
            }
        });
    }
}

/// Softmax of `scale · scores` in place, in which masked keys have [`MASKED_SCORE`].
#[inline(always)]
fn softmax(row: &mut [f32], mask: &[f32], scale: f32) {
    let mut largest = f32::NEG_INFINITY;
    for (score, &mask) in row.iter_mut().zip(mask) {
        *score = if mask == 0.0 {
            MASKED_SCORE
        } else {
            *score * scale
        };
        largest = if *score > largest { *score } else { largest };
    }
    for score in row.iter_mut() {
        *score = exp(*score - largest);
    }
    let inverse = 1.0 / sum(row.len(), |i| row[i]);
    row.iter_mut().for_each(|weight| *weight *= inverse);
}

/// Runs a task for every head of every text.
fn for_each_head<'a>(inputs: Inputs<'a>, task: impl Fn(Head<'a>) + Sync) {
    let Dims { batch, heads, .. } = inputs.dims;
    if inputs.dims.is_empty() {
        return;
    }
    (0..batch * heads)
        .into_par_iter()
        .for_each(|index| task(Head { inputs, index }));
}

/// Writes the values by attention, `[batch, queries, hidden]`, and to `kept` the softmax, `[batch,
/// heads, queries, keys]`.
pub fn forward(inputs: Inputs<'_>, output: &mut [f32], kept: Option<&mut [f32]>) {
    let dims = inputs.dims;
    let (output, kept) = (SharedArray::new(output), kept.map(SharedArray::new));
    for_each_head(inputs, |head| {
        with_scratch(dims.of_head(), |[own, dropped]| {
            let weights = match kept {
                // SAFETY: the weights of a head are in one task.
                Some(kept) => unsafe { kept.part(head.index * own.len(), own.len()) },
                None => own,
            };
            head.weights(weights);
            let left = if inputs.dropout.is_some() {
                head.drop(weights, dropped);
                dropped
            } else {
                weights
            };
            let left = Matrix::whole(left, dims.keys);
            // SAFETY: the head's part of the output is in one task.
            unsafe { multiply_at(left, head.value(), head.place(output, dims.queries)) };
        });
    });
}

/// Writes the gradients of queries, keys and values from the output's, with the softmax that
/// [`forward`] kept.
pub fn backward(inputs: Inputs<'_>, weights: &[f32], gradient: &[f32], of_inputs: [&mut [f32]; 3]) {
    let dims = inputs.dims;
    let [of_query, of_key, of_value] = of_inputs.map(SharedArray::new);
    for_each_head(inputs, |head| {
        let weights = &weights[head.index * dims.of_head()..][..dims.of_head()];
        let gradient = head.matrix(gradient, dims.queries);
        with_scratch(dims.of_head(), |[first, second]| {
            head.drop(weights, first);
            let left = Matrix::whole(first, dims.keys).transposed();
            // SAFETY: the head's part of each gradient is in one task.
            unsafe { multiply_at(left, gradient, head.place(of_value, dims.keys)) };
            head.multiply(gradient, head.value().transposed(), first);
            head.drop(first, second);
            with_avx2(|| {
                let rows = second.chunks_exact_mut(dims.keys);
                for (gradient, weights) in rows.zip(weights.chunks_exact(dims.keys)) {
                    softmax_backward(gradient, weights, head.mask(), dims.scale());
                }
            });
            let of_scores = Matrix::whole(second, dims.keys);
            // SAFETY: as above.
            unsafe {
                multiply_at(of_scores, head.key(), head.place(of_query, dims.queries));
                let place = head.place(of_key, dims.keys);
                multiply_at(of_scores.transposed(), head.query(), place);
            }
        });
    });
}

/// Turns the gradient of weights into that of scores before they were scaled.
#[inline(always)]
fn softmax_backward(gradient: &mut [f32], weights: &[f32], mask: &[f32], scale: f32) {
    let mean = sum(weights.len(), |i| gradient[i] * weights[i]);
    for ((gradient, &weight), &mask) in gradient.iter_mut().zip(weights).zip(mask) {
        let of_score = weight * (*gradient - mean) * scale;
        *gradient = if mask == 0.0 { 0.0 } else { of_score };
    }
}
