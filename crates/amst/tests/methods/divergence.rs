//! NaN or infinity moves nothing, be it in a loss or in a gradient whose loss is finite: in every
//! built-in method.

use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};

use amst::methods::{built_in, method};
use amst::{
    Batch, Branch, EpochPlan, ForwardPass, LearningRate, Modality, Net, Noise, Part, Session,
    SessionSettings, StepContext, StepNumber, StepReport, Supply, SupplyError,
};
use amst_encoders::{Encoder, Input};
use amst_recipe::Recipe;
use burn::module::{Module, ModuleVisitor, Param, ParamId};
use burn::nn::{Linear, LinearConfig};
use burn::tensor::{Device, Tensor, TensorData};

const EMBED: usize = 8;
const CLASSES: usize = 3;
const BATCH: usize = 6;
const RATE: LearningRate = LearningRate {
    lr: 0.01,
    decay: 1.0,
};

/// A linear layer, and a root that adds nothing: its slope is infinite where the input's first
/// number is 0.
#[derive(Module, Debug)]
struct Rooted {
    linear: Linear,
    root: Param<Tensor<1>>,
}

impl Rooted {
    fn new(device: &Device) -> Self {
        let root = Param::from_tensor(Tensor::from_floats([1.0], device));
        Self {
            linear: LinearConfig::new(4, EMBED).init(device),
            root,
        }
    }
}

impl Encoder for Rooted {
    fn embed(&self, input: &Input) -> Tensor<2> {
        let Input::Map(map) = input else {
            panic!("there are only maps here")
        };
        let flat: Tensor<2> = map.clone().flatten::<2>(1, 3);
        let first: Tensor<1> = flat.clone().slice([0..1, 0..1]).flatten(0, 1);
        let nothing = (self.root.val() * first).sqrt().mul_scalar(0.0);
        self.linear.forward(flat) + nothing.unsqueeze::<2>().expand([BATCH, EMBED])
    }

    fn has_running_statistics(&self) -> bool {
        false
    }
}

fn batch(modalities: &[Modality], number: usize) -> Batch {
    let device = Device::flex().autodiff();
    let input = |m: &Modality| {
        let value = |i: usize| {
            if i == 0 {
                1.0
            } else {
                ((i * 7 + number * 3 + *m as usize) % 11) as f32 / 5.0 - 1.0
            }
        };
        let values: Vec<f32> = (0..BATCH * 4).map(value).collect();
        (
            *m,
            Input::Map(Tensor::from_data(
                TensorData::new(values, [BATCH, 1, 2, 2]),
                &device,
            )),
        )
    };
    let labels: Vec<i64> = (0..BATCH).map(|i| (i % CLASSES) as i64).collect();
    let labels = Tensor::from_data(TensorData::new(labels, [BATCH]), &device);
    Batch {
        inputs: modalities.iter().map(input).collect(),
        labels,
    }
}

/// The batch with the first number of a modality, or all its numbers, multiplied.
fn with(mut batch: Batch, modality: Modality, factor: f32, all: bool) -> Batch {
    let Some(Input::Map(map)) = batch.inputs.get(&modality).cloned() else {
        panic!("{modality} is not there")
    };
    let count = if all { BATCH * 4 } else { 1 };
    let mut factors = vec![1.0; BATCH * 4];
    factors[..count].fill(factor);
    let factors = Tensor::from_data(TensorData::new(factors, [BATCH, 1, 2, 2]), &map.device());
    batch.inputs.insert(modality, Input::Map(map * factors));
    batch
}

struct Fixed(Vec<Modality>);

impl Supply for Fixed {
    fn count(&self, _: Part) -> usize {
        2
    }

    fn batch(&mut self, _: Part, number: usize) -> Result<Batch, SupplyError> {
        Ok(batch(&self.0, number))
    }
}

struct Run(Session<Rooted>);

impl Deref for Run {
    type Target = Session<Rooted>;

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
    /// A method as a recipe makes it, begun and one step on.
    fn of(name: &str) -> Self {
        let mut recipe = Recipe {
            method: name.into(),
            ..Recipe::default()
        };
        recipe.modalities = match name {
            "unimodal" => vec![Modality::Audio],
            _ => vec![Modality::Audio, Modality::Visual],
        };
        let noise: Noise = Box::new(|_, _| Box::new(|count| vec![0.5; count]));
        let method = method::<Rooted>(&recipe, noise).unwrap();
        let device = Device::flex().autodiff();
        let mut numbers = (1..).map(|n| ((n * 37 % 101) as f64 - 50.0) / 100.0);
        let mut branches = Vec::new();
        for (_, head) in method.branches() {
            let encoders: Vec<_> = recipe
                .modalities
                .iter()
                .map(|_| Rooted::new(&device))
                .collect();
            let head = head.init(
                encoders.len(),
                EMBED,
                CLASSES,
                &mut || numbers.next().unwrap(),
                &device,
            );
            branches.push(Branch { encoders, head });
        }
        let settings = SessionSettings::from_recipe(&recipe, CLASSES);
        let mut run = Self(Session::new(method, Net::new(branches), settings));
        let plan = run.plan(0);
        let mut supply = Fixed(recipe.modalities);
        run.begin_epoch(&plan, RATE, &mut supply).unwrap();
        let before = run.weights();
        let report = run.step(&batch(run.modalities(), 0));
        assert!(report.is_finite() && report.fault.is_none(), "{name:?}");
        assert_ne!(
            before,
            run.weights(),
            "{name:?} trains nothing, so that nothing is shown here"
        );
        run
    }

    fn step(&mut self, batch: &Batch) -> StepReport {
        let plan = self.plan(0);
        let number = StepNumber { step: 0, steps: 1 };
        self.0.step(&plan, number, RATE, batch)
    }

    /// Bits of weights and velocities, by branch, part and place.
    fn weights(&self) -> BTreeMap<String, Vec<u32>> {
        let (moving, _) = self.optimiser.velocities(self.net.valid());
        let mut all = BTreeMap::new();
        for (what, net) in [("weight", self.net.valid()), ("velocity", moving)] {
            for (number, branch) in net.branches.iter().enumerate() {
                all.extend(
                    bits(&branch.head)
                        .into_iter()
                        .map(|(n, b)| (format!("{what} {number} head {n}"), b)),
                );
                for (modality, encoder) in self.modalities().iter().zip(&branch.encoders) {
                    all.extend(
                        bits(encoder)
                            .into_iter()
                            .map(|(n, b)| (format!("{what} {number} {modality} {n}"), b)),
                    );
                }
            }
        }
        all
    }

    fn root(&self, modality: usize) -> ParamId {
        self.net.branches[0].encoders[modality].root.id
    }
}

fn bits<M: Module>(module: &M) -> Vec<(usize, Vec<u32>)> {
    struct Bits(Vec<Vec<u32>>);
    impl ModuleVisitor for Bits {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let values: Vec<f32> = param.val().into_data().try_to_vec().unwrap();
            self.0.push(values.into_iter().map(f32::to_bits).collect());
        }
    }
    let mut visitor = Bits(Vec::new());
    module.visit(&mut visitor);
    visitor.0.into_iter().enumerate().collect()
}

/// Audio comes first, also where modalities take turns.
#[test]
fn a_gradient_that_is_nan_or_infinite_is_named_and_moves_nothing() {
    for name in built_in().names() {
        let mut run = Run::of(name);
        let before = run.weights();
        let report = run.step(&with(
            batch(run.modalities(), 1),
            Modality::Audio,
            0.0,
            false,
        ));
        assert!(
            report.is_finite(),
            "{name:?}: the loss is finite, the gradient is not"
        );
        assert_eq!(report.fault, Some(run.root(0)), "{name:?}");
        assert!(before == run.weights(), "{name:?} moved");
    }
}

#[test]
fn a_loss_that_is_nan_is_reported_and_moves_nothing() {
    for name in built_in().names() {
        let mut run = Run::of(name);
        let before = run.weights();
        let mut broken = batch(run.modalities(), 1);
        for modality in run.modalities().to_vec() {
            broken = with(broken, modality, f32::NAN, true);
        }
        let report = run.step(&broken);
        assert!(!report.is_finite(), "{name:?}");
        assert!(before == run.weights(), "{name:?} moved");
    }
}

/// The turns before it have been taken by then, so audio and the shared head moved. Nothing after
/// it does.
#[test]
fn where_modalities_take_turns_the_faulty_turn_and_those_after_it_do_not_happen() {
    for name in built_in().names().filter(|name| *name != "unimodal") {
        let mut run = Run::of(name);
        let before = run.weights();
        let report = run.step(&with(
            batch(run.modalities(), 1),
            Modality::Visual,
            0.0,
            false,
        ));
        assert_eq!(report.fault, Some(run.root(1)), "{name:?}");
        let after = run.weights();
        let moved: Vec<_> = before
            .iter()
            .filter(|(key, bits)| after[*key] != **bits)
            .map(|(key, _)| key)
            .collect();
        let takes_turns = matches!(name, "amst-alt" | "amst-full" | "mla" | "early-stopping");
        assert_eq!(!moved.is_empty(), takes_turns, "{name:?}: {moved:?}");
        let first_turn = |key: &&&String| key.contains(" 0 head") || key.contains(" 0 audio");
        assert_eq!(
            moved.iter().filter(first_turn).count(),
            moved.len(),
            "{name:?}: {moved:?}"
        );
    }
}

/// Finite numbers whose sum is infinite are finite all the same.
#[test]
fn gradients_that_are_large_and_finite_are_no_fault() {
    let mut run = Run::of("naive");
    let modalities = run.modalities().to_vec();
    let session = &mut run.0;
    let branch = &mut session.net.branches[0];
    let plan = EpochPlan::everything(0, &modalities);
    let mut context = StepContext {
        plan: &plan,
        step: 0,
        steps: 1,
        rate: LearningRate::constant(0.0),
        optimiser: &mut session.optimiser,
        clock: &mut session.clock,
        fault: None,
    };
    let pass = ForwardPass::run(branch, &modalities, &batch(&modalities, 1), &mut context);
    // Two biases with a gradient of 2e38 each, and no 32-bit float above 3.4e38.
    let logits = branch.head.fused(&pass.embeddings);
    let huge = logits.slice([0..1, 0..2]).sum().mul_scalar(2e38);
    let gradients = branch.gradients(&huge, &mut context);
    branch.descend(gradients, &mut context);
    assert_eq!(context.fault, None);
}
