//! The operation across burn's devices, and its place in the graph of gradients.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, backend_extension};

/// Stride and padding, of both dimensions.
#[derive(Clone, Copy, Debug)]
pub struct Steps {
    pub stride: usize,
    pub padding: usize,
}

/// What a device computes, on `f32`, and on LibTorch on `bf16`.
pub trait Kernels: Backend {
    /// `[batch, inputs, height, width]` and `[outputs, inputs, kernel height, kernel width]` to the
    /// convolution.
    fn forward(x: FloatTensor<Self>, kernels: FloatTensor<Self>, steps: Steps)
    -> FloatTensor<Self>;

    /// The gradients of input and kernels from the output's, those that are wanted.
    fn backward(
        x: FloatTensor<Self>,
        kernels: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        steps: Steps,
        wanted: [bool; 2],
    ) -> [Option<FloatTensor<Self>>; 2];
}

/// The operation that `Dispatch` finds on the device of its tensors.
#[backend_extension(Flex: cfg(feature = "flex"), LibTorch: cfg(feature = "tch"), Autodiff)]
pub trait ConvolutionOps: Backend {
    fn convolve(
        x: FloatTensor<Self>,
        kernels: FloatTensor<Self>,
        stride: usize,
        padding: usize,
    ) -> FloatTensor<Self>;
}

/// The operation of a device, from its kernels.
#[cfg(any(feature = "flex", feature = "tch"))]
macro_rules! operation {
    ($backend:ty) => {
        impl ConvolutionOps for $backend {
            fn convolve(
                x: FloatTensor<Self>,
                kernels: FloatTensor<Self>,
                stride: usize,
                padding: usize,
            ) -> FloatTensor<Self> {
                Self::forward(x, kernels, Steps { stride, padding })
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
    type State = (FloatTensor<B>, FloatTensor<B>, Steps);

    fn backward(
        self,
        ops: Ops<Self::State, 2>,
        grads: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let gradient = grads.consume::<B>(&ops.node);
        let (x, kernels, steps) = ops.state;
        let wanted = ops.parents.each_ref().map(Option::is_some);
        let of_parents = B::backward(x, kernels, gradient, steps, wanted);
        for (parent, gradient) in ops.parents.into_iter().zip(of_parents) {
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
        stride: usize,
        padding: usize,
    ) -> FloatTensor<Self> {
        let steps = Steps { stride, padding };
        let [(x, x_node), (kernels, kernels_node)] = [x, kernels].map(|t| t.into_parts());
        let prepared = <Node as Backward<B, 2>>::prepare::<C>(Node, [x_node, kernels_node]);
        match prepared.compute_bound().stateful() {
            OpsKind::Tracked(node) => {
                let output = B::forward(x.clone(), kernels.clone(), steps);
                node.finish((x, kernels, steps), output)
            }
            OpsKind::UnTracked(node) => node.finish(B::forward(x, kernels, steps)),
        }
    }
}
