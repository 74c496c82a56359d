//! Kernels of 3×3 with fewer multiplications: Winograd's minimal filtering, F(2×2, 3×3).
//!
//! A tile of the output, 2×2 positions, reads 4×4 values of the input. Kernels and inputs are
//! transformed to sixteen values each; their products, summed over channels, are transformed to the
//! tile: sixteen multiplications instead of thirty-six. Each of the sixteen is one matrix product
//! over all channels and tiles. The transforms have only the coefficients 1, -1 and ½, so rounding
//! errors are about those of the plain sum (A. Lavin and S. Gray, "Fast Algorithms for
//! Convolutional Neural Networks", 2016, section 4.1).
//!
//! With the matrices of [`transforms`], `Y = Aᵀ [(G g Gᵀ) ⊙ (Bᵀ d B)] A`. The gradients are the
//! transposed transforms: of the kernels `Gᵀ [(A ∂Y Aᵀ) ⊙ (Bᵀ d B)] G`. The input's is the
//! convolution with kernels rotated by 180°.

mod forward;
mod gradient_of_weights;
mod tiling;
mod transforms;
mod weights;

pub use forward::{forward, gradient_of_input};
pub use gradient_of_weights::gradient_of_weights;

use super::Shape;

/// Values of a transformed tile or kernel.
const TILE_VALUES: usize = 16;

/// Channels from which on the matrix products take more time than the transforms.
const MIN_CHANNELS: usize = 64;

/// Channels whose transforms are worth a thread.
const CHANNELS_PER_TASK: usize = 4;

/// Whether Winograd is faster, for the forward pass and the input's gradient. This does not depend
/// on the batch size, so that a picture's output does not either.
pub fn is_faster(shape: &Shape) -> bool {
    let [rows, columns] = shape.output_size();
    let is_supported =
        shape.kernel == [3, 3] && shape.stride == 1 && shape.padding.iter().all(|&p| p < 3);
    // A tile that is partly outside the output is computed whole.
    let is_mostly_inside =
        rows.div_ceil(2) * columns.div_ceil(2) * TILE_VALUES * 10 < rows * columns * 9 * 6;
    is_supported
        && shape.inputs.min(shape.outputs) >= MIN_CHANNELS
        && rows.min(columns) >= 6
        && is_mostly_inside
}

/// Whether Winograd is faster for the kernels' gradient too: transforming that costs the same for
/// any number of positions.
pub fn is_faster_for_weights(shape: &Shape) -> bool {
    let [rows, columns] = shape.output_size();
    let tiles = shape.batch * rows.div_ceil(2) * columns.div_ceil(2);
    is_faster(shape) && 2 * tiles >= shape.inputs.max(shape.outputs)
}
