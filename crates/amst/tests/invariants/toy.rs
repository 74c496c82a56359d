//! A session that is stepped by hand, and what moved in it.

use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};

use amst::{
    Batch, LearningRate, Method, Modality, ModalitySchedule, Session, SessionSettings,
    SkipSchedule, StepNumber, StepReport,
};
use amst_encoders::AnyEncoder;
use amst_recipe::Optim;
use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::Tensor;

pub use crate::toy_network::*;

/// The settings of every run here; the rate does not drop.
pub const OPTIM: Optim = Optim {
    lr: 0.005,
    momentum: 0.9,
    weight_decay: 0.05,
    lr_step: 1000,
    lr_gamma: 0.1,
};

pub fn schedule(every: &[(Modality, u32)]) -> SkipSchedule {
    let every: Vec<_> = every
        .iter()
        .map(|(m, s)| (*m, ModalitySchedule::Every(*s)))
        .collect();
    SkipSchedule::new(&every, 0).unwrap()
}

/// A session that is stepped by hand.
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

impl Run {
    /// Equal methods start from equal weights.
    pub fn new(method: impl Method<AnyEncoder> + 'static) -> Self {
        let net = net(&method.branches(), method.modalities());
        let settings = SessionSettings {
            optim: OPTIM,
            classes: CLASSES,
            recalibrate: STEPS,
            precise_bn: 0,
        };
        Self(Session::new(Box::new(method), net, settings))
    }

    /// One step on that epoch's batch `number`, with the modalities that the plan reads.
    pub fn step(&mut self, epoch: usize, number: usize) -> StepReport {
        let reads = self.plan(epoch).reads;
        self.step_at(epoch, number, &batch(epoch * STEPS + number, &reads))
    }

    /// One step on a given batch, an epoch's first.
    pub fn step_on(&mut self, epoch: usize, batch: &Batch) -> StepReport {
        self.step_at(epoch, 0, batch)
    }

    /// The same as step `step` of its epoch.
    pub fn step_at(&mut self, epoch: usize, step: usize, batch: &Batch) -> StepReport {
        let plan = self.plan(epoch);
        let number = StepNumber { step, steps: STEPS };
        self.0
            .step(&plan, number, LearningRate::constant(OPTIM.lr), batch)
    }

    /// All steps of an epoch.
    pub fn epoch(&mut self, epoch: usize) -> Vec<StepReport> {
        (0..STEPS).map(|number| self.step(epoch, number)).collect()
    }

    pub fn weights(&self) -> Values {
        weights(&self.net)
    }

    /// The velocity of every parameter that has one, in its place; the others as they are.
    pub fn velocities(&self) -> Values {
        let (velocities, _) = self.optimiser.velocities(self.net.clone());
        weights(&velocities)
    }

    pub fn statistics(&self) -> Values {
        statistics(&self.net)
    }
}

/// Values by path, to be compared bit for bit.
pub type Values = BTreeMap<String, Vec<f32>>;

/// Everything that can be trained.
pub fn weights<M: Module>(module: &M) -> Values {
    values(module, |name| !name.contains("running_"))
}

/// Every running mean and variance.
pub fn statistics<M: Module>(module: &M) -> Values {
    values(module, |name| name.contains("running_"))
}

fn values<M: Module>(module: &M, wanted: impl Fn(&str) -> bool) -> Values {
    let mut collect = Collect::default();
    // The copy for evaluation shares nothing and has every pending statistic.
    module.valid().visit(&mut collect);
    collect
        .found
        .into_iter()
        .filter(|(name, _)| wanted(name))
        .collect()
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
        self.found.insert(self.path.join("."), numbers(param.val()));
    }
}

/// The part of `values` whose path starts with `prefix`; there must be one.
pub fn under(values: &Values, prefix: &str) -> Values {
    let part: Values = values
        .iter()
        .filter(|(name, _)| name.starts_with(prefix))
        .map(|(n, v)| (n.clone(), v.clone()))
        .collect();
    assert!(
        !part.is_empty(),
        "nothing is called {prefix}: {:?}",
        values.keys()
    );
    part
}

/// Not one bit of `prefix` moved.
pub fn assert_still(before: &Values, after: &Values, prefix: &str) {
    for (name, old) in under(before, prefix) {
        assert_eq!(bits(&old), bits(&after[&name]), "{name} moved");
    }
}

/// Every tensor of `prefix` moved.
pub fn assert_moved(before: &Values, after: &Values, prefix: &str) {
    for (name, old) in under(before, prefix) {
        assert_ne!(bits(&old), bits(&after[&name]), "{name} did not move");
    }
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|v| v.to_bits()).collect()
}

pub fn largest_difference(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter()
        .zip(b)
        .fold(0.0, |largest, (a, b)| largest.max((a - b).abs()))
}
