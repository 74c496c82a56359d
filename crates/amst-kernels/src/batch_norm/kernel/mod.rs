//! Batch normalisation of `[batch, channels, positions]` on slices of `f32`.
//!
//! A channel is one task: its sums are added in one order whatever the number of threads, and the
//! second pass over it finds the values in the cache.

mod backward;
mod forward;
mod moments;
mod planes;

pub use backward::{BackwardInputs, Relu, backward};
pub use forward::{Affine, affine, forward};
pub use moments::Moments;

use std::ops::Range;

use rayon::prelude::*;

use crate::avx2::with_avx2;

/// Shape of a feature map.
#[derive(Clone, Copy, Debug)]
pub struct Dims {
    /// Pictures.
    pub batch: usize,
    /// Channels.
    pub channels: usize,
    /// Height × width.
    pub positions: usize,
}

impl Dims {
    /// Values of one channel.
    fn per_channel(&self) -> usize {
        self.batch * self.positions
    }

    /// Where the plane of a picture's channel begins.
    fn start(&self, picture: usize, channel: usize) -> usize {
        (picture * self.channels + channel) * self.positions
    }

    /// Where the plane of a picture's channel is.
    fn range(&self, picture: usize, channel: usize) -> Range<usize> {
        let start = self.start(picture, channel);
        start..start + self.positions
    }
}

/// Values below which a thread costs more than it saves.
const WORTH_A_THREAD: usize = 16 * 1024;

/// Runs `work` for every channel, in parallel if there is enough to do; the results in order.
fn for_each_channel<T: Send>(dims: Dims, work: impl Fn(usize) -> T + Sync + Send) -> Vec<T> {
    let work = |channel| with_avx2(|| work(channel));
    if dims.per_channel() * dims.channels <= WORTH_A_THREAD {
        return (0..dims.channels).map(work).collect();
    }
    let at_least = (WORTH_A_THREAD / dims.per_channel()).max(1);
    (0..dims.channels)
        .into_par_iter()
        .with_min_len(at_least)
        .map(work)
        .collect()
}
