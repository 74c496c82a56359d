//! The operation across burn's devices, and its place in the graph of gradients.

use std::fmt::Debug;

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, backend_extension};

/// Size, stride and padding of the windows, of both dimensions.
#[derive(Clone, Copy, Debug)]
pub struct Windows {
    pub size: usize,
    pub stride: usize,
    pub padding: usize,
}

/// What a device computes, on `f32`.
pub trait Kernels: Backend {
    /// Which number of each window was the largest.
    type Chosen: Clone + Send + Debug + 'static;

    fn forward(x: FloatTensor<Self>, windows: Windows) -> (FloatTensor<Self>, Self::Chosen);

    /// The gradient of the input from the output's.
    fn backward(
        chosen: Self::Chosen,
        gradient: FloatTensor<Self>,
        windows: Windows,
    ) -> FloatTensor<Self>;
}

/// The operation that `Dispatch` finds on the device of its tensors.
#[backend_extension(Flex: cfg(feature = "flex"), LibTorch: cfg(feature = "tch"), Autodiff)]
pub trait PoolingOps: Backend {
    fn pool(x: FloatTensor<Self>, size: usize, stride: usize, padding: usize) -> FloatTensor<Self>;
}

/// The operation of a device, from its kernels.
#[cfg(any(feature = "flex", feature = "tch"))]
macro_rules! operation {
    ($backend:ty) => {
        impl PoolingOps for $backend {
            fn pool(
                x: FloatTensor<Self>,
                size: usize,
                stride: usize,
                padding: usize,
            ) -> FloatTensor<Self> {
                Self::forward(
                    x,
                    Windows {
                        size,
                        stride,
                        padding,
                    },
                )
                .0
            }
        }
    };
}

#[cfg(feature = "flex")]
operation!(burn::backend::Flex);
#[cfg(feature = "tch")]
operation!(burn::backend::LibTorch);

/// The backward pass as one node; its parent is the input.
#[derive(Debug)]
struct Node;

impl<B: Kernels> Backward<B, 1> for Node {
    type State = (B::Chosen, Windows);

    fn backward(
        self,
        ops: Ops<Self::State, 1>,
        grads: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let gradient = grads.consume::<B>(&ops.node);
        let (chosen, windows) = ops.state;
        if let [Some(parent)] = ops.parents {
            grads.register::<B>(parent.id, B::backward(chosen, gradient, windows));
        }
    }
}

impl<B: Kernels, C: CheckpointStrategy> PoolingOps for Autodiff<B, C> {
    fn pool(x: FloatTensor<Self>, size: usize, stride: usize, padding: usize) -> FloatTensor<Self> {
        let windows = Windows {
            size,
            stride,
            padding,
        };
        let (x, node) = x.into_parts();
        let (output, chosen) = B::forward(x, windows);
        match <Node as Backward<B, 1>>::prepare::<C>(Node, [node])
            .compute_bound()
            .stateful()
        {
            OpsKind::Tracked(node) => node.finish((chosen, windows), output),
            OpsKind::UnTracked(node) => node.finish(output),
        }
    }
}
