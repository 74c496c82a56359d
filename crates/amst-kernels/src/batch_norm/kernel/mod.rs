//! Passes over channels of `[batch, channels, positions]`, on slices of `f32`.
//!
//! A channel is one task: its sums are added in one order whatever the number of threads, and its
//! second pass finds in the cache what the first one read.

mod backward;
mod forward;
mod moments;
mod planes;

pub use backward::{Incoming, Rectified, backward};
pub use forward::{Affine, affine, forward};
pub use moments::Moments;

use rayon::prelude::*;

use crate::wide::wide;

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
    /// Numbers of one channel.
    fn per_channel(&self) -> usize {
        self.batch * self.positions
    }

    /// Where the plane of a picture's channel begins.
    fn start(&self, picture: usize, channel: usize) -> usize {
        (picture * self.channels + channel) * self.positions
    }
}

/// Numbers below which a thread costs more than it saves.
const WORTH_A_THREAD: usize = 16 * 1024;

/// What `work` makes of every channel, in their order.
fn of_channels<T: Send>(dims: Dims, work: impl Fn(usize) -> T + Sync + Send) -> Vec<T> {
    let work = |channel| wide(|| work(channel));
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
