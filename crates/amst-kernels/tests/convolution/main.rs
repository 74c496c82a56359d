//! Against PyTorch: the fixtures and the script that made them lie in `fixtures`.

#[path = "../devices/mod.rs"]
mod devices;

use std::collections::BTreeMap;
use std::path::PathBuf;

use amst_kernels::convolution::conv2d;
use burn::tensor::{DType, Device, Tensor, TensorData};
use devices::devices;
use safetensors::SafeTensors;

const CASES: [&str; 16] = [
    "same", "halved", "stem", "point", "project", "pixels", "column", "row", "strips", "deep",
    "oblong", "thirds", "outside", "tiled", "bare", "framed",
];

/// Largest difference allowed, over the largest magnitude of the tensor.
///
/// Fixtures are exact. Sums have up to 4,000 terms of random sign, each step rounded to 6e-8 of a
/// sum that grows like the root of their number: PyTorch's own float32 is 1e-7 to 1.4e-6 away.
const TOLERANCE: f32 = 4e-6;

struct Fixture {
    tensors: BTreeMap<String, (Vec<usize>, Vec<f32>)>,
    stride: usize,
    padding: usize,
}

impl Fixture {
    fn read(case: &str) -> Self {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
            .join(format!("tests/convolution/fixtures/{case}.safetensors"));
        let bytes = std::fs::read(path).unwrap();
        let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
        let number = |name: &str| header.metadata().as_ref().unwrap()[name].parse().unwrap();
        let floats = |bytes: &[u8]| {
            bytes
                .chunks_exact(4)
                .map(|b| f32::from_le_bytes(b.try_into().unwrap()))
                .collect()
        };
        let file = SafeTensors::deserialize(&bytes).unwrap();
        let tensors = file
            .tensors()
            .into_iter()
            .map(|(n, t)| (n, (t.shape().to_vec(), floats(t.data()))))
            .collect();
        Self {
            tensors,
            stride: number("stride"),
            padding: number("padding"),
        }
    }

    fn tensor(&self, name: &str, device: &Device) -> Tensor<4> {
        let (shape, values) = &self.tensors[name];
        Tensor::from_data(TensorData::new(values.clone(), shape.clone()), device)
    }

    fn apart(&self, case: &str, name: &str, got: &[f32]) -> f32 {
        let want = &self.tensors[name].1;
        assert_eq!(got.len(), want.len(), "{case}: {name}");
        let largest = want.iter().fold(0.0f32, |most, v| most.max(v.abs()));
        assert!(got.iter().all(|v| v.is_finite()), "{case}: {name}");
        got.iter()
            .zip(want)
            .map(|(g, w)| (g - w).abs() / largest)
            .fold(0.0, f32::max)
    }

    fn agrees(&self, case: &str, name: &str, got: &[f32]) {
        let apart = self.apart(case, name, got);
        assert!(
            apart < TOLERANCE,
            "{case}: {name} is {apart:.1e} from PyTorch's"
        );
    }
}

/// Output, and the gradients of input and kernels.
fn everything(
    x: Tensor<4>,
    kernels: Tensor<4>,
    gradient: Tensor<4>,
    stride: usize,
    padding: usize,
) -> [Vec<f32>; 3] {
    let (x, kernels) = (x.require_grad(), kernels.require_grad());
    let output = conv2d(x.clone(), kernels.clone(), stride, padding);
    let gradients = (output.clone() * gradient).sum().backward();
    let [of_x, of_kernels] = [x, kernels].map(|t| t.grad(&gradients).unwrap());
    [output.inner(), of_x, of_kernels].map(floats)
}

#[test]
fn outputs_and_gradients_are_pytorchs() {
    for (on, device) in devices() {
        let device = device.autodiff();
        for case in CASES {
            let fixture = Fixture::read(case);
            let [x, kernels, gradient] =
                ["x", "kernels", "gradient"].map(|name| fixture.tensor(name, &device));
            let got = everything(x, kernels, gradient, fixture.stride, fixture.padding);
            for (name, got) in ["output", "grad.x", "grad.kernels"].into_iter().zip(got) {
                fixture.agrees(&format!("{on}, {case}"), name, &got);
            }
        }
    }
}

/// To what `bf16` keeps: eight binary digits, 4e-3, of every input and of every result. Of sums
/// over many channels LibTorch rounds parts too.
#[cfg(feature = "tch")]
#[test]
fn bf16_rounds_what_goes_in_and_comes_out() {
    let (_, device) = devices().pop().unwrap();
    let device = device.autodiff();
    for case in CASES {
        let fixture = Fixture::read(case);
        let [x, kernels] =
            ["x", "kernels"].map(|name| fixture.tensor(name, &device).require_grad());
        let halves = [&x, &kernels].map(|t| t.clone().cast(DType::BF16));
        let [short_x, short_kernels] = halves;
        let output =
            conv2d(short_x, short_kernels, fixture.stride, fixture.padding).cast(DType::F32);
        let gradients = (output.clone() * fixture.tensor("gradient", &device))
            .sum()
            .backward();
        let got = [
            output.inner(),
            x.grad(&gradients).unwrap(),
            kernels.grad(&gradients).unwrap(),
        ]
        .map(floats);
        for (name, got) in ["output", "grad.x", "grad.kernels"].into_iter().zip(got) {
            let apart = fixture.apart(case, name, &got);
            assert!(
                apart < 1.5e-2,
                "{case}: {name} is {apart:.1e} from PyTorch's"
            );
            assert!(
                apart > 1e-5 || case == "outside",
                "{case}: {name} is not rounded at all"
            );
        }
    }
}

#[test]
fn without_gradients_the_output_is_the_same() {
    for ((on, device), case) in devices()
        .into_iter()
        .flat_map(|on| CASES.map(|case| (on.clone(), case)))
    {
        let fixture = Fixture::read(case);
        let output = |device: &Device| {
            let [x, kernels] = ["x", "kernels"].map(|name| fixture.tensor(name, device));
            floats(conv2d(x, kernels, fixture.stride, fixture.padding))
        };
        let plain = output(&device);
        fixture.agrees(&format!("{on}, {case}"), "output", &plain);
        assert_eq!(output(&device.autodiff()), plain, "{on}, {case}");
    }
}

#[test]
fn tensors_that_lie_otherwise_in_memory_give_equal_bits() {
    let device = Device::flex().autodiff();
    for case in ["same", "halved", "pixels"] {
        let fixture = Fixture::read(case);
        let run = |how: &dyn Fn(Tensor<4>) -> Tensor<4>| {
            let [x, kernels, gradient] =
                ["x", "kernels", "gradient"].map(|name| how(fixture.tensor(name, &device)));
            everything(x, kernels, gradient, fixture.stride, fixture.padding)
        };
        assert_eq!(run(&turned), run(&|t| t), "{case}");
    }
}

#[test]
fn tensors_that_lie_otherwise_in_memory_give_pytorchs_numbers_on_every_device() {
    for (on, device) in devices() {
        let device = device.autodiff();
        for case in ["same", "halved", "pixels"] {
            let fixture = Fixture::read(case);
            let tensors =
                ["x", "kernels", "gradient"].map(|name| turned(fixture.tensor(name, &device)));
            let [x, kernels, gradient] = tensors;
            let got = everything(x, kernels, gradient, fixture.stride, fixture.padding);
            for (name, got) in ["output", "grad.x", "grad.kernels"].into_iter().zip(got) {
                fixture.agrees(&format!("{on}, {case}"), name, &got);
            }
        }
    }
}

/// The same numbers, which lie channels last in memory.
fn turned(t: Tensor<4>) -> Tensor<4> {
    let last = Tensor::<4>::from_data(t.clone().permute([0, 2, 3, 1]).into_data(), &t.device());
    last.permute([0, 3, 1, 2])
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    // Each above the size from which on threads are used, and cut into several tasks.
    let device = Device::flex().autodiff();
    for (shape, kernels, stride, padding) in [
        ([5, 24, 30, 29], [32, 24, 3, 3], 1, 1),
        ([5, 24, 30, 29], [32, 24, 3, 3], 2, 1),
        ([6, 1, 64, 60], [16, 1, 7, 7], 2, 3),
        ([9, 64, 4, 3], [48, 64, 3, 3], 1, 1),
        ([70, 64, 8, 7], [65, 64, 3, 3], 1, 1),
    ] {
        let run = || {
            let (x, weights) = (noise(shape, 1, &device), noise(kernels, 2, &device));
            let gradient = noise(
                conv2d(x.clone(), weights.clone(), stride, padding).dims(),
                3,
                &device,
            );
            everything(x, weights, gradient, stride, padding)
        };
        let with = |threads| {
            rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap()
                .install(run)
        };
        let one = with(1);
        for threads in [2, 3, 7] {
            assert_eq!(
                with(threads),
                one,
                "{threads} threads, {shape:?} with {kernels:?}"
            );
        }
    }
}

/// Of what is too large for a file: burn's own operation in double precision is the reference.
#[test]
fn many_tiles_are_burns_own_numbers() {
    let device = Device::flex().autodiff();
    // Of whole pictures, two turns of which the second is the smaller one; and of rows of one
    // picture.
    for (shape, kernels) in [
        ([53, 64, 13, 8], [68, 64, 3, 3]),
        ([2, 64, 71, 62], [64, 64, 3, 3]),
    ] {
        let (x, weights) = (noise(shape, 1, &device), noise(kernels, 2, &device));
        let gradient = noise([shape[0], kernels[0], shape[2], shape[3]], 3, &device);
        let got = everything(x.clone(), weights.clone(), gradient.clone(), 1, 1);
        let double = |t: Tensor<4>| t.cast(DType::F64);
        let want = everything(double(x), double(weights), double(gradient), 1, 1);
        for (name, (got, want)) in ["output", "grad.x", "grad.kernels"]
            .into_iter()
            .zip(got.iter().zip(&want))
        {
            let largest = want.iter().fold(0.0f32, |most, v| most.max(v.abs()));
            let apart = got
                .iter()
                .zip(want)
                .map(|(g, w)| (g - w).abs() / largest)
                .fold(0.0, f32::max);
            assert!(
                apart < TOLERANCE,
                "{shape:?}: {name} is {apart:.1e} from burn's"
            );
        }
    }
}

#[test]
fn a_pictures_output_does_not_depend_on_the_batch() {
    let device = Device::flex();
    for (shape, kernels) in [
        ([53, 64, 13, 8], [68, 64, 3, 3]),
        ([9, 8, 13, 8], [16, 8, 3, 3]),
    ] {
        let (x, weights) = (noise(shape, 1, &device), noise(kernels, 2, &device));
        let all = floats(conv2d(x.clone(), weights.clone(), 1, 1).narrow(0, 7, 1));
        assert_eq!(
            floats(conv2d(x.narrow(0, 7, 1), weights, 1, 1)),
            all,
            "{shape:?}"
        );
    }
}

#[test]
fn only_what_is_asked_for_has_a_gradient() {
    for (on, device) in devices() {
        let device = device.autodiff();
        let fixture = Fixture::read("same");
        let tensor = |name: &str| fixture.tensor(name, &device);
        let backward = |x: &Tensor<4>, kernels: &Tensor<4>| {
            (conv2d(x.clone(), kernels.clone(), 1, 1) * tensor("gradient"))
                .sum()
                .backward()
        };
        let (x, kernels) = (tensor("x"), tensor("kernels").require_grad());
        let gradients = backward(&x, &kernels);
        assert!(x.grad(&gradients).is_none());
        fixture.agrees(
            on,
            "grad.kernels",
            &floats(kernels.grad(&gradients).unwrap()),
        );

        let (x, kernels) = (tensor("x").require_grad(), tensor("kernels"));
        let gradients = backward(&x, &kernels);
        assert!(kernels.grad(&gradients).is_none());
        fixture.agrees(on, "grad.x", &floats(x.grad(&gradients).unwrap()));
        let x = x.detach();
        assert!(!conv2d(x.clone(), x.slice([0..2, 0..5, 0..3, 0..3]), 1, 1).is_require_grad());
    }
}

#[test]
fn other_types_go_through_burns_own_operation() {
    let device = Device::flex().autodiff();
    let fixture = Fixture::read("halved");
    let [x, kernels] = ["x", "kernels"].map(|name| fixture.tensor(name, &device).cast(DType::F64));
    let output = conv2d(x, kernels, 2, 1);
    assert_eq!(output.dtype(), DType::F64);
    fixture.agrees("halved", "output", &floats(output.cast(DType::F32)));
}

#[test]
fn shapes_that_do_not_fit_are_refused_in_words() {
    let device = Device::flex();
    let zeros = |shape: [usize; 4]| Tensor::<4>::zeros(shape, &device);
    let refused = |x: Tensor<4>, kernels: Tensor<4>, stride, padding| {
        let call = std::panic::AssertUnwindSafe(|| conv2d(x, kernels, stride, padding));
        let panic = std::panic::catch_unwind(call).expect_err("refused");
        panic
            .downcast_ref::<String>()
            .cloned()
            .or(panic.downcast_ref::<&str>().map(|s| s.to_string()))
            .unwrap()
    };
    let message = refused(zeros([1, 3, 4, 4]), zeros([2, 1, 3, 3]), 1, 1);
    assert!(
        message.contains("kernels are for 1 channels, the input has 3"),
        "{message}"
    );
    let message = refused(zeros([1, 1, 4, 4]), zeros([2, 1, 7, 7]), 1, 1);
    assert!(
        message.contains("kernels of 7×7 do not fit into 4×4 with a padding of 1"),
        "{message}"
    );
    let message = refused(zeros([1, 1, 4, 4]), zeros([2, 1, 3, 3]), 0, 1);
    assert!(message.contains("a stride of 0"), "{message}");
}

/// Numbers without a pattern.
fn noise(shape: [usize; 4], seed: u64, device: &Device) -> Tensor<4> {
    let mut state = seed;
    let mut next = || {
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        ((state >> 40) as f32) / (1u64 << 23) as f32 - 1.0
    };
    let values: Vec<f32> = (0..shape.iter().product()).map(|_| next()).collect();
    Tensor::from_data(TensorData::new(values, shape), device)
}

fn floats(tensor: Tensor<4>) -> Vec<f32> {
    tensor.cast(DType::F32).into_data().try_to_vec().unwrap()
}
