//! Kernels of 3×3 with fewer multiplications: Winograd's minimal filtering, F(2×2, 3×3).
//!
//! Four positions of the output, a tile of 2×2, read 4×4 numbers of the input. Kernels and inputs
//! are mapped to sixteen numbers each, whose products, summed over channels, are mapped to the
//! tile: sixteen multiplications where there were thirty-six. Each of the sixteen is a product of
//! matrices of its own over all channels and tiles. The maps have the coefficients 1, -1 and ½
//! only, so that rounding is that of the plain sum (A. Lavin and S. Gray, "Fast Algorithms for
//! Convolutional Neural Networks", 2016, section 4.1).
//!
//! With the matrices of [`lanes`], `Y = Aᵀ [(G g Gᵀ) ⊙ (Bᵀ d B)] A`; the gradients are the
//! transposed maps: of the kernels `Gᵀ [(A ∂Y Aᵀ) ⊙ (Bᵀ d B)] G`. The input's is the convolution
//! with turned kernels.

mod forward;
mod lanes;
mod of_kernels;
mod tiling;
mod weights;

pub use forward::{forward, of_input};
pub use of_kernels::of_kernels;

use super::Shape;

/// Numbers of a tile's image.
const IMAGE: usize = 16;

/// Channels from which on the products take more time than the maps around them.
const CHANNELS: usize = 64;

/// Channels whose maps are worth a thread.
const CHANNELS_A_TASK: usize = 4;

/// Whether this way is the faster one, forward and for the input's gradient. It does not depend on
/// the batch, so that a picture's output depends on the picture alone.
pub fn is_faster(shape: &Shape) -> bool {
    let [rows, columns] = shape.to();
    let is_winograds =
        shape.kernel == [3, 3] && shape.stride == 1 && shape.padding.iter().all(|&p| p < 3);
    // A tile that reaches beyond the map is computed whole.
    let is_mostly_inside =
        rows.div_ceil(2) * columns.div_ceil(2) * IMAGE * 10 < rows * columns * 9 * 6;
    is_winograds
        && shape.inputs.min(shape.outputs) >= CHANNELS
        && rows.min(columns) >= 6
        && is_mostly_inside
}

/// Whether it is for the kernels' gradient too: mapping that costs the same however many positions
/// there are.
pub fn is_faster_of_kernels(shape: &Shape) -> bool {
    let [rows, columns] = shape.to();
    let tiles = shape.batch * rows.div_ceil(2) * columns.div_ceil(2);
    is_faster(shape) && 2 * tiles >= shape.inputs.max(shape.outputs)
}
