//! Scaled dot-product attention of several heads (Vaswani et al. 2017).
//!
//! burn turns queries, keys and values around by copying them, and reads and writes all weights of
//! all heads in each of six operations. Here a head of a text is one task, whose weights stay in
//! the cache, and the heads are read and written where they lie.

mod host;
mod kernel;
mod operation;

use burn::backend::Dispatch;
use burn::tensor::activation::softmax;
use burn::tensor::{DType, Tensor};

use crate::device::is_flex;
use crate::dropout::Dropout;
use kernel::MASKED_SCORE;
use operation::AttentionOps;

/// `dropout(softmax(query keyᵀ / √width)) value` of each head, a part of `width` of the hidden
/// states: `[batch, queries, hidden]`.
///
/// `query` is `[batch, queries, hidden]`, `key` and `value` are `[batch, keys, hidden]`. Keys where
/// `mask`, `[batch, keys]`, is 0 get no attention, but in a text without any other all get the
/// same. Dropout is of weights, `[batch, heads, queries, keys]`. The mask has no gradient.
///
/// # Panics
///
/// If shapes do not fit together, or the heads do not divide the hidden states.
pub fn attention(
    [query, key, value]: [Tensor<3>; 3],
    mask: Tensor<2>,
    heads: usize,
    dropout: Option<Dropout>,
) -> Tensor<3> {
    let ([batch, queries, hidden], [_, keys, _]) = (query.dims(), key.dims());
    assert!(
        key.dims() == [batch, keys, hidden]
            && value.dims() == key.dims()
            && mask.dims() == [batch, keys],
        "queries {:?}, keys {:?}, values {:?} and a mask {:?} do not fit together",
        query.dims(),
        key.dims(),
        value.dims(),
        mask.dims()
    );
    assert!(
        heads > 0 && hidden.is_multiple_of(heads),
        "{heads} heads do not divide hidden states of {hidden}"
    );
    if let Some(dropout) = &dropout {
        dropout.check(batch * heads * queries * keys);
    }
    let dtypes = [query.dtype(), key.dtype(), value.dtype(), mask.dtype()];
    let query = query.into_dispatch();
    if !(dtypes == [DType::F32; 4] && is_flex(&query)) {
        let query = Tensor::from_dispatch(query);
        return composed([query, key, value], mask, heads, dropout);
    }
    Tensor::from_dispatch(Dispatch::attend(
        query,
        key.into_dispatch(),
        value.into_dispatch(),
        mask.into_dispatch(),
        heads,
        dropout,
    ))
}

/// Attention from burn's own operations.
fn composed(
    [query, key, value]: [Tensor<3>; 3],
    mask: Tensor<2>,
    heads: usize,
    dropout: Option<Dropout>,
) -> Tensor<3> {
    let ([batch, queries, hidden], keys) = (query.dims(), mask.dims()[1]);
    let width = hidden / heads;
    let [query, key, value] = [query, key, value].map(|t| {
        let length = t.dims()[1];
        t.reshape([batch, length, heads, width]).swap_dims(1, 2)
    });
    let scores = query
        .matmul(key.transpose())
        .div_scalar((width as f64).sqrt());
    let masked = mask.equal_elem(0.0).reshape([batch, 1, 1, keys]);
    let weights = softmax(scores.mask_fill(masked, MASKED_SCORE), 3);
    let weights = match dropout {
        Some(dropout) => dropout.apply(weights),
        None => weights,
    };
    weights
        .matmul(value)
        .swap_dims(1, 2)
        .reshape([batch, queries, hidden])
}
