//! The operation for `Dispatch`, and its node in the autodiff graph.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, backend_extension};

use super::host::{self, State};
use crate::host::HostTensor;

/// What is applied to a linear layer's output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// Nothing.
    Nothing,
    /// `x Φ(x)`, by the error function.
    Gelu,
}

/// Inputs of a linear layer.
pub struct Inputs<T> {
    pub x: T,
    pub weight: T,
    pub bias: T,
}

/// Gradients of [`Inputs`], where they are wanted.
pub struct InputGradients<T> {
    pub x: Option<T>,
    pub weight: Option<T>,
    pub bias: Option<T>,
}

/// The operation that `Dispatch` runs on the backend of its tensors.
#[backend_extension(Flex: cfg(feature = "flex"), LibTorch: cfg(feature = "tch"), Autodiff)]
pub trait LinearOps: Backend {
    fn linear_activated(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        activation: Activation,
    ) -> FloatTensor<Self>;
}

macro_rules! operation {
    ($backend:ty) => {
        impl LinearOps for $backend {
            fn linear_activated(
                x: FloatTensor<Self>,
                weight: FloatTensor<Self>,
                bias: FloatTensor<Self>,
                activation: Activation,
            ) -> FloatTensor<Self> {
                host::forward(Inputs { x, weight, bias }, activation, false).0
            }
        }
    };
}

#[cfg(feature = "flex")]
operation!(burn::backend::Flex);
// `linear` calls this on Flex only: burn-tch has LibTorch's own.
#[cfg(feature = "tch")]
operation!(burn::backend::LibTorch);

/// The backward pass as one node; its parents are input, weight and bias.
#[derive(Debug)]
struct Node;

impl<B: Backend> Backward<B, 3> for Node
where
    FloatTensor<B>: HostTensor,
{
    type State = State<FloatTensor<B>>;

    fn backward(
        self,
        ops: Ops<Self::State, 3>,
        grads: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let gradient = grads.consume::<B>(&ops.node);
        let wanted = ops.parents.each_ref().map(Option::is_some);
        let InputGradients { x, weight, bias } = host::backward(ops.state, gradient, wanted);
        for (parent, gradient) in ops.parents.into_iter().zip([x, weight, bias]) {
            if let (Some(parent), Some(gradient)) = (parent, gradient) {
                grads.register::<B>(parent.id, gradient);
            }
        }
    }
}

impl<B: Backend, C: CheckpointStrategy> LinearOps for Autodiff<B, C>
where
    FloatTensor<B>: HostTensor,
{
    fn linear_activated(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        activation: Activation,
    ) -> FloatTensor<Self> {
        let [(x, x_node), (weight, weight_node), (bias, bias_node)] =
            [x, weight, bias].map(|t| t.into_parts());
        let inputs = Inputs { x, weight, bias };
        let parents = [x_node, weight_node, bias_node];
        let prepared = <Node as Backward<B, 3>>::prepare::<C>(Node, parents);
        match prepared.compute_bound().stateful() {
            OpsKind::Tracked(node) => {
                let (output, state) = host::forward(inputs, activation, true);
                node.finish(state, output)
            }
            OpsKind::UnTracked(node) => node.finish(host::forward(inputs, activation, false).0),
        }
    }
}
