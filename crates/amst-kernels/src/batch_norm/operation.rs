//! The operations for `Dispatch`, and their node in the autodiff graph.

use std::fmt::Debug;

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, NodeGuard, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, AutodiffBackend, Backend, backend_extension};

/// What a backend computes, on `[batch, channels, height, width]` and `[channels]`, `f32`.
pub trait Kernels: Backend {
    /// What the backward pass needs of the forward pass.
    type State: Clone + Send + Debug + 'static;

    /// Normalises with the batch's statistics.
    fn forward(
        inputs: Inputs<FloatTensor<Self>>,
        epsilon: f64,
        relu: bool,
    ) -> TrainResult<FloatTensor<Self>, Self::State>;

    /// Gradients of the inputs, from the output's.
    fn backward(
        state: Self::State,
        gradient: FloatTensor<Self>,
    ) -> InputGradients<FloatTensor<Self>>;

    /// Normalises with given statistics: `[gamma, beta, mean, variance]`.
    fn affine(
        x: FloatTensor<Self>,
        shortcut: Option<FloatTensor<Self>>,
        channels: [FloatTensor<Self>; 4],
        epsilon: f64,
        relu: bool,
    ) -> FloatTensor<Self>;
}

/// Inputs of a training pass.
pub struct Inputs<T> {
    pub x: T,
    pub shortcut: Option<T>,
    pub gamma: T,
    pub beta: T,
}

/// Results of a training pass: the output, the batch's mean and biased variance, and what the
/// backward pass needs.
pub struct TrainResult<T, M> {
    pub output: T,
    pub mean: T,
    pub variance: T,
    pub state: M,
}

/// Gradients of [`Inputs`].
pub struct InputGradients<T> {
    pub x: T,
    pub shortcut: Option<T>,
    pub gamma: T,
    pub beta: T,
}

/// Output, mean and biased variance.
type TrainOutputs<B> = (FloatTensor<B>, FloatTensor<B>, FloatTensor<B>);

/// The operations that `Dispatch` runs on the backend of their tensors.
#[backend_extension(
    Flex: cfg(feature = "flex"),
    LibTorch: cfg(feature = "tch"),
    Cube: cfg(feature = "cube"),
    Autodiff
)]
pub trait BatchNormOps: Backend {
    fn norm_train(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f64,
        relu: bool,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);

    fn norm_add_train(
        x: FloatTensor<Self>,
        shortcut: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f64,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);

    #[allow(unused_variables)]
    fn norm_eval(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        variance: FloatTensor<Self>,
        epsilon: f64,
        relu: bool,
    ) -> FloatTensor<Self> {
        unreachable!("`eval` leaves gradients with given statistics to burn")
    }

    #[allow(unused_variables)]
    fn norm_add_eval(
        x: FloatTensor<Self>,
        shortcut: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        variance: FloatTensor<Self>,
        epsilon: f64,
    ) -> FloatTensor<Self> {
        unreachable!("`eval` leaves gradients with given statistics to burn")
    }
}

/// The operations of a backend, from its kernels.
macro_rules! operations {
    ($backend:ty) => {
        impl BatchNormOps for $backend {
            fn norm_train(
                x: FloatTensor<Self>,
                gamma: FloatTensor<Self>,
                beta: FloatTensor<Self>,
                epsilon: f64,
                relu: bool,
            ) -> TrainOutputs<Self> {
                let result = Self::forward(
                    Inputs {
                        x,
                        shortcut: None,
                        gamma,
                        beta,
                    },
                    epsilon,
                    relu,
                );
                (result.output, result.mean, result.variance)
            }

            fn norm_add_train(
                x: FloatTensor<Self>,
                shortcut: FloatTensor<Self>,
                gamma: FloatTensor<Self>,
                beta: FloatTensor<Self>,
                epsilon: f64,
            ) -> TrainOutputs<Self> {
                let result = Self::forward(
                    Inputs {
                        x,
                        shortcut: Some(shortcut),
                        gamma,
                        beta,
                    },
                    epsilon,
                    true,
                );
                (result.output, result.mean, result.variance)
            }

            fn norm_eval(
                x: FloatTensor<Self>,
                gamma: FloatTensor<Self>,
                beta: FloatTensor<Self>,
                mean: FloatTensor<Self>,
                variance: FloatTensor<Self>,
                epsilon: f64,
                relu: bool,
            ) -> FloatTensor<Self> {
                Self::affine(x, None, [gamma, beta, mean, variance], epsilon, relu)
            }

            fn norm_add_eval(
                x: FloatTensor<Self>,
                shortcut: FloatTensor<Self>,
                gamma: FloatTensor<Self>,
                beta: FloatTensor<Self>,
                mean: FloatTensor<Self>,
                variance: FloatTensor<Self>,
                epsilon: f64,
            ) -> FloatTensor<Self> {
                Self::affine(
                    x,
                    Some(shortcut),
                    [gamma, beta, mean, variance],
                    epsilon,
                    true,
                )
            }
        }
    };
}

#[cfg(feature = "flex")]
operations!(burn::backend::Flex);
#[cfg(feature = "tch")]
operations!(burn::backend::LibTorch);
#[cfg(feature = "cube")]
operations!(burn::backend::Cube);

/// The backward pass as one node; the parents are x, gamma, beta and, of four, the shortcut.
#[derive(Debug)]
struct Node;

impl<B: Kernels, const N: usize> Backward<B, N> for Node {
    type State = B::State;

    fn backward(
        self,
        ops: Ops<B::State, N>,
        grads: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let gradient = grads.consume::<B>(&ops.node);
        let InputGradients {
            x,
            shortcut,
            gamma,
            beta,
        } = B::backward(ops.state, gradient);
        let gradients = [Some(x), Some(gamma), Some(beta), shortcut];
        for (parent, gradient) in ops.parents.into_iter().zip(gradients) {
            if let (Some(parent), Some(gradient)) = (parent, gradient) {
                grads.register::<B>(parent.id, gradient);
            }
        }
    }
}

impl<B: Kernels, C: CheckpointStrategy> BatchNormOps for Autodiff<B, C> {
    fn norm_train(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f64,
        relu: bool,
    ) -> TrainOutputs<Self> {
        let [(x, x_node), (gamma, gamma_node), (beta, beta_node)] =
            [x, gamma, beta].map(|t| t.into_parts());
        let result = B::forward(
            Inputs {
                x,
                shortcut: None,
                gamma,
                beta,
            },
            epsilon,
            relu,
        );
        record::<B, C, 3>([x_node, gamma_node, beta_node], result)
    }

    fn norm_add_train(
        x: FloatTensor<Self>,
        shortcut: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f64,
    ) -> TrainOutputs<Self> {
        let [(x, x_node), (gamma, gamma_node), (beta, beta_node)] =
            [x, gamma, beta].map(|t| t.into_parts());
        let (shortcut, shortcut_node) = shortcut.into_parts();
        let result = B::forward(
            Inputs {
                x,
                shortcut: Some(shortcut),
                gamma,
                beta,
            },
            epsilon,
            true,
        );
        record::<B, C, 4>([x_node, gamma_node, beta_node, shortcut_node], result)
    }
}

/// Adds a training pass to the autodiff graph, in which its statistics are constants.
fn record<B: Kernels, C: CheckpointStrategy, const N: usize>(
    parents: [NodeGuard; N],
    result: TrainResult<FloatTensor<B>, B::State>,
) -> TrainOutputs<Autodiff<B, C>> {
    let prepared = <Node as Backward<B, N>>::prepare::<C>(Node, parents);
    let output = match prepared.compute_bound().stateful() {
        OpsKind::Tracked(node) => node.finish(result.state, result.output),
        OpsKind::UnTracked(node) => node.finish(result.output),
    };
    (
        output,
        Autodiff::<B, C>::from_inner(result.mean),
        Autodiff::<B, C>::from_inner(result.variance),
    )
}
