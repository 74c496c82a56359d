//! In the processor's memory, by the kernels of this crate.

use std::sync::Arc;

use super::kernel::{self, Planes};
use super::operation::Windows;
use crate::host::Host;

/// The largest of each window, and the shape of what the windows lie in.
#[derive(Clone, Debug)]
pub struct Chosen {
    taps: Arc<[u8]>,
    from: [usize; 4],
}

/// As [`Kernels::forward`](super::operation::Kernels::forward).
pub fn forward<T: Host>(x: T, windows: Windows) -> (T, Chosen) {
    let x = x.contiguous();
    let from @ [batch, channels, height, width] = x.shape().dims();
    let planes = Planes::new([height, width], windows);
    let [high, wide] = planes.to;
    let mut output = T::zeros([batch, channels, high, wide].into());
    let mut taps = vec![0; batch * channels * high * wide];
    kernel::forward(x.numbers(), output.numbers_mut(), &mut taps, planes);
    (
        output,
        Chosen {
            taps: taps.into(),
            from,
        },
    )
}

/// As [`Kernels::backward`](super::operation::Kernels::backward).
pub fn backward<T: Host>(chosen: &Chosen, gradient: T, windows: Windows) -> T {
    let gradient = gradient.contiguous();
    let [_, _, height, width] = chosen.from;
    let mut result = T::zeros(chosen.from.into());
    let planes = Planes::new([height, width], windows);
    kernel::backward(
        &chosen.taps,
        gradient.numbers(),
        result.numbers_mut(),
        planes,
    );
    result
}
