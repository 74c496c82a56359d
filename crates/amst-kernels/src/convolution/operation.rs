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

/// What a device computes, on `f32`.
pub trait Kernels: Backend {
    /// `[batch, inputs, height, width]` and `[outputs, inputs, kernel height, kernel width]` to the convolution.
    fn forward(x: FloatTensor<Self>, kernels: FloatTensor<Self>, steps: Steps) -> FloatTensor<Self>;

    /// The input's gradient from the output's, and from what was convolved for its shape.
    fn of_input(
        x: &FloatTensor<Self>,
        kernels: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        steps: Steps,
    ) -> FloatTensor<Self>;

    /// The kernels' gradient.
    fn of_kernels(
        x: FloatTensor<Self>,
        kernels: &FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        steps: Steps,
    ) -> FloatTensor<Self>;
}

/// The operation that `Dispatch` finds on the device of its tensors.
#[backend_extension(Flex: cfg(feature = "flex"), Autodiff)]
pub trait ConvolutionOps: Backend {
    fn convolve(x: FloatTensor<Self>, kernels: FloatTensor<Self>, stride: usize, padding: usize) -> FloatTensor<Self>;
}

#[cfg(feature = "flex")]
impl ConvolutionOps for burn::backend::Flex {
    fn convolve(x: FloatTensor<Self>, kernels: FloatTensor<Self>, stride: usize, padding: usize) -> FloatTensor<Self> {
        Self::forward(x, kernels, Steps { stride, padding })
    }
}

/// The backward pass as one node; the parents are the input and the kernels.
#[derive(Debug)]
struct Node;

impl<B: Kernels> Backward<B, 2> for Node {
    type State = (FloatTensor<B>, FloatTensor<B>, Steps);

    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let [of_input, of_kernels] = ops.parents;
        let gradient = grads.consume::<B>(&ops.node);
        let (x, kernels, steps) = ops.state;
        if let Some(parent) = of_input {
            grads.register::<B>(parent.id, B::of_input(&x, kernels.clone(), gradient.clone(), steps));
        }
        if let Some(parent) = of_kernels {
            grads.register::<B>(parent.id, B::of_kernels(x, &kernels, gradient, steps));
        }
    }
}

impl<B: Kernels, C: CheckpointStrategy> ConvolutionOps for Autodiff<B, C> {
    fn convolve(x: FloatTensor<Self>, kernels: FloatTensor<Self>, stride: usize, padding: usize) -> FloatTensor<Self> {
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
