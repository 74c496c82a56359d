//! The shape of a convolution.

/// Sizes of a convolution's tensors, stride and padding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Pictures.
    pub batch: usize,
    /// Channels of the input.
    pub inputs: usize,
    /// Channels of the output.
    pub outputs: usize,
    /// Height and width of the input.
    pub input_size: [usize; 2],
    /// Height and width of a kernel.
    pub kernel: [usize; 2],
    /// Stride in both dimensions.
    pub stride: usize,
    /// Rows of zeros above and below the input, and columns left and right of it.
    pub padding: [usize; 2],
}

impl Shape {
    /// Height and width of the output.
    pub fn output_size(&self) -> [usize; 2] {
        [0, 1]
            .map(|d| (self.input_size[d] + 2 * self.padding[d] - self.kernel[d]) / self.stride + 1)
    }

    /// Positions of a picture's channel in the output.
    pub fn positions(&self) -> usize {
        self.output_size().iter().product()
    }

    /// Values of a picture's channel in the input.
    pub fn plane(&self) -> usize {
        self.input_size.iter().product()
    }

    /// Height × width of a kernel.
    pub fn taps(&self) -> usize {
        self.kernel.iter().product()
    }

    /// Values of the input that one of the output is computed from: rows of the unfolded matrix.
    pub fn depth(&self) -> usize {
        self.inputs * self.taps()
    }

    /// Multiplications of one pass.
    pub fn multiplications(&self) -> usize {
        self.batch * self.positions() * self.outputs * self.depth()
    }
}
