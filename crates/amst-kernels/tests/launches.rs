//! Whether operations on wgpu go through this crate's kernels, by counting their launches: burn's
//! own operations give the same numbers. One test, since the count is the process's.
#![cfg(feature = "wgpu")]

mod devices;

use amst_kernels::batch_norm::{Fused, eval, train};
use amst_kernels::convolution::conv2d;
use amst_kernels::descent::{Descent, Sgd};
use amst_kernels::launches;
use amst_kernels::pooling::max_pool2d;
use burn::tensor::{DType, Device, Int, Tensor};

/// How many launches something takes; with fusion they wait until they are needed.
fn count(device: &Device, work: impl FnOnce()) -> u64 {
    let before = launches();
    work();
    device.sync().unwrap();
    launches() - before
}

fn map(device: &Device) -> Tensor<4> {
    Tensor::<1, Int>::arange(0..2 * 3 * 6 * 6, device)
        .float()
        .reshape([2, 3, 6, 6])
}

fn ones(device: &Device) -> Tensor<1> {
    Tensor::ones([3], device)
}

#[test]
fn operations_on_wgpu_go_through_these_kernels() {
    let Some(plain) = devices::gpu() else {
        return;
    };
    let device = plain.clone().autodiff();
    for fused in [
        Fused::Nothing,
        Fused::Relu,
        Fused::AddRelu(map(&device).require_grad()),
    ] {
        let name = format!("{fused:?}");
        let x = map(&device).require_grad();
        let mut output = None;
        let forward = count(&plain, || {
            output = Some(train(x.clone(), ones(&device), ones(&device), 1e-5, fused).output);
        });
        let backward = count(&plain, || {
            output.unwrap().sum().backward();
        });
        assert_eq!((forward, backward), (3, 3), "{name}");
    }
    let evaluated = count(&plain, || {
        let two = || [ones(&plain), ones(&plain)];
        eval(map(&plain), two(), two(), 1e-5, Fused::Relu);
    });
    assert_eq!(evaluated, 2);

    let x = map(&device).require_grad();
    let mut output = None;
    let forward = count(&plain, || output = Some(max_pool2d(x.clone(), 3, 2, 1)));
    let backward = count(&plain, || {
        output.unwrap().sum().backward();
    });
    assert_eq!((forward, backward), (1, 1));

    let sgd = Sgd {
        lr: 0.1,
        momentum: 0.9,
        weight_decay: 1e-4,
    };
    for velocity in [None, Some(ones(&plain))] {
        let steps = count(&plain, || {
            let mut descent = Descent::new(sgd);
            let _moved = descent.step(ones(&plain), ones(&plain), velocity);
            descent.finish();
        });
        assert_eq!(steps, 1);
    }

    // Burn's: convolutions, and other types.
    let burns = count(&plain, || {
        conv2d(map(&plain), Tensor::ones([4, 3, 3, 3], &plain), 1, 1);
        if plain.supports_dtype(DType::F16) {
            max_pool2d(map(&plain).cast(DType::F16), 3, 2, 1);
        }
    });
    assert_eq!(burns, 0);
}
