//! Convolution on LibTorch: its own, with both gradients in one call, or this crate's host kernels
//! where those are faster.

use burn::backend::LibTorch;
use tch::{IValue, Kind, Tensor};

use super::host;
use super::operation::{ConvParams, Kernels};
use crate::libtorch::{TchTensor, argument, call, uses_host_kernels};

impl Kernels for LibTorch {
    fn forward(x: TchTensor, kernels: TchTensor, params: ConvParams) -> TchTensor {
        if uses_host_kernels(&x.tensor) {
            return host::forward(x, kernels, params);
        }
        let [stride, padding] = [params.stride, params.padding].map(|n| [n as i64; 2]);
        let x = for_tensor_cores(x).tensor;
        TchTensor::new(x.conv2d(&kernels.tensor, None::<Tensor>, stride, padding, [1, 1], 1))
    }

    fn backward(
        x: TchTensor,
        kernels: TchTensor,
        gradient: TchTensor,
        params: ConvParams,
        wanted: [bool; 2],
    ) -> [Option<TchTensor>; 2] {
        if uses_host_kernels(&x.tensor) {
            return host::backward(x, kernels, gradient, params, wanted);
        }
        let x = for_tensor_cores(x);
        let [stride, padding] = [params.stride, params.padding].map(|n| IValue::Int(n as i64));
        let [x_wanted, kernels_wanted] = wanted.map(IValue::Bool);
        let arguments = [
            argument(&gradient),
            argument(&x),
            argument(&kernels),
            stride,
            padding,
            x_wanted,
            kernels_wanted,
        ];
        let IValue::TensorList(gradients) = call("convolution_backward", &arguments) else {
            unreachable!("`convolution_backward` returns a list of tensors")
        };
        let mut gradients = gradients.into_iter().map(TchTensor::new);
        wanted.map(|wanted| if wanted { gradients.next() } else { None })
    }
}

/// The input in channels-last order where tensor cores will be used: cuDNN would otherwise convert
/// it in every operation. What is computed from it keeps the order.
fn for_tensor_cores(x: TchTensor) -> TchTensor {
    let rounds = x.tensor.kind() == Kind::BFloat16 || is_tf32_allowed();
    if !(rounds && x.tensor.device().is_cuda()) {
        return x;
    }
    match call("channels_last", &[argument(&x)]) {
        IValue::Tensor(x) => TchTensor::new(x),
        _ => unreachable!("`channels_last` returns a tensor"),
    }
}

#[cfg(not(windows))]
fn is_tf32_allowed() -> bool {
    crate::tf32::is_allowed()
}

/// LibTorch's default.
#[cfg(windows)]
fn is_tf32_allowed() -> bool {
    true
}
