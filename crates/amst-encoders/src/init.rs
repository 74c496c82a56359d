//! Initial weights, from the caller's random numbers.
//!
//! burn draws initial weights from the device's generator, so that a seed gives different weights
//! on different devices, or after other draws. Here the caller passes the numbers, which give the
//! same weights on every device.

use burn::module::Param;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{Linear, LinearConfig, PaddingConfig2d};
use burn::tensor::{Device, Tensor, TensorData};

/// A source of standard normal numbers.
pub type Normal<'a> = &'a mut dyn FnMut() -> f64;

/// A parameter of the given shape, normal with mean 0 and the given deviation.
pub(crate) fn normal_param<const D: usize>(
    shape: [usize; D],
    std: f64,
    normal: Normal<'_>,
    device: &Device,
) -> Param<Tensor<D>> {
    let values: Vec<f32> = (0..shape.iter().product())
        .map(|_| (normal() * std) as f32)
        .collect();
    Param::from_tensor(Tensor::from_data(TensorData::new(values, shape), device))
}

/// A bias-free convolution, Kaiming normal by fan-out with ReLU's gain
/// (`kaiming_normal_(mode="fan_out")`).
pub(crate) fn kaiming_conv(
    [input, output]: [usize; 2],
    kernel: usize,
    stride: usize,
    normal: Normal<'_>,
    device: &Device,
) -> Conv2d {
    let padding = kernel / 2;
    let mut conv = Conv2dConfig::new([input, output], [kernel, kernel])
        .with_stride([stride, stride])
        .with_padding(PaddingConfig2d::Explicit(
            padding, padding, padding, padding,
        ))
        .with_bias(false)
        .with_initializer(burn::nn::Initializer::Zeros)
        .init(device);
    let fan_out = (output * kernel * kernel) as f64;
    conv.weight = normal_param(
        [output, input, kernel, kernel],
        (2.0 / fan_out).sqrt(),
        normal,
        device,
    );
    conv
}

/// A linear layer `[batch, input] -> [batch, output]`, Xavier normal with bias 0 (or without bias).
pub fn xavier_linear(
    input: usize,
    output: usize,
    bias: bool,
    normal: Normal<'_>,
    device: &Device,
) -> Linear {
    let mut linear = LinearConfig::new(input, output)
        .with_bias(bias)
        .with_initializer(burn::nn::Initializer::Zeros)
        .init(device);
    let std = (2.0 / (input + output) as f64).sqrt();
    linear.weight = normal_param([input, output], std, normal, device);
    linear
}
