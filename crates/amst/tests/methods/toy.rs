//! A session that is trained epoch by epoch, with weight decay, momentum and a learning rate that
//! drops.

use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};

use amst::{
    Batch, EpochScores, LearningRate, Method, Modality, Part, Score, Scores, Session,
    SessionSettings, StepLr, StepNumber, StepReport, Supply, SupplyError, cross_entropy,
};
use amst_encoders::AnyEncoder;
use amst_recipe::Optim;
use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::Tensor;

pub use crate::toy_network::*;

pub const EPOCHS: usize = 3;
/// Batches that prototypes are made of.
pub const SAMPLE: usize = 3;

/// The rate drops before the last epoch.
pub const OPTIM: Optim = Optim {
    lr: 0.005,
    momentum: 0.9,
    weight_decay: 0.05,
    lr_step: 2,
    lr_gamma: 0.1,
};

/// Two modalities and three: what is claimed here is claimed of both.
pub const SETS: [&[Modality]; 2] = [&[Audio, Visual], &[Audio, Text, Visual]];

/// A session, epoch by epoch.
pub struct Run(Session<AnyEncoder>);

impl Deref for Run {
    type Target = Session<AnyEncoder>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for Run {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

/// An epoch of which only the validation matters.
pub fn validated(validation: Scores) -> EpochScores {
    EpochScores {
        validation,
        ..EpochScores::default()
    }
}

impl Run {
    /// Methods with equal heads start from equal weights.
    pub fn new(method: impl Method<AnyEncoder> + 'static) -> Self {
        let net = net(&method.branches(), method.modalities());
        let settings = SessionSettings {
            optim: OPTIM,
            classes: CLASSES,
            recalibrate: 0,
            precise_bn: 0,
        };
        Self(Session::new(Box::new(method), net, settings))
    }

    /// All of an epoch: what the method looks at before it, its steps, and what it does after
    /// validation.
    pub fn epoch(&mut self, epoch: usize) -> Vec<StepReport> {
        self.begin(epoch);
        let reports = (0..STEPS).map(|number| self.step(epoch, number)).collect();
        let scores = self.validate();
        self.end_epoch(epoch, &validated(scores));
        reports
    }

    pub fn begin(&mut self, epoch: usize) {
        let plan = self.plan(epoch);
        let mut supply = Endless {
            epoch,
            modalities: self.modalities().to_vec(),
        };
        self.0.begin_epoch(&plan, rate(epoch), &mut supply).unwrap();
    }

    pub fn step(&mut self, epoch: usize, step: usize) -> StepReport {
        let plan = self.plan(epoch);
        let batch = batch(epoch * STEPS + step, &plan.reads);
        let number = StepNumber { step, steps: STEPS };
        self.0.step(&plan, number, rate(epoch), &batch)
    }

    fn validate(&self) -> Scores {
        let (net, modalities) = (self.net.valid(), self.modalities().to_vec());
        let batch = batch(900, &modalities).inner();
        let outputs = self.method.outputs(&net, &net.embed(&modalities, &batch));
        let loss = |logits: &Tensor<2>| {
            cross_entropy(logits.clone(), &batch.labels).into_scalar::<f32>() as f64
        };
        let right = |logits: &Tensor<2>| {
            let found = logits
                .clone()
                .argmax(1)
                .squeeze_dim::<1>(1)
                .equal(batch.labels.clone());
            found.int().sum().into_scalar::<i64>() as f64 / BATCH as f64
        };
        outputs
            .iter()
            .map(|(name, o)| {
                (
                    name.to_string(),
                    Score {
                        loss: loss(o),
                        accuracy: right(o),
                    },
                )
            })
            .collect()
    }

    /// Weights and running statistics by path, and the velocities of those that have one.
    pub fn state(&self) -> Values {
        let mut state = values(&self.net);
        let (shown, _) = self.optimiser.velocities(self.net.valid());
        // Where there is no velocity the weight itself shows, which is no less equal.
        state.extend(
            values(&shown)
                .into_iter()
                .map(|(name, value)| (format!("velocity.{name}"), value)),
        );
        state
    }
}

fn rate(epoch: usize) -> LearningRate {
    let schedule = StepLr::new(&OPTIM);
    LearningRate {
        lr: schedule.at(epoch),
        decay: schedule.decay(epoch),
    }
}

/// Batches without end: those of training are numbered through all epochs, and others have numbers
/// far from these.
struct Endless {
    epoch: usize,
    modalities: Vec<Modality>,
}

impl Supply for Endless {
    fn count(&self, part: Part) -> usize {
        match part {
            Part::Epoch => STEPS,
            Part::Sample => SAMPLE,
            Part::Validation => 1,
        }
    }

    fn batch(&mut self, part: Part, number: usize) -> Result<Batch, SupplyError> {
        let first = match part {
            Part::Epoch => self.epoch * STEPS,
            Part::Sample => 500,
            Part::Validation => 900,
        };
        Ok(batch(first + number, &self.modalities))
    }
}

/// A parameter or statistic.
#[derive(Clone, Debug)]
pub struct Value {
    pub rank: usize,
    pub values: Vec<f32>,
}

impl Value {
    pub fn bits(&self) -> Vec<u32> {
        self.values.iter().map(|v| v.to_bits()).collect()
    }
}

/// By path.
pub type Values = BTreeMap<String, Value>;

pub fn values<M: Module>(module: &M) -> Values {
    let mut collect = Collect::default();
    // The copy for evaluation shares nothing and has every pending statistic.
    module.valid().visit(&mut collect);
    collect.found
}

#[derive(Default)]
struct Collect {
    path: Vec<String>,
    found: Values,
}

impl ModuleVisitor for Collect {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.into());
    }
    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.found.insert(
            self.path.join("."),
            Value {
                rank: D,
                values: numbers(param.val()),
            },
        );
    }
}

fn bits(tensor: &Tensor<2>) -> Vec<u32> {
    numbers(tensor.clone())
        .into_iter()
        .map(f32::to_bits)
        .collect()
}

/// Which values differ, by path.
pub fn differing(one: &Values, other: &Values) -> Vec<String> {
    assert_eq!(
        one.keys().collect::<Vec<_>>(),
        other.keys().collect::<Vec<_>>()
    );
    one.iter()
        .filter(|(name, value)| value.bits() != other[*name].bits())
        .map(|(name, _)| name.clone())
        .collect()
}

/// Trains both side by side: every loss that `plain` has, every output, and after each epoch
/// every weight, statistic and velocity is equal to the bit.
pub fn assert_same(mut one: Run, mut plain: Run) {
    assert_eq!(
        differing(&one.state(), &plain.state()),
        [""; 0],
        "before the first step"
    );
    for epoch in 0..EPOCHS {
        for (step, (a, b)) in one.epoch(epoch).iter().zip(&plain.epoch(epoch)).enumerate() {
            assert!(!b.losses.is_empty() && b.outputs.fused().is_some());
            for (name, loss) in &b.losses {
                let same = a
                    .losses
                    .iter()
                    .find(|(n, _)| n == name)
                    .map(|(_, loss)| loss.to_bits());
                assert_eq!(
                    same,
                    Some(loss.to_bits()),
                    "epoch {epoch} step {step}: loss of {name}"
                );
            }
            for (name, logits) in b.outputs.iter() {
                let same = a.outputs.get(name).map(bits);
                assert_eq!(
                    same,
                    Some(bits(logits)),
                    "epoch {epoch} step {step}: {name}"
                );
            }
        }
        assert_eq!(
            differing(&one.state(), &plain.state()),
            [""; 0],
            "after epoch {epoch}"
        );
    }
}

/// The other side of [`assert_same`]: what is switched on shows in the weights.
pub fn assert_apart(mut one: Run, mut plain: Run) {
    for epoch in 0..EPOCHS {
        one.epoch(epoch);
        plain.epoch(epoch);
    }
    assert_ne!(differing(&values(&one.net), &values(&plain.net)), [""; 0]);
}
