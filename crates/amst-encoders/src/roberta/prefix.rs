//! The prefix: the embeddings and the layers that do not train.

use std::sync::{Arc, OnceLock};

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Int, Tensor, TensorData};

use super::dropout::{Draws, part};
use super::layer::Tokens;
use super::{EMBEDDINGS, PrefixCache, Roberta, first_token};

/// A hash of the frozen weights, computed at first use: they do not change after that.
#[derive(Clone, Debug, Default)]
pub(super) struct Fingerprint(Arc<OnceLock<u64>>);

impl Roberta {
    /// The frozen part's hidden states, `[batch, length, hidden]`, of `ids` and `mask`,
    /// `[batch, length]`, for [`suffix`](Self::suffix): on the device of `ids`, but without a graph
    /// and without dropout. With nothing frozen these are the embeddings, with a graph.
    ///
    /// # Panics
    ///
    /// If the texts are longer than
    /// [`RobertaConfig::max_length`](super::RobertaConfig::max_length).
    pub fn prefix(&self, ids: Tensor<2, Int>, mask: Tensor<2>) -> Tensor<3> {
        self.before(ids, mask, None)
    }

    /// The embedding, `[batch, hidden]`, from the output of [`prefix`](Self::prefix), without
    /// dropout.
    pub fn suffix(&self, hidden: Tensor<3>, mask: Tensor<2>) -> Tensor<2> {
        first_token(self.after(hidden, mask, Tokens::First, None))
    }

    /// Keeps the prefix's output wherever it runs without dropout: in evaluation, and with
    /// [`RobertaConfig::frozen_eval`](super::RobertaConfig::frozen_eval) in training.
    ///
    /// Clones of this encoder use the same cache, and other encoders may be given clones of it: an
    /// entry's key includes a hash of the frozen weights. That is computed at the first embedding,
    /// so weights must be loaded before, and loading others later requires setting a cache again.
    pub fn with_prefix_cache(mut self, cache: PrefixCache) -> Self {
        (self.cache, self.fingerprint) = (Some(cache), Fingerprint::default());
        self
    }

    /// The prefix without dropout, from the cache if there is one.
    pub(super) fn cached_prefix(&self, ids: Tensor<2, Int>, mask: Tensor<2>) -> Tensor<3> {
        match &self.cache {
            Some(cache) if self.frozen.is_some() => {
                self.without_autodiff(ids, mask, |ids, mask| {
                    self.prefix_by_sample(cache, ids, mask)
                })
            }
            _ => self.before(ids, mask, None),
        }
    }

    /// Runs `work` on the device without autodiff, and moves the result back.
    pub(super) fn without_autodiff(
        &self,
        ids: Tensor<2, Int>,
        mask: Tensor<2>,
        work: impl FnOnce(Tensor<2, Int>, Tensor<2>) -> Tensor<3>,
    ) -> Tensor<3> {
        if ids.device().is_autodiff() {
            Tensor::from_inner(work(ids.inner(), mask.inner()))
        } else {
            work(ids, mask)
        }
    }

    /// The frozen part itself; `ids` and `mask` are on a device without autodiff.
    pub(super) fn frozen_part(
        &self,
        ids: Tensor<2, Int>,
        mask: Tensor<2>,
        draws: Option<Draws>,
    ) -> Tensor<3> {
        // `valid` shares the weights; only the device differs.
        let embedded = self
            .m
            .embeddings
            .valid()
            .forward(ids, part(draws, EMBEDDINGS));
        let frozen = self
            .m
            .encoder
            .layer
            .iter()
            .take(self.frozen.unwrap_or(0))
            .enumerate();
        frozen.fold(embedded, |x, (index, layer)| {
            layer
                .valid()
                .forward(x, &mask, Tokens::All, part(draws, index as u64))
        })
    }

    /// The frozen part from the cache, or computed and cached. Samples are computed one at a time,
    /// so that a cached value does not depend on the batch it was computed in.
    fn prefix_by_sample(
        &self,
        cache: &PrefixCache,
        ids: Tensor<2, Int>,
        mask: Tensor<2>,
    ) -> Tensor<3> {
        let ([batch, length], device) = (mask.dims(), mask.device());
        let tokens: Vec<i64> = ids.to_data().iter::<i64>().collect();
        let seen: Vec<bool> = mask.to_data().iter::<f32>().map(|m| m != 0.0).collect();
        let prefix = self.fingerprint();
        let mut values = Vec::new();
        for sample in 0..batch {
            let place = sample * length..(sample + 1) * length;
            let (rows, size) = cache.rows(prefix, &tokens[place.clone()], &seen[place], || {
                let ids = ids.clone().narrow(0, sample, 1);
                let mask = mask.clone().narrow(0, sample, 1);
                let hidden = self.frozen_part(ids, mask, None).into_data();
                hidden.iter::<f32>().collect()
            });
            values.extend_from_slice(&rows);
            values.resize((sample + 1) * size, 0.0);
        }
        let hidden = values.len() / (batch * length).max(1);
        Tensor::from_data(TensorData::new(values, [batch, length, hidden]), &device)
    }

    fn fingerprint(&self) -> u64 {
        *self.fingerprint.0.get_or_init(|| {
            let mut hash = Hash(self.frozen.unwrap_or(0) as u64);
            self.m.embeddings.visit(&mut hash);
            self.m
                .encoder
                .layer
                .iter()
                .take(self.frozen.unwrap_or(0))
                .for_each(|layer| layer.visit(&mut hash));
            hash.0
        })
    }
}

/// The multiplicative hash of FNV-1a over whole words.
struct Hash(u64);

impl ModuleVisitor for Hash {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        for value in param.val().into_data().iter::<f32>() {
            self.0 = (self.0 ^ u64::from(value.to_bits()))
                .wrapping_mul(0x0100_0000_01b3)
                .rotate_left(23);
        }
    }
}
