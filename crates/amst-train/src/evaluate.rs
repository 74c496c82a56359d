//! Evaluation of a split, with the embeddings of encoders that did not change kept.

use std::collections::BTreeMap;

use amst::{Embeddings, Method, Modality, Net, Outputs, Phase, Stopwatch};
use amst_data::{BatchObserver, Damage, Loader, LoaderConfig, Split};
use amst_encoders::Encoder;
use amst_kernels::is_gpu;
use amst_recipe::OutputMetrics;
use burn::tensor::{Device, Tensor};

use crate::TrainError;
use crate::metrics::OutputScores;
use crate::pass::{Ahead, Pass};

/// Evaluates one split again and again.
///
/// An encoder whose weights and running statistics did not change since the last time gives
/// the embeddings it gave then; they are kept, and neither its inputs are loaded nor is it
/// forwarded. [`Evaluator::stale`] says which modalities did change.
pub struct Evaluator {
    loader: Loader,
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

impl Evaluator {
    /// An evaluator of a split for networks with this many branches.
    ///
    /// # Errors
    ///
    /// A batch size of 0.
    pub fn new(split: Split, batch_size: usize, branches: usize) -> Result<Self, TrainError> {
        let modalities = split.modalities().to_vec();
        let labels = split
            .labels()
            .into_iter()
            .map(|label| label as i64)
            .collect();
        let kept = vec![vec![None; modalities.len()]; branches];
        let loader = Loader::new(
            split,
            LoaderConfig {
                batch_size,
                ..LoaderConfig::default()
            },
        )?;
        Ok(Self {
            loader,
            modalities,
            labels,
            dropped: Vec::new(),
            kept,
        })
    }

    /// The same without these modalities: nothing of them is read, and outputs are the method's of
    /// what is there ([`Method::outputs_of_present`]).
    ///
    /// # Errors
    ///
    /// Nothing would be left.
    pub fn without(mut self, dropped: &[Modality]) -> Result<Self, TrainError> {
        if self
            .modalities
            .iter()
            .all(|modality| dropped.contains(modality))
        {
            return Err(TrainError::Unfit(
                "without all its modalities a network has nothing to read: keep one".into(),
            ));
        }
        self.dropped = dropped.to_vec();
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

    /// What it reads.
    pub(crate) fn loader(&self) -> &Loader {
        &self.loader
    }

    /// Forgets the embeddings of these modalities, because their encoders changed.
    pub fn stale(&mut self, modalities: &[Modality]) {
        for branch in &mut self.kept {
            for (kept, modality) in branch.iter_mut().zip(&self.modalities) {
                if modalities.contains(modality) {
                    *kept = None;
                }
            }
        }
    }

    /// What the next evaluation reads, if anything.
    pub(crate) fn pass(&self, device: &Device) -> Option<Pass> {
        let is_missing =
            |m: &usize| self.kept[0][*m].is_none() && !self.dropped.contains(&self.modalities[*m]);
        let modalities: Vec<Modality> = (0..self.modalities.len())
            .filter(is_missing)
            .map(|m| self.modalities[m])
            .collect();
        let loader = self.loader.clone().in_bytes(is_gpu(device));
        let numbers = 0..loader.steps();
        (!modalities.is_empty()).then(|| Pass {
            loader,
            epoch: 0,
            numbers,
            modalities,
            device: device.clone(),
        })
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
        let (mut clock, mut ahead) = (Stopwatch::default(), Ahead::default());
        self.evaluate_ahead(method, net, device, &mut clock, (&mut ahead, None))
    }

    /// The same on a clock: waiting for data is [`Phase::Load`], the rest [`Phase::Evaluate`]. It
    /// reads what was begun ahead, and at its last batch begins the pass after it.
    ///
    /// # Errors
    ///
    /// A sample that cannot be read.
    pub(crate) fn evaluate_ahead<E: Encoder>(
        &mut self,
        method: &dyn Method<E>,
        net: &Net<E>,
        device: &Device,
        clock: &mut Stopwatch,
        (ahead, after): (&mut Ahead, Option<Pass>),
    ) -> Result<Evaluation, TrainError> {
        match self.pass(device) {
            Some(pass) => self.embed(net, &pass, clock, (ahead, after))?,
            None => ahead.begin(after),
        }
        Ok(clock.time(Phase::Evaluate, || self.outputs(method, net)))
    }

    /// Logits and metrics from the embeddings that are kept.
    fn outputs<E: Encoder>(&self, method: &dyn Method<E>, net: &Net<E>) -> Evaluation {
        let mut outputs = match self.dropped.is_empty() {
            true => method.outputs(net, &self.kept),
            false => method.outputs_of_present(net, &self.kept),
        };
        if let Some(probes) = &net.probes {
            let branches: Vec<&str> = method
                .branches()
                .into_iter()
                .map(|(name, _)| name)
                .collect();
            outputs.extend(probes.outputs(&branches, &self.modalities, &self.kept));
        }
        let metrics = outputs
            .iter()
            .filter_map(|(name, logits)| {
                let mut scores = OutputScores::default();
                scores.add(logits, &self.labels);
                Some((name.to_string(), scores.metrics()?))
            })
            .collect();
        Evaluation { outputs, metrics }
    }

    /// Fills in the embeddings that are missing.
    fn embed<E: Encoder>(
        &mut self,
        net: &Net<E>,
        pass: &Pass,
        clock: &mut Stopwatch,
        (ahead, mut after): (&mut Ahead, Option<Pass>),
    ) -> Result<(), TrainError> {
        let mut parts: Vec<Vec<Vec<Tensor<2>>>> =
            vec![vec![Vec::new(); self.modalities.len()]; self.kept.len()];
        let mut uploads = ahead.take(pass);
        let mut left = pass.numbers.len();
        while let Some(uploaded) = clock.time(Phase::Load, || uploads.next()) {
            left -= 1;
            if left == 0 {
                ahead.begin(after.take());
            }
            let batch = uploaded?.batch;
            clock.time(Phase::Evaluate, || {
                let embeddings = net.embed(&self.modalities, &batch);
                for (parts, embeddings) in parts
                    .iter_mut()
                    .flatten()
                    .zip(embeddings.into_iter().flatten())
                {
                    parts.extend(embeddings);
                }
            });
        }
        for (kept, parts) in self
            .kept
            .iter_mut()
            .flatten()
            .zip(parts.into_iter().flatten())
        {
            if !parts.is_empty() {
                *kept = Some(clock.time(Phase::Evaluate, || Tensor::cat(parts, 0)));
            }
        }
        Ok(())
    }
}
