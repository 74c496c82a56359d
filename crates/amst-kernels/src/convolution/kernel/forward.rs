//! The convolution.

use super::Shape;
use super::product::{Matrix, Target};
use super::tiles::{OF_CACHE, Strip, run, tiles};
use super::workspace::with_workspace;

/// Convolves `[batch, inputs, height, width]` into `output`, `[batch, outputs, …]`.
pub fn forward(x: &[f32], kernels: &[f32], output: &mut [f32], shape: Shape) {
    let output = Target::new(output);
    run(&tiles(&shape, OF_CACHE), shape.multiplications(), |tile| {
        // SAFETY: no position of the output is in two tiles.
        unsafe { convolve(x, kernels, output, &shape, tile) }
    });
}

/// # Safety
///
/// Nobody else may hold the tile's part of the output.
unsafe fn convolve(x: &[f32], kernels: &[f32], output: Target<'_>, shape: &Shape, tile: &[Strip]) {
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
            // SAFETY: this array is ours.
            unsafe { Target::new(&mut product).multiply(0, columns, left, right, false) };
            // SAFETY: by this function's contract.
            unsafe { spread(&product, columns, output, shape, tile) };
        }
        workspace.matrix = product;
    });
}

/// Several pictures, each whole: their columns lie beside each other, their planes do not.
///
/// # Safety
///
/// Nobody else may hold the tile's part of the output.
unsafe fn spread(
    product: &[f32],
    columns: usize,
    output: Target<'_>,
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
    strip.picture * shape.outputs * shape.positions() + strip.row * shape.to()[1]
}
