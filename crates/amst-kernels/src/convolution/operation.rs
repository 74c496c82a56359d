//! The operation for `Dispatch`, and its node in the autodiff graph.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, backend_extension};

/// Stride and padding, the same in both dimensions.
#[derive(Clone, Copy, Debug)]
pub struct ConvParams {
    pub stride: usize,
    pub padding: usize,
}

/// What a backend computes, on `f32`, and on LibTorch on `bf16` too.
pub trait Kernels: Backend {
    /// Convolves `[batch, inputs, height, width]` with `[outputs, inputs, kernel height, kernel
    /// width]`.
    fn forward(
        x: FloatTensor<Self>,
        kernels: FloatTensor<Self>,
        params: ConvParams,
    ) -> FloatTensor<Self>;

    /// The wanted gradients, of the input and of the kernels, from the output's.
    fn backward(
        x: FloatTensor<Self>,
        kernels: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        params: ConvParams,
        wanted: [bool; 2],
    ) -> [Option<FloatTensor<Self>>; 2];
}

/// The operation that `Dispatch` runs on the backend of its tensors.
#[backend_extension(Flex: cfg(feature = "flex"), LibTorch: cfg(feature = "tch"), Autodiff)]
pub trait ConvolutionOps: Backend {
    fn convolve(
        x: FloatTensor<Self>,
        kernels: FloatTensor<Self>,
        params: ConvParams,
    ) -> FloatTensor<Self>;
}

/// The operation of a backend, from its kernels.
macro_rules! operation {
    ($backend:ty) => {
        impl ConvolutionOps for $backend {
            fn convolve(
                x: FloatTensor<Self>,
                kernels: FloatTensor<Self>,
                params: ConvParams,
            ) -> FloatTensor<Self> {
                Self::forward(x, kernels, params)
            }
        }
    };
}

#[cfg(feature = "flex")]
operation!(burn::backend::Flex);
#[cfg(feature = "tch")]
operation!(burn::backend::LibTorch);

/// The backward pass as one node; the parents are the input and the kernels.
#[derive(Debug)]
struct Node;

impl<B: Kernels> Backward<B, 2> for Node {
    type State = (FloatTensor<B>, FloatTensor<B>, ConvParams);

    fn backward(
        self,
        ops: Ops<Self::State, 2>,
        grads: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let gradient = grads.consume::<B>(&ops.node);
        let (x, kernels, params) = ops.state;
        let wanted = ops.parents.each_ref().map(Option::is_some);
        let gradients = B::backward(x, kernels, gradient, params, wanted);
        for (parent, gradient) in ops.parents.into_iter().zip(gradients) {
            if let (Some(parent), Some(gradient)) = (parent, gradient) {
                grads.register::<B>(parent.id, gradient);
            }
        }
    }
}

impl<B: Kernels, C: CheckpointStrategy> ConvolutionOps for Autodiff<B, C> {
    fn convolve(
        x: FloatTensor<Self>,
        kernels: FloatTensor<Self>,
        params: ConvParams,
    ) -> FloatTensor<Self> {
        let [(x, x_node), (kernels, kernels_node)] = [x, kernels].map(|t| t.into_parts());
        let prepared = <Node as Backward<B, 2>>::prepare::<C>(Node, [x_node, kernels_node]);
        match prepared.compute_bound().stateful() {
            OpsKind::Tracked(node) => {
                let output = B::forward(x.clone(), kernels.clone(), params);
                node.finish((x, kernels, params), output)
            }
            OpsKind::UnTracked(node) => node.finish(B::forward(x, kernels, params)),
        }
    }
}
