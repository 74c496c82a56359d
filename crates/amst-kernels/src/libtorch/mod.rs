//! LibTorch's tensors, and its operations that the crate `tch` has no function for.
//!
//! Those are called by name, as TorchScript: `make.py` beside this file says why, and writes
//! `operations.pt`.

use std::sync::LazyLock;

pub use burn::backend::libtorch::TchTensor;
use burn::backend::{BackendTensor, DispatchAutodiffContext, DispatchTensor, DispatchTensorKind};
use burn::tensor::Shape;
use tch::{CModule, Device, IValue, Kind, Tensor};

use crate::host::HostTensor;

static OPERATIONS: LazyLock<CModule> = LazyLock::new(|| {
    let mut script: &[u8] = include_bytes!("operations.pt");
    CModule::load_data(&mut script)
        .unwrap_or_else(|why| panic!("this LibTorch does not read TorchScript of 2.9: {why}"))
});

/// Calls an operation of `operations.pt`.
///
/// # Panics
///
/// If LibTorch fails, as burn-tch's operations do. The message must keep LibTorch's words: running
/// out of memory is recognised by them.
pub fn call(name: &str, arguments: &[IValue]) -> IValue {
    OPERATIONS
        .method_is(name, arguments)
        .unwrap_or_else(|why| panic!("LibTorch's {name}: {why}"))
}

/// The LibTorch tensor inside a dispatched one without gradient.
///
/// # Panics
///
/// If the tensor is on another device.
pub fn from_dispatch(tensor: DispatchTensor) -> TchTensor {
    match tensor.kind {
        DispatchTensorKind::LibTorch(own) => own.float(),
        #[allow(unreachable_patterns)] // Only LibTorch is compiled in.
        _ => panic!("tensors of one operation must be on one device"),
    }
}

/// The LibTorch tensor inside a tensor, if it is of `f32` and without gradient.
pub fn f32_without_gradient<const D: usize>(tensor: &burn::tensor::Tensor<D>) -> Option<Tensor> {
    match tensor.clone().into_dispatch().kind {
        DispatchTensorKind::LibTorch(BackendTensor::Float(own))
            if own.tensor.kind() == Kind::Float =>
        {
            Some(own.tensor)
        }
        _ => None,
    }
}

/// Wraps a LibTorch tensor, without gradient.
pub fn into_dispatch(tensor: TchTensor) -> DispatchTensor {
    DispatchTensor {
        kind: DispatchTensorKind::LibTorch(BackendTensor::Float(tensor)),
        autodiff: DispatchAutodiffContext::Disabled,
    }
}

/// The environment variable that leaves everything to LibTorch's kernels: 1, true, yes or on.
const ONLY_LIBTORCH: &str = "AMST_ONLY_LIBTORCH";

/// Whether this crate's host kernels replace LibTorch's for a tensor: `f32` on a CPU that has AVX2
/// and FMA but not AVX-512. They were faster on the AVX2 CPU that was measured; LibTorch's are made
/// for AVX-512.
pub fn uses_host_kernels(tensor: &Tensor) -> bool {
    static ENABLED: LazyLock<bool> = LazyLock::new(|| {
        let only_libtorch = std::env::var(ONLY_LIBTORCH).is_ok_and(|text| is_on(&text));
        !only_libtorch && has_avx2_without_avx512()
    });
    tensor.kind() == Kind::Float && tensor.device() == Device::Cpu && *ENABLED
}

fn is_on(text: &str) -> bool {
    ["1", "true", "yes", "on"]
        .iter()
        .any(|word| text.eq_ignore_ascii_case(word))
}

fn has_avx2_without_avx512() -> bool {
    #[cfg(target_arch = "x86_64")]
    return is_x86_feature_detected!("avx2")
        && is_x86_feature_detected!("fma")
        && !is_x86_feature_detected!("avx512f");
    #[cfg(not(target_arch = "x86_64"))]
    return false;
}

impl HostTensor for TchTensor {
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

    fn values(&self) -> &[f32] {
        let (start, length) = storage(&self.tensor);
        if length == 0 {
            return &[];
        }
        // SAFETY: the storage has `length` values and lives as long as the tensor; a writer holds
        // the only tensor of this storage (`values_mut`).
        unsafe { std::slice::from_raw_parts(start, length) }
    }

    fn values_mut(&mut self) -> &mut [f32] {
        if !self.can_mut() {
            *self = Self::new(self.tensor.copy());
        }
        let (start, length) = storage(&self.tensor);
        if length == 0 {
            return &mut [];
        }
        // SAFETY: as above, and this is the only tensor of this storage that burn knows of.
        unsafe { std::slice::from_raw_parts_mut(start, length) }
    }
}

/// Where a tensor's values begin, and how many there are.
///
/// # Panics
///
/// If they are not `f32`, not in host memory or not in C order.
fn storage(tensor: &Tensor) -> (*mut f32, usize) {
    assert!(
        tensor.kind() == Kind::Float && tensor.device() == Device::Cpu && tensor.is_contiguous()
    );
    (tensor.data_ptr().cast(), tensor.numel())
}

/// A tensor as an argument of [`call`].
pub fn argument(tensor: &TchTensor) -> IValue {
    IValue::Tensor(tensor.tensor.shallow_clone())
}

/// The sum of the magnitudes of all values of some tensors on one device.
pub fn sum_of_magnitudes(tensors: Vec<Tensor>) -> f32 {
    match call("sum_of_magnitudes", &[IValue::TensorList(tensors)]) {
        IValue::Tensor(sum) => sum.double_value(&[]) as f32,
        _ => unreachable!("`sum_of_magnitudes` returns a tensor"),
    }
}
