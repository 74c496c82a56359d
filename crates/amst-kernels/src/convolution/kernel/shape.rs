//! What is convolved with what.

/// Sizes of a convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Pictures.
    pub batch: usize,
    /// Channels of the input.
    pub inputs: usize,
    /// Channels of the output.
    pub outputs: usize,
    /// Height and width of the input.
    pub from: [usize; 2],
    /// Height and width of a kernel.
    pub kernel: [usize; 2],
    /// Stride in both dimensions.
    pub stride: usize,
    /// Zeros before and after the rows and before and after the columns of the input.
    pub padding: [usize; 2],
}

impl Shape {
    /// Height and width of the output.
    pub fn to(&self) -> [usize; 2] {
        let side =
            |d: usize| (self.from[d] + 2 * self.padding[d] - self.kernel[d]) / self.stride + 1;
        [side(0), side(1)]
    }

    /// Positions of a picture's channel in the output.
    pub fn positions(&self) -> usize {
        self.to().iter().product()
    }

    /// Numbers of a picture's channel in the input.
    pub fn plane(&self) -> usize {
        self.from.iter().product()
    }

    /// Places of a kernel.
    pub fn taps(&self) -> usize {
        self.kernel.iter().product()
    }

    /// Numbers of the input that make one of the output: rows of the unfolded matrix.
    pub fn depth(&self) -> usize {
        self.inputs * self.taps()
    }

    /// Multiplications of one pass.
    pub fn multiplications(&self) -> usize {
        self.batch * self.positions() * self.outputs * self.depth()
    }
}
