//! Kernels without the taps that only read padding.
//!
//! The last stage of a ResNet on small pictures has maps of one row or column, which a 3×3 kernel
//! reads only with its middle.

use super::Shape;

/// A convolution of a map of one row or column with the middle of the kernels.
pub struct CroppedKernel {
    /// The smaller convolution; its output is the same.
    pub shape: Shape,
    /// Height and width of the whole kernels.
    kernel: [usize; 2],
    /// First tap in the middle.
    first: [usize; 2],
}

impl CroppedKernel {
    /// `None` unless a side of the input has length 1 and is padded so that the output's has too.
    pub fn new(shape: Shape) -> Option<Self> {
        let (mut smaller, mut first) = (shape, [0; 2]);
        for (d, first_tap) in first.iter_mut().enumerate() {
            let (kernel, padding) = (shape.kernel[d], shape.padding[d]);
            if shape.input_size[d] == 1 && kernel == 2 * padding + 1 && kernel > 1 {
                (*first_tap, smaller.kernel[d], smaller.padding[d]) = (padding, 1, 0);
            }
        }
        (smaller != shape).then_some(Self {
            shape: smaller,
            kernel: shape.kernel,
            first,
        })
    }

    /// The indices of the middle's taps, in a whole kernel and in a cropped one.
    fn indices(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let ([_, width], [small_height, small_width], [y0, x0]) =
            (self.kernel, self.shape.kernel, self.first);
        (0..small_height).flat_map(move |y| {
            (0..small_width).map(move |x| ((y0 + y) * width + x0 + x, y * small_width + x))
        })
    }

    /// The middle of all kernels.
    pub fn crop(&self, kernels: &[f32]) -> Vec<f32> {
        let (taps, fewer) = (self.kernel.iter().product(), self.shape.taps());
        let mut cropped = vec![0.0; kernels.len() / taps * fewer];
        for (to, from) in cropped
            .chunks_exact_mut(fewer)
            .zip(kernels.chunks_exact(taps))
        {
            self.indices()
                .for_each(|(large, small)| to[small] = from[large]);
        }
        cropped
    }

    /// Writes gradients of cropped kernels into those of whole ones; the other taps have none.
    pub fn uncrop(&self, cropped: &[f32], result: &mut [f32]) {
        let (taps, fewer) = (self.kernel.iter().product(), self.shape.taps());
        for (from, to) in cropped
            .chunks_exact(fewer)
            .zip(result.chunks_exact_mut(taps))
        {
            self.indices()
                .for_each(|(large, small)| to[large] = from[small]);
        }
    }
}
