//! A world small enough to be exact about: tiny encoders, four samples a batch, and no
//! parameter that sits at 0 or 1, where a wrong rule could hide.

use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};

use amst::{
    Batch, Branch, Every, HeadKind, LearningRate, Method, Modality, Net, Session, SessionSettings,
    SkipSchedule, StepNumber, StepReport,
};
use amst_encoders::{AnyEncoder, Input, ResNet18Config, Stem, TokenMeanConfig};
use amst_recipe::Optim;
use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor, TensorData};

pub use Modality::{Audio, Text, Visual};

pub const CLASSES: usize = 3;
pub const EMBED: usize = 16;
pub const STEPS: usize = 2;
const BATCH: usize = 4;
const VOCABULARY: usize = 10;

/// The settings of every run here; the rate does not drop.
pub const OPTIM: Optim = Optim {
    lr: 0.005,
    momentum: 0.9,
    weight_decay: 0.05,
    lr_step: 1000,
    lr_gamma: 0.1,
};

pub fn device() -> Device {
    Device::flex().autodiff()
}

pub fn schedule(every: &[(Modality, u32)]) -> SkipSchedule {
    let every: Vec<_> = every.iter().map(|(m, s)| (*m, Every::Epochs(*s))).collect();
    SkipSchedule::new(&every, 0).unwrap()
}

/// Roughly standard normal numbers from a seed.
pub fn normal(mut seed: u64) -> impl FnMut() -> f64 {
    let mut uniform = move || {
        seed = seed
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (seed >> 33) as f64 / (1u64 << 31) as f64
    };
    move || (0..12).map(|_| uniform()).sum::<f64>() - 6.0
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

    pub fn statistics(&self) -> Values {
        statistics(&self.net)
    }
}

fn net(branches: &[(&'static str, HeadKind)], modalities: &[Modality]) -> Net<AnyEncoder> {
    let device = device();
    let mut numbers = normal(7);
    let mut branch = |kind: &HeadKind| Branch {
        encoders: modalities
            .iter()
            .map(|m| encoder(*m, &mut numbers, &device))
            .collect(),
        head: kind.init(modalities.len(), EMBED, CLASSES, &mut numbers, &device),
    };
    let branches = branches.iter().map(|(_, kind)| branch(kind)).collect();
    unsettled(Net::new(branches))
}

pub fn encoder(modality: Modality, normal: &mut dyn FnMut() -> f64, device: &Device) -> AnyEncoder {
    let resnet = ResNet18Config {
        channels: 1,
        width: EMBED / 8,
        stem: Stem::Small,
        embed: None,
    };
    match modality {
        Audio | Visual => AnyEncoder::ResNet18(resnet.init(normal, device)),
        Text => AnyEncoder::TokenMean(
            TokenMeanConfig {
                vocabulary: VOCABULARY,
                width: 5,
                embed: EMBED,
            }
            .init(normal, device),
        ),
    }
}

/// Every parameter and statistic moved a little from where initialisation put it.
pub fn unsettled<M: Module>(module: M) -> M {
    struct Nudge<F>(F);
    impl<F: FnMut() -> f64> ModuleMapper for Nudge<F> {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            param.map(|value| {
                let shape = value.dims();
                let nudges = (0..shape.iter().product())
                    .map(|_| 0.1 * (self.0)() as f32)
                    .collect::<Vec<_>>();
                let nudges = Tensor::from_data(TensorData::new(nudges, shape), &value.device());
                value + nudges
            })
        }
    }
    module.valid().map(&mut Nudge(normal(11))).train()
}

/// Batch `number` of an endless supply, with these modalities only.
pub fn batch(number: usize, loads: &[Modality]) -> Batch {
    let device = device();
    let mut numbers = normal(1000 + number as u64);
    let mut floats = |count: usize| (0..count).map(|_| numbers() as f32).collect::<Vec<_>>();
    let audio = Tensor::from_data(
        TensorData::new(floats(BATCH * 64), [BATCH, 1, 8, 8]),
        &device,
    );
    let visual = Tensor::from_data(
        TensorData::new(floats(BATCH * 128), [BATCH, 1, 2, 8, 8]),
        &device,
    );
    let ids: Vec<i64> = (0..BATCH * 3)
        .map(|i| ((number * 5 + i * i) % VOCABULARY) as i64)
        .collect();
    let mask: Vec<f32> = (0..BATCH * 3)
        .map(|i| if i % 6 == 5 { 0.0 } else { 1.0 })
        .collect();
    let text = Input::Tokens {
        ids: Tensor::from_data(TensorData::new(ids, [BATCH, 3]), &device),
        mask: Tensor::from_data(TensorData::new(mask, [BATCH, 3]), &device),
    };
    let all = [
        (Audio, Input::Map(audio)),
        (Text, text),
        (Visual, Input::Frames(visual)),
    ];
    let labels: Vec<i64> = (0..BATCH)
        .map(|i| ((number + i) % CLASSES) as i64)
        .collect();
    Batch {
        inputs: all.into_iter().filter(|(m, _)| loads.contains(m)).collect(),
        labels: Tensor::from_data(TensorData::new(labels, [BATCH]), &device),
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

pub fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_to_vec().unwrap()
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
