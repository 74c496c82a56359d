//! Trains exactly as a case says, through the loop that makes the tables.

use std::sync::Arc;

use amst::{Modality, Noise, Outputs, lettered};
use amst_data::{Purpose, Stream};
use amst_encoders::{AnyEncoder, Renames, named_tensors};
use amst_train::{
    Built, Evaluation as Validation, EventKind, Keeper, OutputScores, StepDone, TrainError,
    Training,
};
use burn::module::Module;
use burn::tensor::Device;

use crate::batches::{Batches, RecordedBatches};
use crate::case::Case;
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
    let batches = Arc::new(Batches::read(&case.inputs(), &modalities)?);
    let training_device = device.clone().autodiff();
    let method = amst::methods::method(&recipe, noise(case))?;
    let network = case.network(method.as_ref(), &batches, &training_device)?;
    let names = network.names;
    let mut source = RecordedBatches::new(case, batches, modalities.clone(), device)?;
    let built = Built {
        method,
        net: network.net,
    };
    let (classes, steps) = (case.settings.classes, case.settings.steps);
    let mut training = Training::new(&recipe, built, classes, steps);
    let mut recorder = Recorder {
        train_batches: source.train_batches(),
        steps_per_epoch: steps,
        modalities,
        steps: Vec::new(),
        epochs: Vec::new(),
        logits: Tensors::new(),
    };
    training.train(&mut source, &mut recorder)?;
    recorder.finish(case, &training, &names)
}

/// Our own stream for OGM-GE's noise; what another implementation drew cannot be drawn again.
fn noise(case: &Case) -> Noise {
    let seed = case.settings.noise_seed();
    Box::new(move |epoch, step| {
        let mut stream = Stream::new(seed, Purpose::Noise, epoch as u64, step as u64);
        Box::new(move |count| stream.normals(count))
    })
}

/// Keeps what the format asks for of every step and evaluation.
struct Recorder {
    /// Batches that were recorded; a run of more steps goes through them again.
    train_batches: usize,
    steps_per_epoch: usize,
    modalities: Vec<Modality>,
    steps: Vec<Step>,
    epochs: Vec<Evaluation>,
    /// Of the last evaluation.
    logits: Tensors,
}

impl Keeper<AnyEncoder> for Recorder {
    fn after_step(
        &mut self,
        _: &mut Training<AnyEncoder>,
        done: &StepDone<'_>,
    ) -> Result<(), TrainError> {
        let mut recorded = self.step(done.plan.epoch, done.number.step);
        recorded.active = letters(&done.plan.at_step(done.number).trains);
        for modality in &self.modalities {
            // MSLR's own rates, or the common one.
            let name = format!("lr.{modality}");
            let own = done.report.balance.iter().find(|(own, _)| *own == name);
            let rate = own.map_or(done.rate.lr, |(_, rate)| *rate as f64);
            recorded.lr.insert(modality.letter().to_string(), rate);
        }
        for (name, logits) in done.report.outputs.iter() {
            let mut scores = OutputScores::default();
            scores.add(logits, &done.batch.labels);
            // Probes are recorded by their losses alone.
            if let Some(metrics) = scores.metrics()
                && !name.contains("probe.")
            {
                recorded.metrics.insert(lettered(name), metrics.loss);
            }
        }
        for (name, loss) in &done.report.losses {
            recorded.loss.insert(lettered(name), *loss as f64);
        }
        self.steps.push(recorded);
        Ok(())
    }

    fn after_validation(
        &mut self,
        event: EventKind,
        validation: &Validation,
    ) -> Result<(), TrainError> {
        if let EventKind::Epoch { epoch, lr, .. } = event {
            self.add_idle_steps(epoch, lr);
        }
        let mut evaluation = Evaluation::new(self.epochs.len());
        for (name, metrics) in &validation.metrics {
            evaluation.loss.insert(lettered(name), metrics.loss);
            evaluation.accuracy.insert(lettered(name), metrics.accuracy);
        }
        self.epochs.push(evaluation);
        self.logits = plain_logits(&validation.outputs);
        Ok(())
    }

    fn after_epoch(&mut self, _: &mut Training<AnyEncoder>) -> Result<(), TrainError> {
        Ok(())
    }

    /// A recorded run goes on with a loss that is NaN, which moves nothing.
    fn diverged(&mut self, _: TrainError) -> Result<(), TrainError> {
        Ok(())
    }
}

impl Recorder {
    /// A step in which nothing was computed.
    fn step(&self, epoch: usize, step: usize) -> Step {
        Step {
            epoch,
            step,
            batch: (epoch * self.steps_per_epoch + step) % self.train_batches,
            ..Step::default()
        }
    }

    /// The format lists every step of an epoch, also where nothing is read and so no step is done.
    fn add_idle_steps(&mut self, epoch: usize, lr: f64) {
        while self.steps.len() < (epoch + 1) * self.steps_per_epoch {
            let mut idle = self.step(epoch, self.steps.len() - epoch * self.steps_per_epoch);
            for modality in &self.modalities {
                idle.lr.insert(modality.letter().to_string(), lr);
            }
            self.steps.push(idle);
        }
    }

    fn finish(
        self,
        case: &Case,
        training: &Training<AnyEncoder>,
        names: &Renames,
    ) -> Result<Replay, ReplayError> {
        let session = &training.session;
        let net = session.net.valid();
        let weights = named_tensors(&net, names)?;
        let (net, mut moving) = session.optimiser.velocities(net);
        let (net, probes) = session.probe_optimiser.velocities(net);
        moving.extend(probes);
        let mut velocity = named_tensors(&net, names)?;
        velocity.retain(|tensor| tensor.id.is_some_and(|id| moving.contains(&id)));
        Ok(Replay {
            case: case.json.clone(),
            steps: self.steps,
            epochs: self.epochs,
            logits: self.logits,
            weights: plain(weights),
            velocity: plain(velocity),
        })
    }
}

fn letters(modalities: &[Modality]) -> Vec<String> {
    modalities.iter().map(|m| m.letter().to_string()).collect()
}

fn plain(tensors: Vec<amst_encoders::NamedTensor>) -> Tensors {
    let named = tensors.into_iter().map(|t| (t.name, (t.shape, t.values)));
    named.collect()
}

fn plain_logits(outputs: &Outputs) -> Tensors {
    let mut all = Tensors::new();
    for (name, logits) in outputs.iter() {
        let shape = logits.dims().to_vec();
        let values = logits.clone().into_data().try_to_vec();
        all.insert(
            lettered(name),
            (shape, values.expect("logits are 32-bit floats")),
        );
    }
    all
}
