//! Max-pooling of tensors in host memory, by this crate's kernels.

use std::sync::Arc;

use super::kernel::{self, PlaneSizes, Windows};
use crate::host::HostTensor;

/// Which tap of each window was the largest, and the input's shape.
#[derive(Clone, Debug)]
pub struct Argmax {
    taps: Arc<[u8]>,
    input_shape: [usize; 4],
}

/// The output, and what [`backward`] needs.
pub fn forward<T: HostTensor>(x: T, windows: Windows) -> (T, Argmax) {
    let x = x.contiguous();
    let input_shape @ [batch, channels, height, width] = x.shape().dims();
    let planes = PlaneSizes::new([height, width], windows);
    let [output_height, output_width] = planes.output_size;
    let mut output = T::zeros([batch, channels, output_height, output_width].into());
    let mut taps = vec![0; batch * channels * output_height * output_width];
    kernel::forward(x.values(), output.values_mut(), &mut taps, planes);
    (
        output,
        Argmax {
            taps: taps.into(),
            input_shape,
        },
    )
}

/// The gradient of the input from the output's.
pub fn backward<T: HostTensor>(argmax: &Argmax, gradient: T, windows: Windows) -> T {
    let gradient = gradient.contiguous();
    let [_, _, height, width] = argmax.input_shape;
    let mut result = T::zeros(argmax.input_shape.into());
    let planes = PlaneSizes::new([height, width], windows);
    kernel::backward(&argmax.taps, gradient.values(), result.values_mut(), planes);
    result
}
