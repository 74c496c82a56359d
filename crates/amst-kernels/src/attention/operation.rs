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

/// Inputs of attention.
#[derive(Clone, Debug)]
pub struct Inputs<T> {
    pub query: T,
    pub key: T,
    pub value: T,
    pub mask: T,
}

impl<T> Inputs<T> {
    pub fn map(self, f: impl Fn(T) -> T) -> Self {
        Self {
            query: f(self.query),
            key: f(self.key),
            value: f(self.value),
            mask: f(self.mask),
        }
    }
}

/// The operation that `Dispatch` runs on the backend of its tensors.
#[backend_extension(Flex: cfg(feature = "flex"), LibTorch: cfg(feature = "tch"), Autodiff)]
pub trait AttentionOps: Backend {
    fn attend(
        query: FloatTensor<Self>,
        key: FloatTensor<Self>,
        value: FloatTensor<Self>,
        mask: FloatTensor<Self>,
        heads: usize,
        dropout: Option<Dropout>,
    ) -> FloatTensor<Self>;
}

macro_rules! operation {
    ($backend:ty) => {
        impl AttentionOps for $backend {
            fn attend(
                query: FloatTensor<Self>,
                key: FloatTensor<Self>,
                value: FloatTensor<Self>,
                mask: FloatTensor<Self>,
                heads: usize,
                dropout: Option<Dropout>,
            ) -> FloatTensor<Self> {
                let inputs = Inputs {
                    query,
                    key,
                    value,
                    mask,
                };
                host::forward(inputs, heads, dropout, false).0
            }
        }
    };
}

#[cfg(feature = "flex")]
operation!(burn::backend::Flex);
// `attention` calls this on Flex only.
#[cfg(feature = "tch")]
operation!(burn::backend::LibTorch);

/// The backward pass as one node; its parents are query, key and value.
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
        let gradients = host::backward(ops.state, gradient);
        for (parent, gradient) in ops.parents.into_iter().zip(gradients) {
            if let Some(parent) = parent {
                grads.register::<B>(parent.id, gradient);
            }
        }
    }
}

impl<B: Backend, C: CheckpointStrategy> AttentionOps for Autodiff<B, C>
where
    FloatTensor<B>: HostTensor,
{
    fn attend(
        query: FloatTensor<Self>,
        key: FloatTensor<Self>,
        value: FloatTensor<Self>,
        mask: FloatTensor<Self>,
        heads: usize,
        dropout: Option<Dropout>,
    ) -> FloatTensor<Self> {
        let [(query, query_node), (key, key_node), (value, value_node)] =
            [query, key, value].map(|t| t.into_parts());
        // The mask has no gradient.
        let (mask, _) = mask.into_parts();
        let inputs = Inputs {
            query,
            key,
            value,
            mask,
        };
        let parents = [query_node, key_node, value_node];
        let prepared = <Node as Backward<B, 3>>::prepare::<C>(Node, parents);
        match prepared.compute_bound().stateful() {
            OpsKind::Tracked(node) => {
                let (output, state) = host::forward(inputs, heads, dropout, true);
                node.finish(state, output)
            }
            OpsKind::UnTracked(node) => node.finish(host::forward(inputs, heads, dropout, false).0),
        }
    }
}
