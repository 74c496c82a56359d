//! Faults of burn's wgpu backend that others reported, looked for on an adapter of this machine. None
//! was found, so nothing works around them; a failure here says that one came back.
#![cfg(feature = "wgpu")]

use burn::tensor::ops::ConvOptions;
use burn::tensor::{Device, Tensor, TensorData, activation, module};

/// Numbers between -0.5 and 0.5, always the same.
fn numbers(count: usize, seed: u64) -> Vec<f32> {
    let mut state = seed;
    (0..count)
        .map(|_| {
            state = state
                .wrapping_mul(6364136223846793005)
                .wrapping_add(1442695040888963407);
            (state >> 40) as f32 / (1u64 << 24) as f32 - 0.5
        })
        .collect()
}

fn maps(shape: [usize; 4], seed: u64, device: &Device) -> Tensor<4> {
    let data = TensorData::new(numbers(shape.iter().product(), seed), shape);
    Tensor::from_data(data, device)
}

fn values(tensor: Tensor<4>) -> Vec<f32> {
    tensor.into_data().try_to_vec().unwrap()
}

/// The largest difference, of the largest number.
fn apart(got: &[f32], want: &[f32]) -> f32 {
    let largest = want.iter().fold(0f32, |most, x| most.max(x.abs()));
    let difference = got.iter().zip(want).fold(0f32, |most, (a, b)| {
        // A NaN must not be passed over.
        if a.is_nan() {
            f32::INFINITY
        } else {
            most.max((a - b).abs())
        }
    });
    difference / largest
}

/// Output and gradient of the kernels of a convolution, whose input tracks no gradient.
fn convolved(device: &Device, channels: [usize; 2], size: usize) -> [Vec<f32>; 2] {
    let device = device.clone().autodiff();
    let x = maps([4, channels[0], 8, 8], 1, &device);
    let kernels = maps([channels[1], channels[0], size, size], 2, &device).require_grad();
    let options = ConvOptions::new([1, 1], [size / 2, size / 2], [1, 1], 1);
    let y = module::conv2d(x, kernels.clone(), None, options);
    let gradients = activation::relu(y.clone()).mean().backward();
    [y.inner(), kernels.grad(&gradients).unwrap()].map(values)
}

/// burn #5626: autotune chose a kernel for 1×1 convolutions that was off by 0.2 in these shapes.
/// burn #5162: gradients were NaN where parameters alone were tracked, as in training.
#[test]
fn convolutions_whose_kernels_alone_are_tracked_are_those_of_the_processor() {
    let adapters = Device::wgpu_options().init();
    let Ok(gpu) = adapters else {
        eprintln!("skipped, no adapter");
        return;
    };
    for (channels, size) in [
        ([104, 208], 1),
        ([440, 440], 1),
        ([64, 128], 1),
        ([64, 64], 3),
    ] {
        let got = convolved(&gpu, channels, size);
        let want = convolved(&Device::flex(), channels, size);
        for (what, got, want) in [
            ("output", &got[0], &want[0]),
            ("gradient", &got[1], &want[1]),
        ] {
            let apart = apart(got, want);
            assert!(
                apart < 1e-5,
                "{channels:?} {size}: {what} is off by {apart:.1e}"
            );
        }
    }
}
