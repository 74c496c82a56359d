//! Trains exactly as a case says.

use std::collections::BTreeMap;

use amst::{
    Batch, EpochContext, Method, Modality, Net, Noise, Optimiser, Outputs, Score, Scores,
    StepContext, StepLr, StepReport, Stopwatch, cross_entropy, lettered, methods, recalibrate,
};
use amst_data::{Purpose, Stream};
use amst_encoders::{AnyEncoder, named_tensors};
use amst_recipe::Recipe;
use burn::module::Module;
use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::batches::{Batches, Recorded, RecordedSupply};
use crate::case::Case;
use crate::network::Network;
use crate::outcome::{Evaluation, Replay, Step};
use crate::{ReplayError, Tensors};

/// Replays a case on a device (without autodiff).
///
/// # Errors
///
/// A case that contradicts itself, or weights and batches that do not fit it.
pub fn replay(case: &Case, device: &Device) -> Result<Replay, ReplayError> {
    let recipe = case.recipe()?;
    let modalities = case.modalities()?;
    let batches = Batches::read(&case.inputs(), &modalities)?;
    let training = device.clone().autodiff();
    let method = methods::method::<AnyEncoder>(&recipe, noise(case))?;
    let network = case.network(method.as_ref(), &batches, &training)?;
    let optimiser = || Optimiser::new(&recipe.optim);
    let mut run = Run {
        case,
        method,
        network,
        batches: &batches,
        modalities,
        optimiser: optimiser(),
        probe_optimiser: optimiser(),
        devices: (training, device.clone()),
        recipe,
    };
    let (mut steps, mut evaluations, mut logits) = (Vec::new(), Vec::new(), Tensors::new());
    for epoch in 0..case.settings.epochs {
        run.begin(epoch)?;
        for step in 0..case.settings.steps {
            steps.push(run.step(epoch, step));
        }
        run.recalibrate(epoch);
        let (evaluation, scores, of_epoch) = run.evaluate(epoch);
        run.method.end_epoch(&mut run.network.net, epoch, &scores);
        evaluations.push(evaluation);
        logits = of_epoch;
    }
    run.finish(steps, evaluations, logits)
}

/// Our own stream for OGM-GE's noise; what another implementation drew cannot be drawn again.
fn noise(case: &Case) -> Noise {
    let seed = case.settings.noise_seed();
    Box::new(move |epoch, step| {
        let mut stream = Stream::new(seed, Purpose::Noise, epoch as u64, step as u64);
        Box::new(move |count| stream.normals(count))
    })
}

struct Run<'a> {
    case: &'a Case,
    recipe: Recipe,
    method: Box<dyn Method<AnyEncoder>>,
    network: Network,
    batches: &'a Batches,
    modalities: Vec<Modality>,
    optimiser: Optimiser,
    probe_optimiser: Optimiser,
    /// With and without autodiff.
    devices: (Device, Device),
}

impl<'a> Run<'a> {
    fn number(&self, epoch: usize, step: usize) -> usize {
        (epoch * self.case.settings.steps + step) % self.batches.train.len()
    }

    fn of_epoch(&self, epoch: usize) -> Vec<&'a Recorded> {
        let batches = self.batches;
        (0..self.case.settings.steps)
            .map(|step| &batches.train[self.number(epoch, step)])
            .collect()
    }

    fn begin(&mut self, epoch: usize) -> Result<(), ReplayError> {
        let listed = self.case.settings.prototype_batches(epoch)?;
        let sample = listed
            .iter()
            .map(|number| self.batches.train.get(*number))
            .collect::<Option<Vec<_>>>();
        let sample = sample.ok_or_else(|| {
            ReplayError::Setting(
                "`pmr.batches` names a batch that inputs.safetensors has not".into(),
            )
        })?;
        let mut supply = RecordedSupply {
            epoch: self.of_epoch(epoch),
            sample,
            eval: &self.batches.eval,
            modalities: &self.modalities,
            device: &self.devices.0,
        };
        let mut clock = Stopwatch::default();
        let mut context = EpochContext {
            epoch,
            lr: StepLr::new(&self.recipe.optim).at(epoch),
            classes: self.case.settings.classes,
            optimiser: &self.optimiser,
            clock: &mut clock,
            supply: &mut supply,
        };
        Ok(self.method.begin_epoch(&self.network.net, &mut context)?)
    }

    fn step(&mut self, epoch: usize, step: usize) -> Step {
        let number = self.number(epoch, step);
        let batch = self.batches.train[number].on(&self.devices.0, &self.method.loads(epoch));
        let schedule = StepLr::new(&self.recipe.optim);
        let (lr, decay) = (schedule.at(epoch), schedule.decay(epoch));
        let mut clock = Stopwatch::default();
        let (optimiser, clock) = (&mut self.optimiser, &mut clock);
        let steps = self.case.settings.steps;
        let mut context = StepContext {
            epoch,
            step,
            steps,
            lr,
            decay,
            optimiser,
            clock,
            fault: None,
        };
        let net = std::mem::replace(&mut self.network.net, Net::empty());
        let (mut net, mut report) = self.method.step(net, &batch, &mut context);
        let metrics = metrics(&report, &batch);
        let places = (self.network.branches.as_slice(), self.modalities.as_slice());
        report.losses.extend(net.step_probes(
            lr,
            &mut self.probe_optimiser,
            places,
            &report.embeddings,
            &batch.labels,
        ));
        self.network.net = net;
        let rate = |m: &Modality| {
            let own = report
                .balance
                .iter()
                .find(|(name, _)| *name == format!("lr.{m}"))
                .map(|(_, rate)| *rate as f64);
            (m.letter().to_string(), own.unwrap_or(lr))
        };
        Step {
            epoch,
            step,
            batch: number,
            active: self
                .method
                .active(epoch)
                .into_iter()
                .map(|m| m.letter().to_string())
                .collect(),
            lr: self.modalities.iter().map(rate).collect(),
            metrics,
            loss: report
                .losses
                .iter()
                .map(|(name, loss)| (lettered(name), *loss as f64))
                .collect(),
        }
    }

    fn recalibrate(&self, epoch: usize) {
        let tail = self.recipe.skip.recalibrate;
        let due = self.method.recalibrates(epoch);
        if tail == 0 || due.is_empty() {
            return;
        }
        let batches = self.of_epoch(epoch);
        for recorded in &batches[batches.len().saturating_sub(tail)..] {
            recalibrate(
                &self.network.net,
                &self.modalities,
                &recorded.on(&self.devices.0, &due),
            );
        }
    }

    /// Every output over all evaluation batches, in evaluation mode.
    fn evaluate(&self, epoch: usize) -> (Evaluation, Scores, Tensors) {
        let net = self.network.net.valid();
        let mut parts: BTreeMap<String, Vec<Tensor<2>>> = BTreeMap::new();
        let mut labels: Vec<i64> = Vec::new();
        for recorded in &self.batches.eval {
            let batch = recorded.on(&self.devices.1, &self.modalities);
            for (name, logits) in self.outputs(&net, &batch).iter() {
                parts
                    .entry(name.to_string())
                    .or_default()
                    .push(logits.clone());
            }
            labels.extend(&recorded.labels);
        }
        let labels = Tensor::<1, Int>::from_data(
            TensorData::new(labels.clone(), [labels.len()]),
            &self.devices.1,
        );
        let (mut evaluation, mut scores, mut all) =
            (Evaluation::new(epoch), Scores::new(), Tensors::new());
        for (name, parts) in parts {
            let logits = Tensor::cat(parts, 0);
            let score = score(&logits, &labels);
            evaluation.loss.insert(lettered(&name), score.loss);
            evaluation.accuracy.insert(lettered(&name), score.accuracy);
            let shape = logits.dims().to_vec();
            all.insert(
                lettered(&name),
                (
                    shape,
                    logits
                        .into_data()
                        .try_to_vec()
                        .expect("logits are 32-bit floats"),
                ),
            );
            scores.insert(name, score);
        }
        (evaluation, scores, all)
    }

    fn outputs(&self, net: &Net<AnyEncoder>, batch: &Batch) -> Outputs {
        let embeddings = net.embed(&self.modalities, batch);
        let mut outputs = self.method.outputs(net, &embeddings);
        if let Some(probes) = &net.probes {
            outputs.extend(probes.outputs(&self.network.branches, &self.modalities, &embeddings));
        }
        outputs
    }

    fn finish(
        self,
        steps: Vec<Step>,
        epochs: Vec<Evaluation>,
        logits: Tensors,
    ) -> Result<Replay, ReplayError> {
        let Network { net, names, .. } = self.network;
        let net = net.valid();
        let plain = |tensors: Vec<amst_encoders::NamedTensor>| -> Tensors {
            tensors
                .into_iter()
                .map(|t| (t.name, (t.shape, t.values)))
                .collect()
        };
        let weights = plain(named_tensors(&net, &names)?);
        let (net, mut moving) = self.optimiser.velocities(net);
        let (net, probes) = self.probe_optimiser.velocities(net);
        moving.extend(probes);
        let mut velocity = named_tensors(&net, &names)?;
        velocity.retain(|tensor| tensor.id.is_some_and(|id| moving.contains(&id)));
        let case = self.case.json.clone();
        Ok(Replay {
            case,
            steps,
            epochs,
            logits,
            weights,
            velocity: plain(velocity),
        })
    }
}

/// Cross-entropy of every output before the update.
fn metrics(report: &StepReport, batch: &Batch) -> BTreeMap<String, f64> {
    let of = |logits: &Tensor<2>| {
        cross_entropy(logits.clone(), &batch.labels).into_scalar::<f32>() as f64
    };
    report
        .outputs
        .iter()
        .map(|(name, logits)| (lettered(name), of(logits)))
        .collect()
}

fn score(logits: &Tensor<2>, labels: &Tensor<1, Int>) -> Score {
    let right = logits
        .clone()
        .argmax(1)
        .squeeze_dim::<1>(1)
        .equal(labels.clone())
        .int()
        .sum()
        .into_scalar::<i64>();
    let loss = cross_entropy(logits.clone(), labels).into_scalar::<f32>() as f64;
    Score {
        loss,
        accuracy: right as f64 / labels.dims()[0] as f64,
    }
}
