//! The embeddings and the layers that do not train.

use std::sync::{Arc, OnceLock};

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Int, Tensor, TensorData};

use super::dropout::Draws;
use super::{EMBEDDINGS, PrefixCache, Roberta, first_token, of_layer, unseen};

/// A hash of the frozen weights, computed when it is first asked for: they never change then.
#[derive(Clone, Debug, Default)]
pub(super) struct Fingerprint(Arc<OnceLock<u64>>);

impl Roberta {
    /// The hidden states that the frozen part gives, `[batch, length, hidden]`, of `ids` and
    /// `mask`, `[batch, length]`: on the device of `ids`, but without a graph, and without dropout.
    /// It is all that [`suffix`](Self::suffix) needs. With nothing frozen these are the embeddings,
    /// with a graph.
    ///
    /// # Panics
    ///
    /// When the texts are longer than
    /// [`RobertaConfig::max_length`](super::RobertaConfig::max_length).
    pub fn prefix(&self, ids: Tensor<2, Int>, mask: Tensor<2>) -> Tensor<3> {
        self.before(ids, mask, None)
    }

    /// The embedding, `[batch, hidden]`, from what [`prefix`](Self::prefix) gave; without dropout.
    pub fn suffix(&self, hidden: Tensor<3>, mask: Tensor<2>) -> Tensor<2> {
        first_token(self.after(hidden, mask, None))
    }

    /// Keeps what the prefix gives wherever it runs without dropout: in evaluation, and under
    /// [`RobertaConfig::frozen_eval`](super::RobertaConfig::frozen_eval) in training.
    ///
    /// A copy of this encoder keeps using the same cache, and other encoders may be given clones
    /// of it: entries belong to the frozen weights, which are told apart by a hash of them. It is
    /// taken at the first embedding, so weights must be in place by then, and other weights read
    /// into the encoder later ask for a cache anew.
    pub fn with_prefix_cache(mut self, cache: PrefixCache) -> Self {
        (self.cache, self.fingerprint) = (Some(cache), Fingerprint::default());
        self
    }

    /// The prefix without dropout, from the cache if there is one.
    pub(super) fn settled(&self, ids: Tensor<2, Int>, mask: Tensor<2>) -> Tensor<3> {
        match &self.cache {
            Some(cache) if self.frozen.is_some() => {
                self.without_autodiff(ids, mask, |ids, mask| self.remembered(cache, ids, mask))
            }
            _ => self.before(ids, mask, None),
        }
    }

    /// Runs `work` on the device below, if this one is for autodiff, and brings the result back.
    pub(super) fn without_autodiff(
        &self,
        ids: Tensor<2, Int>,
        mask: Tensor<2>,
        work: impl FnOnce(Tensor<2, Int>, Tensor<2>) -> Tensor<3>,
    ) -> Tensor<3> {
        match ids.device().is_autodiff() {
            true => Tensor::from_inner(work(ids.inner(), mask.inner())),
            false => work(ids, mask),
        }
    }

    /// The frozen part itself; `ids` and `mask` are on a device without autodiff.
    pub(super) fn frozen_part(
        &self,
        ids: Tensor<2, Int>,
        mask: Tensor<2>,
        draws: Option<Draws>,
    ) -> Tensor<3> {
        let padding = unseen(mask);
        // Copies share the weights: what changes is the device they are looked at on.
        let embedded = self
            .m
            .embeddings
            .valid()
            .forward(ids, draws.map(|draws| draws.part(EMBEDDINGS)));
        let frozen = self
            .m
            .encoder
            .layer
            .iter()
            .take(self.frozen.unwrap_or(0))
            .enumerate();
        frozen.fold(embedded, |x, (number, layer)| {
            layer.valid().forward(x, &padding, of_layer(draws, number))
        })
    }

    /// The frozen part sample by sample, each computed at most once while there is room for it.
    ///
    /// One sample at a time, so that what is kept does not depend on which batch it came in.
    fn remembered(&self, cache: &PrefixCache, ids: Tensor<2, Int>, mask: Tensor<2>) -> Tensor<3> {
        let ([batch, length], device) = (mask.dims(), mask.device());
        let tokens: Vec<i64> = ids.to_data().iter::<i64>().collect();
        let seen: Vec<bool> = mask.to_data().iter::<f32>().map(|m| m != 0.0).collect();
        let prefix = self.fingerprint();
        let mut values = Vec::new();
        for sample in 0..batch {
            let place = sample * length..(sample + 1) * length;
            let one = || {
                let (ids, mask) = (
                    ids.clone().narrow(0, sample, 1),
                    mask.clone().narrow(0, sample, 1),
                );
                self.frozen_part(ids, mask, None)
                    .into_data()
                    .iter::<f32>()
                    .collect()
            };
            let (rows, size) = cache.rows(prefix, &tokens[place.clone()], &seen[place], one);
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
