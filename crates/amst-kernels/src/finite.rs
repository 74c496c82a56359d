//! Whether numbers are numbers, asked of many tensors at once.

use burn::tensor::Tensor;

/// A sum of many tensors' numbers, which is a number only if each of them is: what is infinite or
/// none stays so. LibTorch makes it in one call.
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
    waiting: Vec<tch::Tensor>,
}

impl Sum {
    /// Adds a tensor's numbers, or on LibTorch their magnitudes. Nothing is to carry a gradient.
    pub fn add<const D: usize>(&mut self, tensor: Tensor<D>) {
        #[cfg(feature = "tch")]
        if let Some(own) = crate::libtorch::plain(&tensor) {
            return self.waiting.push(own);
        }
        let own = tensor.sum();
        self.sum = Some(self.sum.take().map_or(own.clone(), |sum| sum + own));
    }

    /// The sum, for which a device is waited for; 0 of nothing. It may be infinite where the
    /// numbers are merely large.
    ///
    /// # Panics
    ///
    /// If tensors lie on more than one device.
    pub fn read(self) -> f32 {
        let sum = self.sum.map_or(0.0, |sum| sum.into_scalar::<f32>());
        #[cfg(feature = "tch")]
        if !self.waiting.is_empty() {
            return sum + crate::libtorch::sum_of_magnitudes(self.waiting);
        }
        sum
    }
}
