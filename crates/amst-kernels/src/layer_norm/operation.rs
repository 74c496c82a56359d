//! The operation for `Dispatch`, and its node in the autodiff graph.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, backend_extension};

use super::host::{self, State};
use crate::dropout::Dropout;
use crate::host::HostTensor;

/// Inputs of a normalised sum.
pub struct Inputs<T> {
    pub x: T,
    pub shortcut: T,
    pub gamma: T,
    pub beta: T,
}

/// Gradients of [`Inputs`]; that of `x` where it is wanted.
pub struct InputGradients<T> {
    pub x: Option<T>,
    pub shortcut: T,
    pub gamma: T,
    pub beta: T,
}

/// The operation that `Dispatch` runs on the backend of its tensors.
#[backend_extension(Flex: cfg(feature = "flex"), LibTorch: cfg(feature = "tch"), Autodiff)]
pub trait LayerNormOps: Backend {
    fn normalise_sum(
        x: FloatTensor<Self>,
        shortcut: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        dropout: Option<Dropout>,
        epsilon: f64,
    ) -> FloatTensor<Self>;
}

macro_rules! operation {
    ($backend:ty) => {
        impl LayerNormOps for $backend {
            fn normalise_sum(
                x: FloatTensor<Self>,
                shortcut: FloatTensor<Self>,
                gamma: FloatTensor<Self>,
                beta: FloatTensor<Self>,
                dropout: Option<Dropout>,
                epsilon: f64,
            ) -> FloatTensor<Self> {
                let inputs = Inputs {
                    x,
                    shortcut,
                    gamma,
                    beta,
                };
                host::forward(inputs, dropout, epsilon).0
            }
        }
    };
}

#[cfg(feature = "flex")]
operation!(burn::backend::Flex);
// `add_layer_norm` calls this on Flex only.
#[cfg(feature = "tch")]
operation!(burn::backend::LibTorch);

/// The backward pass as one node; its parents are x, shortcut, gamma and beta.
#[derive(Debug)]
struct Node;

impl<B: Backend> Backward<B, 4> for Node
where
    FloatTensor<B>: HostTensor,
{
    type State = State<FloatTensor<B>>;

    fn backward(
        self,
        ops: Ops<Self::State, 4>,
        grads: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let gradient = grads.consume::<B>(&ops.node);
        let InputGradients {
            x,
            shortcut,
            gamma,
            beta,
        } = host::backward(ops.state, gradient, ops.parents[0].is_some());
        let gradients = [x, Some(shortcut), Some(gamma), Some(beta)];
        for (parent, gradient) in ops.parents.into_iter().zip(gradients) {
            if let (Some(parent), Some(gradient)) = (parent, gradient) {
                grads.register::<B>(parent.id, gradient);
            }
        }
    }
}

impl<B: Backend, C: CheckpointStrategy> LayerNormOps for Autodiff<B, C>
where
    FloatTensor<B>: HostTensor,
{
    fn normalise_sum(
        x: FloatTensor<Self>,
        shortcut: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        dropout: Option<Dropout>,
        epsilon: f64,
    ) -> FloatTensor<Self> {
        let [(x, x_node), (shortcut, shortcut_node)] = [x, shortcut].map(|t| t.into_parts());
        let [(gamma, gamma_node), (beta, beta_node)] = [gamma, beta].map(|t| t.into_parts());
        let inputs = Inputs {
            x,
            shortcut,
            gamma,
            beta,
        };
        let (output, state) = host::forward(inputs, dropout, epsilon);
        let parents = [x_node, shortcut_node, gamma_node, beta_node];
        let prepared = <Node as Backward<B, 4>>::prepare::<C>(Node, parents);
        match prepared.compute_bound().stateful() {
            OpsKind::Tracked(node) => node.finish(state, output),
            OpsKind::UnTracked(node) => node.finish(output),
        }
    }
}
