//! On LibTorch: its own convolution, and its own gradients by one call for both; on processors
//! where this crate's kernels are faster, those.

use burn::backend::LibTorch;
use tch::Tensor;

use super::host;
use super::operation::{Kernels, Steps};
use crate::libtorch::{TchTensor, convolution_backward, for_tensor_cores, is_slower_than_ours};

impl Kernels for LibTorch {
    fn forward(x: TchTensor, kernels: TchTensor, steps: Steps) -> TchTensor {
        if is_slower_than_ours(&x.tensor) {
            return host::forward(x, kernels, steps);
        }
        let [stride, padding] = [steps.stride, steps.padding].map(|n| [n as i64; 2]);
        let x = for_tensor_cores(x);
        TchTensor::new(
            x.tensor
                .conv2d(&kernels.tensor, None::<Tensor>, stride, padding, [1, 1], 1),
        )
    }

    fn backward(
        x: TchTensor,
        kernels: TchTensor,
        gradient: TchTensor,
        steps: Steps,
        wanted: [bool; 2],
    ) -> [Option<TchTensor>; 2] {
        if is_slower_than_ours(&x.tensor) {
            return host::backward(x, kernels, gradient, steps, wanted);
        }
        convolution_backward(&gradient, [&for_tensor_cores(x), &kernels], steps, wanted)
    }
}
