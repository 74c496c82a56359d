//! On LibTorch, where its tensors lie in the processor's memory; its own pooling is not called from
//! here.

use burn::backend::LibTorch;

use super::host::{self, Chosen};
use super::operation::{Kernels, Windows};
use crate::libtorch::TchTensor;

impl Kernels for LibTorch {
    type Chosen = Chosen;

    fn forward(x: TchTensor, windows: Windows) -> (TchTensor, Chosen) {
        host::forward(x, windows)
    }

    fn backward(chosen: Chosen, gradient: TchTensor, windows: Windows) -> TchTensor {
        host::backward(&chosen, gradient, windows)
    }
}
