//! The operation for `Dispatch`, and its node in the autodiff graph.

use std::fmt::Debug;

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, backend_extension};

use super::host;
use super::kernel::Windows;

/// What a backend computes, on `[batch, channels, height, width]`, `f32`.
pub trait Kernels: Backend {
    /// Which value of each window was the largest.
    type Argmax: Clone + Send + Debug + 'static;

    /// The largest value of each window.
    fn forward(x: FloatTensor<Self>, windows: Windows) -> (FloatTensor<Self>, Self::Argmax);

    /// The gradient of the input from the output's.
    fn backward(
        argmax: Self::Argmax,
        gradient: FloatTensor<Self>,
        windows: Windows,
    ) -> FloatTensor<Self>;
}

/// The operation that `Dispatch` runs on the backend of its tensors.
#[backend_extension(
    Flex: cfg(feature = "flex"),
    LibTorch: cfg(feature = "tch"),
    Cube: cfg(feature = "cube"),
    Autodiff
)]
pub trait PoolingOps: Backend {
    fn pool(x: FloatTensor<Self>, windows: Windows) -> FloatTensor<Self>;
}

macro_rules! operation {
    ($backend:ty) => {
        impl PoolingOps for $backend {
            fn pool(x: FloatTensor<Self>, windows: Windows) -> FloatTensor<Self> {
                Self::forward(x, windows).0
            }
        }
    };
}

/// The operation by this crate's host kernels.
macro_rules! host_operation {
    ($backend:ty) => {
        impl Kernels for $backend {
            type Argmax = host::Argmax;

            fn forward(
                x: FloatTensor<Self>,
                windows: Windows,
            ) -> (FloatTensor<Self>, Self::Argmax) {
                host::forward(x, windows)
            }

            fn backward(
                argmax: Self::Argmax,
                gradient: FloatTensor<Self>,
                windows: Windows,
            ) -> FloatTensor<Self> {
                host::backward(&argmax, gradient, windows)
            }
        }
        operation!($backend);
    };
}

#[cfg(feature = "flex")]
host_operation!(burn::backend::Flex);
// `max_pool2d` calls this only where the host kernels are to replace LibTorch's.
#[cfg(feature = "tch")]
host_operation!(burn::backend::LibTorch);
#[cfg(feature = "cube")]
operation!(burn::backend::Cube);

/// The backward pass as one node; its parent is the input.
#[derive(Debug)]
struct Node;

impl<B: Kernels> Backward<B, 1> for Node {
    type State = (B::Argmax, Windows);

    fn backward(
        self,
        ops: Ops<Self::State, 1>,
        grads: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let gradient = grads.consume::<B>(&ops.node);
        let (argmax, windows) = ops.state;
        if let [Some(parent)] = ops.parents {
            grads.register::<B>(parent.id, B::backward(argmax, gradient, windows));
        }
    }
}

impl<B: Kernels, C: CheckpointStrategy> PoolingOps for Autodiff<B, C> {
    fn pool(x: FloatTensor<Self>, windows: Windows) -> FloatTensor<Self> {
        let (x, node) = x.into_parts();
        let (output, argmax) = B::forward(x, windows);
        let prepared = <Node as Backward<B, 1>>::prepare::<C>(Node, [node]);
        match prepared.compute_bound().stateful() {
            OpsKind::Tracked(node) => node.finish((argmax, windows), output),
            OpsKind::UnTracked(node) => node.finish(output),
        }
    }
}
