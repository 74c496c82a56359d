//! Mean and variance of a channel, stable where the mean is large beside the deviation.

use super::Dims;

/// Independent partial sums: enough to hide the latency of an addition.
pub const LANES: usize = 16;
/// Values whose deviations are summed in single precision around a pivot of their own.
pub const BLOCK: usize = 1024;

/// Count, mean and sum of squared deviations of some values.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Moments {
    /// How many values.
    pub count: f64,
    /// Their mean.
    pub mean: f64,
    /// The sum of their squared deviations from it.
    pub squares: f64,
}

impl Moments {
    /// The moments of one channel of `[batch, channels, positions]`.
    ///
    /// Blocks that fit into the L1 cache are read twice, for a pivot near their mean and for
    /// deviations from it; a deviation is exact where the two are close. Blocks are merged in
    /// double precision (Chan, Golub and LeVeque 1983), in the order of the pictures.
    #[inline(always)]
    pub fn of_channel(x: &[f32], dims: Dims, channel: usize) -> Self {
        let mut moments = Self::default();
        if dims.positions >= BLOCK / 4 {
            for picture in 0..dims.batch {
                for block in x[dims.range(picture, channel)].chunks(BLOCK) {
                    moments = moments.merged(Self::of_block(block));
                }
            }
            return moments;
        }
        // Small planes are copied together into blocks first.
        let mut block = [0.0; BLOCK];
        let mut filled = 0;
        for picture in 0..dims.batch {
            if filled + dims.positions > BLOCK {
                moments = moments.merged(Self::of_block(&block[..filled]));
                filled = 0;
            }
            block[filled..filled + dims.positions]
                .copy_from_slice(&x[dims.range(picture, channel)]);
            filled += dims.positions;
        }
        moments.merged(Self::of_block(&block[..filled]))
    }

    #[inline(always)]
    fn of_block(block: &[f32]) -> Self {
        if block.is_empty() {
            return Self::default();
        }
        let count = block.len() as f64;
        let pivot = (sums(block, |v| [v])[0] / count) as f32;
        let [off, squares] = sums(block, |v| [v - pivot, (v - pivot) * (v - pivot)]);
        Self {
            count,
            mean: f64::from(pivot) + off / count,
            squares: squares - off * off / count,
        }
    }

    #[inline(always)]
    fn merged(self, other: Self) -> Self {
        let count = self.count + other.count;
        if other.count == 0.0 || count == 0.0 {
            return self;
        }
        let apart = other.mean - self.mean;
        let mean = self.mean + apart * other.count / count;
        let between = apart * apart * self.count * other.count / count;
        Self {
            count,
            mean,
            squares: self.squares + other.squares + between,
        }
    }

    /// Biased variance; never negative.
    pub fn variance(&self) -> f64 {
        // Written so that a NaN stays one.
        let variance = self.squares / self.count;
        if variance < 0.0 { 0.0 } else { variance }
    }
}

/// Sums of what `f` returns for each value, in lanes of single precision.
#[inline(always)]
fn sums<const N: usize>(block: &[f32], f: impl Fn(f32) -> [f32; N]) -> [f64; N] {
    let mut lanes = [[0.0f32; LANES]; N];
    let chunks = block.chunks_exact(LANES);
    let rest = chunks.remainder();
    for chunk in chunks {
        for lane in 0..LANES {
            let values = f(chunk[lane]);
            for (sum, value) in lanes.iter_mut().zip(values) {
                sum[lane] += value;
            }
        }
    }
    for (lane, &value) in rest.iter().enumerate() {
        for (sum, value) in lanes.iter_mut().zip(f(value)) {
            sum[lane] += value;
        }
    }
    lanes.map(|lanes| lanes.iter().map(|&v| f64::from(v)).sum())
}
