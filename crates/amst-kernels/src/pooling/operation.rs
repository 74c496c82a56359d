//! The operation for `Dispatch`, and its node in the autodiff graph.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, backend_extension};

use super::host::{self, Argmax};
use super::kernel::Windows;
use crate::host::HostTensor;

/// The operation that `Dispatch` runs on the backend of its tensors.
#[backend_extension(Flex: cfg(feature = "flex"), LibTorch: cfg(feature = "tch"), Autodiff)]
pub trait PoolingOps: Backend {
    fn pool(x: FloatTensor<Self>, windows: Windows) -> FloatTensor<Self>;
}

macro_rules! operation {
    ($backend:ty) => {
        impl PoolingOps for $backend {
            fn pool(x: FloatTensor<Self>, windows: Windows) -> FloatTensor<Self> {
                host::forward(x, windows).0
            }
        }
    };
}

#[cfg(feature = "flex")]
operation!(burn::backend::Flex);
// `max_pool2d` calls this only where the host kernels are to replace LibTorch's.
#[cfg(feature = "tch")]
operation!(burn::backend::LibTorch);

/// The backward pass as one node; its parent is the input.
#[derive(Debug)]
struct Node;

impl<B: Backend> Backward<B, 1> for Node
where
    FloatTensor<B>: HostTensor,
{
    type State = (Argmax, Windows);

    fn backward(
        self,
        ops: Ops<Self::State, 1>,
        grads: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let gradient = grads.consume::<B>(&ops.node);
        let (argmax, windows) = ops.state;
        if let [Some(parent)] = ops.parents {
            grads.register::<B>(parent.id, host::backward(&argmax, gradient, windows));
        }
    }
}

impl<B: Backend, C: CheckpointStrategy> PoolingOps for Autodiff<B, C>
where
    FloatTensor<B>: HostTensor,
{
    fn pool(x: FloatTensor<Self>, windows: Windows) -> FloatTensor<Self> {
        let (x, node) = x.into_parts();
        let (output, argmax) = host::forward(x, windows);
        let prepared = <Node as Backward<B, 1>>::prepare::<C>(Node, [node]);
        match prepared.compute_bound().stateful() {
            OpsKind::Tracked(node) => node.finish((argmax, windows), output),
            OpsKind::UnTracked(node) => node.finish(output),
        }
    }
}
