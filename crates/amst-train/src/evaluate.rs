//! Evaluation of a split, with the embeddings of encoders that did not change kept.

use std::collections::BTreeMap;

use amst::{Embeddings, Method, Modality, Net, Outputs, Phase, Score, Scores, Stopwatch};
use amst_data::{BatchObserver, Damage, Loader, LoaderConfig, Split};
use amst_encoders::Encoder;
use amst_kernels::takes_bytes;
use amst_recipe::OutputMetrics;
use burn::tensor::{Device, Tensor};

use crate::TrainError;
use crate::average_precision::mean_average_precision;
use crate::batches::LoadedBatch;
use crate::metrics::OutputScores;
use crate::upload::Uploads;

/// The embeddings of a split that is evaluated again and again.
///
/// An encoder whose weights and running statistics did not change since the last time gives the
/// embeddings it gave then: neither are its inputs read nor is it forwarded.
/// [`EmbeddingCache::forget`] says which modalities did change.
pub struct EmbeddingCache {
    modalities: Vec<Modality>,
    labels: Vec<i64>,
    /// Never read, as if they were not there.
    dropped: Vec<Modality>,
    /// By branch and modality, each `[samples, D]`.
    kept: Embeddings,
}

/// Logits over a whole split, and what they are worth.
pub struct Evaluation {
    /// `[samples, classes]` each.
    pub outputs: Outputs,
    /// By output.
    pub metrics: BTreeMap<String, OutputMetrics>,
}

impl Evaluation {
    /// What a method gets of it.
    pub fn scores(&self) -> Scores {
        scores(&self.metrics)
    }
}

/// What a method gets of metrics by output.
pub(crate) fn scores(metrics: &BTreeMap<String, OutputMetrics>) -> Scores {
    let mut scores = Scores::new();
    for (name, metrics) in metrics {
        let score = Score {
            loss: metrics.loss,
            accuracy: metrics.accuracy,
        };
        scores.insert(name.clone(), score);
    }
    scores
}

impl EmbeddingCache {
    /// An empty cache for modalities in training order, the class of each sample in order, and
    /// networks with this many branches.
    pub fn new(modalities: &[Modality], labels: Vec<i64>, branches: usize) -> Self {
        Self {
            modalities: modalities.to_vec(),
            labels,
            dropped: Vec::new(),
            kept: vec![vec![None; modalities.len()]; branches],
        }
    }

    /// Forgets the embeddings of these modalities, because their encoders changed.
    pub fn forget(&mut self, modalities: &[Modality]) {
        for branch in &mut self.kept {
            for (kept, modality) in branch.iter_mut().zip(&self.modalities) {
                if modalities.contains(modality) {
                    *kept = None;
                }
            }
        }
    }

    /// The modalities that the next evaluation has to read.
    pub fn missing(&self) -> Vec<Modality> {
        let mut missing = Vec::new();
        for (modality, kept) in self.modalities.iter().zip(&self.kept[0]) {
            if kept.is_none() && !self.dropped.contains(modality) {
                missing.push(*modality);
            }
        }
        missing
    }

    /// Embeds batches of the missing modalities, which together are the whole split. Waiting for
    /// them is [`Phase::Load`], the rest [`Phase::Evaluate`].
    ///
    /// # Errors
    ///
    /// A sample that cannot be read.
    pub fn fill<E: Encoder, Failure>(
        &mut self,
        net: &Net<E>,
        batches: &mut dyn Iterator<Item = Result<LoadedBatch, Failure>>,
        clock: &mut Stopwatch,
    ) -> Result<(), Failure> {
        // By branch, by modality: one tensor a batch.
        let mut parts: Vec<Vec<Vec<Tensor<2>>>> =
            vec![vec![Vec::new(); self.modalities.len()]; self.kept.len()];
        while let Some(loaded) = clock.time(Phase::Load, || batches.next()) {
            let batch = loaded?.batch;
            let embeddings = clock.time(Phase::Evaluate, || net.embed(&self.modalities, &batch));
            let all_parts = parts.iter_mut().flatten();
            for (parts, embedding) in all_parts.zip(embeddings.into_iter().flatten()) {
                parts.extend(embedding);
            }
        }
        let all_kept = self.kept.iter_mut().flatten();
        for (kept, parts) in all_kept.zip(parts.into_iter().flatten()) {
            if !parts.is_empty() {
                *kept = Some(clock.time(Phase::Evaluate, || Tensor::cat(parts, 0)));
            }
        }
        Ok(())
    }

    /// Logits and metrics from the embeddings that are kept. `net` is in evaluation mode.
    pub fn evaluate<E: Encoder>(&self, method: &dyn Method<E>, net: &Net<E>) -> Evaluation {
        let outputs = if self.dropped.is_empty() {
            amst::outputs_with_probes(method, net, &self.kept)
        } else {
            amst::outputs_of_present_with_probes(method, net, &self.kept)
        };
        let mut metrics = BTreeMap::new();
        for (name, logits) in outputs.iter() {
            let mut scores = OutputScores::default();
            scores.add(logits, &self.labels);
            if let Some(mut own) = scores.metrics() {
                own.mean_average_precision = mean_average_precision(logits, &self.labels);
                metrics.insert(name.to_string(), own);
            }
        }
        Evaluation { outputs, metrics }
    }
}

/// Evaluates one split of a data set.
pub struct Evaluator {
    loader: Loader,
    cache: EmbeddingCache,
}

impl Evaluator {
    /// An evaluator of a split for networks with this many branches.
    ///
    /// # Errors
    ///
    /// A batch size of 0.
    pub fn new(split: Split, batch_size: usize, branches: usize) -> Result<Self, TrainError> {
        let labels = split.labels().into_iter().map(|label| label as i64);
        let cache = EmbeddingCache::new(split.modalities(), labels.collect(), branches);
        let config = LoaderConfig {
            batch_size,
            ..LoaderConfig::default()
        };
        Ok(Self {
            loader: Loader::new(split, config)?,
            cache,
        })
    }

    /// The same without these modalities: nothing of them is read, and outputs are the method's of
    /// what is there ([`Method::outputs_of_present`]).
    ///
    /// # Errors
    ///
    /// Nothing would be left.
    pub fn without(mut self, dropped: &[Modality]) -> Result<Self, TrainError> {
        if self.cache.modalities.iter().all(|m| dropped.contains(m)) {
            return Err(TrainError::Unfit(
                "without all its modalities a network has nothing to read: keep one".into(),
            ));
        }
        self.cache.dropped = dropped.to_vec();
        Ok(self)
    }

    /// The same with inputs that are damaged on purpose.
    ///
    /// # Errors
    ///
    /// A sample that cannot be read.
    pub fn damaged(mut self, damage: &Damage) -> Result<Self, TrainError> {
        self.loader = self.loader.damaged(damage)?;
        Ok(self)
    }

    /// The same, with its loader watched.
    pub(crate) fn watched(mut self, watch: BatchObserver) -> Self {
        self.loader = self.loader.watched(watch);
        self
    }

    /// Forgets the embeddings of these modalities, because their encoders changed.
    pub fn forget(&mut self, modalities: &[Modality]) {
        self.cache.forget(modalities);
    }

    /// Evaluates a network in evaluation mode (`net.valid()`), on the device without autodiff.
    ///
    /// # Errors
    ///
    /// A sample that cannot be read.
    pub fn evaluate<E: Encoder>(
        &mut self,
        method: &dyn Method<E>,
        net: &Net<E>,
        device: &Device,
    ) -> Result<Evaluation, TrainError> {
        self.evaluate_on_clock(method, net, device, &mut Stopwatch::default())
    }

    /// The same on a clock: waiting for data is [`Phase::Load`], the rest [`Phase::Evaluate`].
    pub(crate) fn evaluate_on_clock<E: Encoder>(
        &mut self,
        method: &dyn Method<E>,
        net: &Net<E>,
        device: &Device,
        clock: &mut Stopwatch,
    ) -> Result<Evaluation, TrainError> {
        let missing = self.cache.missing();
        if !missing.is_empty() {
            let loader = self.loader.clone().in_bytes(takes_bytes(device));
            let mut uploads = Uploads::start(loader.epoch(0, &missing), device);
            self.cache.fill(net, &mut uploads, clock)?;
        }
        Ok(clock.time(Phase::Evaluate, || self.cache.evaluate(method, net)))
    }
}
