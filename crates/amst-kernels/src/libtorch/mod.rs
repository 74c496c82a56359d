//! LibTorch's tensors, and those of its operations that the crate `tch` has no function for.
//!
//! They are called by name, as TorchScript: `make.py` beside this file says why, and writes
//! `operations.pt`.

use std::sync::LazyLock;

pub use burn::backend::libtorch::TchTensor;
use burn::backend::{BackendTensor, DispatchAutodiffContext, DispatchTensor, DispatchTensorKind};
use burn::tensor::Shape;
use tch::{CModule, Device, IValue, Kind, Tensor};

use crate::convolution::Steps;
use crate::descent::Sgd;
use crate::host::Host;

static OPERATIONS: LazyLock<CModule> = LazyLock::new(|| {
    let mut script: &[u8] = include_bytes!("operations.pt");
    CModule::load_data(&mut script)
        .unwrap_or_else(|why| panic!("this LibTorch does not read TorchScript of 2.9: {why}"))
});

fn call(name: &str, arguments: &[IValue]) -> IValue {
    // As any operation of burn-tch does where LibTorch refuses; out of memory is told by these
    // words.
    OPERATIONS
        .method_is(name, arguments)
        .unwrap_or_else(|why| panic!("LibTorch's {name}: {why}"))
}

/// The tensor itself, of one that lies here and carries no gradient.
///
/// # Panics
///
/// If it lies elsewhere.
pub fn from_dispatch(tensor: DispatchTensor) -> TchTensor {
    match tensor.kind {
        DispatchTensorKind::LibTorch(own) => own.float(),
        #[allow(unreachable_patterns)] // Where there is no other device.
        _ => panic!("tensors of one operation lie on one device"),
    }
}

/// A tensor of LibTorch's in single precision that carries no gradient, if it is one.
pub fn plain<const D: usize>(tensor: &burn::tensor::Tensor<D>) -> Option<Tensor> {
    match tensor.clone().into_dispatch().kind {
        DispatchTensorKind::LibTorch(BackendTensor::Float(own))
            if own.tensor.kind() == Kind::Float =>
        {
            Some(own.tensor)
        }
        _ => None,
    }
}

/// The way back.
pub fn into_dispatch(tensor: TchTensor) -> DispatchTensor {
    let kind = DispatchTensorKind::LibTorch(BackendTensor::Float(tensor));
    DispatchTensor {
        kind,
        autodiff: DispatchAutodiffContext::Disabled,
    }
}

/// Set to 1, true, yes or on, LibTorch computes everything with kernels of its own.
const ONLY_LIBTORCH: &str = "AMST_ONLY_LIBTORCH";

/// Whether this crate's kernels are to read a tensor instead of LibTorch's: numbers of `f32` in the
/// memory of a processor that has AVX2 and FMA, where they were the faster ones on the processor
/// that was measured, and not AVX-512, which LibTorch's are made for.
pub fn is_slower_than_ours(tensor: &Tensor) -> bool {
    static PROCESSOR: LazyLock<bool> = LazyLock::new(|| {
        let is_left_to_it = std::env::var(ONLY_LIBTORCH).is_ok_and(|text| is_on(&text));
        !is_left_to_it && has_avx2_alone()
    });
    tensor.kind() == Kind::Float && tensor.device() == Device::Cpu && *PROCESSOR
}

fn is_on(text: &str) -> bool {
    ["1", "true", "yes", "on"]
        .iter()
        .any(|word| text.eq_ignore_ascii_case(word))
}

fn has_avx2_alone() -> bool {
    #[cfg(target_arch = "x86_64")]
    return is_x86_feature_detected!("avx2")
        && is_x86_feature_detected!("fma")
        && !is_x86_feature_detected!("avx512f");
    #[cfg(not(target_arch = "x86_64"))]
    return false;
}

impl Host for TchTensor {
    fn zeros(shape: Shape) -> Self {
        let shape: Vec<i64> = shape.iter().map(|&side| side as i64).collect();
        Self::new(Tensor::zeros(shape, (Kind::Float, Device::Cpu)))
    }

    fn contiguous(self) -> Self {
        if self.tensor.is_contiguous() {
            self
        } else {
            Self::new(self.tensor.contiguous())
        }
    }

    fn numbers(&self) -> &[f32] {
        let (start, length) = memory(&self.tensor);
        if length == 0 {
            return &[];
        }
        // SAFETY: so many numbers lie there, as long as the tensor lives; whoever writes to them
        // holds the only tensor of this memory (`numbers_mut`).
        unsafe { std::slice::from_raw_parts(start, length) }
    }

    fn numbers_mut(&mut self) -> &mut [f32] {
        if !self.can_mut() {
            *self = Self::new(self.tensor.copy());
        }
        let (start, length) = memory(&self.tensor);
        if length == 0 {
            return &mut [];
        }
        // SAFETY: as above, and this is the only tensor of this memory that burn knows of.
        unsafe { std::slice::from_raw_parts_mut(start, length) }
    }
}

/// Where the numbers begin, and how many there are.
///
/// # Panics
///
/// If they are no `f32`, lie beyond a bus or not in C order.
fn memory(tensor: &Tensor) -> (*mut f32, usize) {
    assert!(
        tensor.kind() == Kind::Float && tensor.device() == Device::Cpu && tensor.is_contiguous()
    );
    (tensor.data_ptr().cast(), tensor.numel())
}

fn of(tensor: &TchTensor) -> IValue {
    IValue::Tensor(tensor.tensor.shallow_clone())
}

/// A map as tensor cores read it where they are going to be asked, the channels of a pixel beside
/// each other: from any other order cuDNN makes this one for itself, in every operation again. What
/// is computed from it keeps the order.
pub fn for_tensor_cores(x: TchTensor) -> TchTensor {
    let rounds = x.tensor.kind() == Kind::BFloat16 || is_tf32_allowed();
    if !(rounds && x.tensor.device().is_cuda()) {
        return x;
    }
    match call("channels_last", &[of(&x)]) {
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

/// The gradients of a convolution's input and kernels, those that are wanted.
pub fn convolution_backward(
    gradient: &TchTensor,
    [x, kernels]: [&TchTensor; 2],
    steps: Steps,
    wanted: [bool; 2],
) -> [Option<TchTensor>; 2] {
    let [stride, padding] = [steps.stride, steps.padding].map(|n| IValue::Int(n as i64));
    let [of_x, of_kernels] = wanted.map(IValue::Bool);
    let arguments = [
        of(gradient),
        of(x),
        of(kernels),
        stride,
        padding,
        of_x,
        of_kernels,
    ];
    let IValue::TensorList(gradients) = call("convolution_backward", &arguments) else {
        unreachable!("`convolution_backward` returns a list of tensors")
    };
    let mut gradients = gradients.into_iter().map(TchTensor::new);
    wanted.map(|wanted| if wanted { gradients.next() } else { None })
}

/// What the backward pass of a normalisation needs beside its inputs.
#[derive(Clone, Debug)]
pub struct Saved {
    /// Mean and what the deviation was made into, by channel, and memory of cuDNN's.
    saved: [TchTensor; 3],
    /// Whose kernels ran.
    which: i64,
}

/// A normalised `x`, and the batch's mean and unbiased variance.
pub fn batch_norm(
    x: &TchTensor,
    [gamma, beta]: [&TchTensor; 2],
    epsilon: f64,
) -> (Tensor, [Tensor; 2], Saved) {
    let statistics = [gamma.tensor.zeros_like(), gamma.tensor.zeros_like()];
    let [mean, variance] = statistics
        .each_ref()
        .map(|t| IValue::Tensor(t.shallow_clone()));
    let answer = call(
        "batch_norm",
        &[
            of(x),
            of(gamma),
            of(beta),
            mean,
            variance,
            IValue::Double(epsilon),
        ],
    );
    let parts = if let IValue::Tuple(parts) = answer {
        <[IValue; 5]>::try_from(parts).ok()
    } else {
        None
    };
    use IValue::Tensor as T;
    let Some(
        [
            T(output),
            T(mean),
            T(deviation),
            T(reserved),
            IValue::Int(which),
        ],
    ) = parts
    else {
        unreachable!("`batch_norm` returns four tensors and a number")
    };
    (
        output,
        statistics,
        Saved {
            saved: [mean, deviation, reserved].map(TchTensor::new),
            which,
        },
    )
}

/// The gradients of `x`, `gamma` and `beta`.
pub fn batch_norm_backward(
    gradient: &TchTensor,
    [x, gamma]: [&TchTensor; 2],
    saved: &Saved,
    epsilon: f64,
) -> [TchTensor; 3] {
    let kept = IValue::TensorList(
        saved
            .saved
            .iter()
            .map(|t| t.tensor.shallow_clone())
            .collect(),
    );
    let arguments = [
        of(gradient),
        of(x),
        of(gamma),
        kept,
        IValue::Int(saved.which),
        IValue::Double(epsilon),
    ];
    let answer = <(Tensor, Tensor, Tensor)>::try_from(call("batch_norm_backward", &arguments));
    let (x, gamma, beta) =
        answer.unwrap_or_else(|_| unreachable!("`batch_norm_backward` returns three tensors"));
    [x, gamma, beta].map(TchTensor::new)
}

/// Moves values and velocities where they lie. What belongs together is contiguous and of one
/// shape, everything lies on one device, and the momentum is not 0.
pub fn descend([values, gradients, velocities]: [Vec<Tensor>; 3], sgd: Sgd, is_first: bool) {
    let settings = IValue::DoubleList(vec![sgd.lr, sgd.momentum, sgd.weight_decay]);
    let [values, gradients, velocities] = [values, gradients, velocities].map(IValue::TensorList);
    let _how_many = call(
        "descend",
        &[
            values,
            gradients,
            velocities,
            settings,
            IValue::Bool(is_first),
        ],
    );
}

/// Of all numbers of some tensors of one device.
pub fn sum_of_magnitudes(tensors: Vec<Tensor>) -> f32 {
    match call("sum_of_magnitudes", &[IValue::TensorList(tensors)]) {
        IValue::Tensor(sum) => sum.double_value(&[]) as f32,
        _ => unreachable!("`sum_of_magnitudes` returns a tensor"),
    }
}
