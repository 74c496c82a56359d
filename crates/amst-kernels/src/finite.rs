//! Whether any of many tensors holds a NaN or an infinity, with one read from the device.

use burn::tensor::Tensor;

/// A sum over many tensors that is finite only if all their values are: NaN and infinities persist
/// in it. LibTorch computes it in one call.
///
/// ```
/// use amst_kernels::finite::Sum;
/// use burn::tensor::{Device, Tensor};
///
/// let device = Device::flex();
/// let mut sum = Sum::default();
/// sum.add(Tensor::<2>::ones([2, 2], &device));
/// sum.add(Tensor::<1>::from_floats([f32::INFINITY], &device));
/// assert!(!sum.read().is_finite());
/// ```
#[derive(Default)]
pub struct Sum {
    sum: Option<Tensor<1>>,
    #[cfg(feature = "tch")]
    pending: Vec<tch::Tensor>,
}

impl Sum {
    /// Adds a tensor's values, or on LibTorch their magnitudes. The tensor must not carry a
    /// gradient.
    pub fn add<const D: usize>(&mut self, tensor: Tensor<D>) {
        #[cfg(feature = "tch")]
        if let Some(tensor) = crate::libtorch::f32_without_gradient(&tensor) {
            return self.pending.push(tensor);
        }
        let added = tensor.sum();
        self.sum = Some(match self.sum.take() {
            Some(sum) => sum + added,
            None => added,
        });
    }

    /// The sum, 0 without tensors; waits for the device. It may overflow to an infinity where the
    /// values are merely large.
    ///
    /// # Panics
    ///
    /// If tensors are on more than one device.
    pub fn read(self) -> f32 {
        let sum = self.sum.map_or(0.0, |sum| sum.into_scalar::<f32>());
        #[cfg(feature = "tch")]
        if !self.pending.is_empty() {
            return sum + crate::libtorch::sum_of_magnitudes(self.pending);
        }
        sum
    }
}
