//! The convolution, by im2col and matrix products.

use super::Shape;
use super::tiles::{CACHE_VALUES, Strip, run, tiles};
use super::workspace::with_workspace;
use crate::matrix::{Matrix, SharedArray};

/// Convolves `[batch, inputs, height, width]` into `output`, `[batch, outputs, …]`.
pub fn forward(x: &[f32], kernels: &[f32], output: &mut [f32], shape: Shape) {
    let output = SharedArray::new(output);
    run(
        &tiles(&shape, CACHE_VALUES),
        shape.multiplications(),
        |tile| {
            // SAFETY: no position of the output is in two tiles.
            unsafe { convolve(x, kernels, output, &shape, tile) }
        },
    );
}

/// # Safety
///
/// No other borrow of the tile's part of the output may be alive.
unsafe fn convolve(
    x: &[f32],
    kernels: &[f32],
    output: SharedArray<'_>,
    shape: &Shape,
    tile: &[Strip],
) {
    with_workspace(|workspace| {
        let mut product = std::mem::take(&mut workspace.matrix);
        let (unfolded, columns) = workspace.unfold(x, shape, 0..shape.inputs, tile);
        let left = Matrix::new(kernels, [shape.outputs, shape.depth()], shape.depth());
        let right = Matrix::new(unfolded, [shape.depth(), columns], columns);
        if let [strip] = tile {
            // SAFETY: by this function's contract.
            unsafe { output.multiply(start(shape, strip), shape.positions(), left, right, false) };
        } else {
            product.resize(shape.outputs * columns, 0.0);
            // SAFETY: no other task has this array.
            unsafe { SharedArray::new(&mut product).multiply(0, columns, left, right, false) };
            // SAFETY: by this function's contract.
            unsafe { scatter(&product, columns, output, shape, tile) };
        }
        workspace.matrix = product;
    });
}

/// Copies a tile of whole pictures to the output, where their planes are not adjacent.
///
/// # Safety
///
/// No other borrow of the tile's part of the output may be alive.
unsafe fn scatter(
    product: &[f32],
    columns: usize,
    output: SharedArray<'_>,
    shape: &Shape,
    tile: &[Strip],
) {
    let positions = shape.positions();
    for (channel, row) in product.chunks_exact(columns).enumerate() {
        for (strip, values) in tile.iter().zip(row.chunks_exact(positions)) {
            // SAFETY: by this function's contract.
            unsafe { output.part(start(shape, strip) + channel * positions, positions) }
                .copy_from_slice(values);
        }
    }
}

/// Where a strip begins in the first channel of its picture's output.
fn start(shape: &Shape, strip: &Strip) -> usize {
    strip.picture * shape.outputs * shape.positions() + strip.row * shape.output_size()[1]
}
