//! Kernels without the taps that meet nothing but padding.
//!
//! The last stage of a ResNet on small pictures has maps of one row or column, of which a 3×3
//! kernel reads with its middle alone.

use super::Shape;

/// A convolution of a map of one row or column with the kernels' middle, and how it is cut out.
pub struct Narrowed {
    /// The smaller convolution; its output is the same.
    pub shape: Shape,
    kernel: [usize; 2],
    /// First tap that counts.
    first: [usize; 2],
}

impl Narrowed {
    /// Where that saves anything: a side of one number, padded so that the output has one too.
    pub fn of(shape: Shape) -> Option<Self> {
        let middle = |d: usize| {
            shape.from[d] == 1 && shape.kernel[d] == 2 * shape.padding[d] + 1 && shape.kernel[d] > 1
        };
        let (mut smaller, mut first) = (shape, [0; 2]);
        for d in (0..2).filter(|&d| middle(d)) {
            (first[d], smaller.kernel[d], smaller.padding[d]) = (shape.padding[d], 1, 0);
        }
        (smaller != shape).then_some(Self {
            shape: smaller,
            kernel: shape.kernel,
            first,
        })
    }

    /// Places of the taps that count, in a kernel and in a smaller one.
    fn places(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let ([_, wide], [high_small, wide_small], [y0, x0]) =
            (self.kernel, self.shape.kernel, self.first);
        (0..high_small).flat_map(move |y| {
            (0..wide_small).map(move |x| ((y0 + y) * wide + x0 + x, y * wide_small + x))
        })
    }

    /// The taps that count, of all kernels.
    pub fn cut(&self, kernels: &[f32]) -> Vec<f32> {
        let (taps, fewer) = (self.kernel.iter().product(), self.shape.taps());
        let mut cut = vec![0.0; kernels.len() / taps * fewer];
        for (to, from) in cut.chunks_exact_mut(fewer).zip(kernels.chunks_exact(taps)) {
            self.places()
                .for_each(|(large, small)| to[small] = from[large]);
        }
        cut
    }

    /// Puts gradients of the taps that count in their places; the others have none.
    pub fn put_back(&self, cut: &[f32], result: &mut [f32]) {
        let (taps, fewer) = (self.kernel.iter().product(), self.shape.taps());
        for (from, to) in cut.chunks_exact(fewer).zip(result.chunks_exact_mut(taps)) {
            self.places()
                .for_each(|(large, small)| to[large] = from[small]);
        }
    }
}
