//! The operation across burn's devices. Values that move carry no graph, so that none is needed here.

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, backend_extension};

use super::Sgd;

/// The operations that `Dispatch` finds on the device of their tensors: the new value and velocity.
#[backend_extension(Flex: cfg(feature = "flex"), LibTorch: cfg(feature = "tch"))]
pub trait DescentOps: Backend {
    fn descend(
        value: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        velocity: FloatTensor<Self>,
        sgd: Sgd,
    ) -> (FloatTensor<Self>, FloatTensor<Self>);

    fn first_descend(
        value: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        sgd: Sgd,
    ) -> (FloatTensor<Self>, FloatTensor<Self>);
}
