//! The operation for `Dispatch`, and its node in the autodiff graph.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind, unary};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, TensorMetadata, backend_extension};
use burn::tensor::Shape;

use super::kernel;
use crate::host::HostTensor;

/// What becomes of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reduction {
    Sum,
    Mean,
}

/// The operation that `Dispatch` runs on the backend of its tensors.
#[backend_extension(Flex: cfg(feature = "flex"), LibTorch: cfg(feature = "tch"), Autodiff)]
pub trait SumOps: Backend {
    fn reduce_last(x: FloatTensor<Self>, reduction: Reduction) -> FloatTensor<Self>;
}

macro_rules! operation {
    ($backend:ty) => {
        impl SumOps for $backend {
            fn reduce_last(x: FloatTensor<Self>, reduction: Reduction) -> FloatTensor<Self> {
                forward(x, reduction)
            }
        }
    };
}

#[cfg(feature = "flex")]
operation!(burn::backend::Flex);
// The functions of this module call it on Flex only: burn-tch has LibTorch's own.
#[cfg(feature = "tch")]
operation!(burn::backend::LibTorch);

fn forward<T: HostTensor>(x: T, reduction: Reduction) -> T {
    let x = x.contiguous();
    let mut shape = x.shape();
    let last = shape.num_dims() - 1;
    let width = shape[last];
    shape[last] = 1;
    let mut result = T::zeros(shape);
    let sums = result.values_mut();
    if width > 0 {
        kernel::sum_rows(x.values(), width, sums);
    }
    if reduction == Reduction::Mean {
        sums.iter_mut().for_each(|sum| *sum /= width as f32);
    }
    result
}

/// The backward pass as one node.
#[derive(Debug)]
struct Node;

impl<B: Backend> Backward<B, 1> for Node {
    type State = (Shape, Reduction);

    fn backward(
        self,
        ops: Ops<Self::State, 1>,
        grads: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let (shape, reduction) = ops.state;
        unary::<B, _>(ops.parents, ops.node, grads, |gradient| {
            let width = shape[shape.num_dims() - 1];
            let gradient = match reduction {
                Reduction::Sum => gradient,
                Reduction::Mean => B::float_mul_scalar(gradient, (1.0 / width as f64).into()),
            };
            B::float_expand(gradient, shape)
        });
    }
}

impl<B: Backend, C: CheckpointStrategy> SumOps for Autodiff<B, C>
where
    FloatTensor<B>: HostTensor,
{
    fn reduce_last(x: FloatTensor<Self>, reduction: Reduction) -> FloatTensor<Self> {
        let (x, node) = x.into_parts();
        let prepared = <Node as Backward<B, 1>>::prepare::<C>(Node, [node]);
        match prepared.compute_bound().stateful() {
            OpsKind::Tracked(node) => {
                let state = (x.shape(), reduction);
                node.finish(state, forward(x, reduction))
            }
            OpsKind::UnTracked(node) => node.finish(forward(x, reduction)),
        }
    }
}
