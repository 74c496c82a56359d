//! Kept embeddings give what a fresh evaluation gives, bit for bit.

use amst::{LearningRate, Modality, Session, SessionSettings, StepLr, StepNumber};
use amst_data::{Loader, LoaderConfig, Prepared, SplitName};
use amst_encoders::AnyEncoder;
use amst_recipe::Recipe;
use amst_train::{Evaluation, Evaluator, build, upload};
use burn::module::Module;
use burn::tensor::Device;

use crate::cells::cell;

/// A network that is trained for some epochs.
struct Training {
    recipe: Recipe,
    data: Prepared,
    session: Session<AnyEncoder>,
}

impl Training {
    fn new(assignments: &[&str]) -> Self {
        let recipe = cell(assignments).0.recipe;
        let data = Prepared::synthetic(&recipe).unwrap();
        let (classes, device) = (data.classes().len(), Device::flex().autodiff());
        let built = build(&recipe, None, classes, &device).unwrap();
        let settings = SessionSettings::from_recipe(&recipe, classes);
        Self {
            session: Session::new(built.method, built.net, settings),
            recipe,
            data,
        }
    }

    fn epoch(&mut self, epoch: usize) {
        let config = LoaderConfig {
            batch_size: 16,
            train: true,
            ..LoaderConfig::default()
        };
        let loader = Loader::new(self.data.split(SplitName::Train), config).unwrap();
        let plan = self.session.plan(epoch);
        let rate = LearningRate::constant(StepLr::new(&self.recipe.optim).at(epoch));
        let steps = loader.steps();
        for (step, batch) in loader.epoch(epoch as u64, &plan.reads).enumerate() {
            let batch = upload(batch.unwrap(), &Device::flex().autodiff());
            let number = StepNumber { step, steps };
            self.session.step(&plan, number, rate, &batch);
        }
    }

    fn evaluator(&self) -> Evaluator {
        Evaluator::new(
            self.data.split(SplitName::Val),
            10,
            self.session.net.branches.len(),
        )
        .unwrap()
    }

    fn evaluate(&self, evaluator: &mut Evaluator) -> Evaluation {
        evaluator
            .evaluate(
                self.session.method.as_ref(),
                &self.session.net.valid(),
                &Device::flex(),
            )
            .unwrap()
    }
}

/// Bits of all logits, by output.
fn logits(evaluation: &Evaluation) -> Vec<(String, Vec<u32>)> {
    let bits = |values: Vec<f32>| values.into_iter().map(f32::to_bits).collect();
    let outputs = evaluation.outputs.iter();
    outputs
        .map(|(name, logits)| {
            (
                name.into(),
                bits(logits.clone().into_data().try_to_vec().unwrap()),
            )
        })
        .collect()
}

const CASES: [&[&str]; 3] = [
    &["method=amst-alt"],
    &["method=amst-full"],
    &[
        "method=amst-joint",
        "modalities=audio,text,visual",
        "skip.text=3",
    ],
];

#[test]
fn an_evaluation_with_kept_embeddings_equals_one_from_scratch() {
    for case in CASES {
        let mut training = Training::new(case);
        let mut keeping = training.evaluator();
        for epoch in 0..4 {
            training.epoch(epoch);
            keeping.forget(&training.session.plan(epoch).reads);
            let (kept, fresh) = (
                training.evaluate(&mut keeping),
                training.evaluate(&mut training.evaluator()),
            );
            assert!(logits(&kept) == logits(&fresh), "{case:?} epoch {epoch}");
            assert_eq!(kept.metrics, fresh.metrics);
        }
    }
}

/// The other side: embeddings really are kept, so forgetting to forget would show.
#[test]
fn embeddings_that_are_not_forgotten_are_not_computed_again() {
    let mut training = Training::new(&["method=amst-alt"]);
    let mut keeping = training.evaluator();
    training.evaluate(&mut keeping);
    training.epoch(0);
    keeping.forget(&[Modality::Visual]);
    let (kept, fresh) = (
        training.evaluate(&mut keeping),
        training.evaluate(&mut training.evaluator()),
    );
    let of = |evaluation: &Evaluation, name: &str| {
        logits(evaluation).into_iter().find(|(n, _)| n == name)
    };
    assert_eq!(of(&kept, "visual"), of(&fresh, "visual"));
    assert_ne!(of(&kept, "audio"), of(&fresh, "audio"));
}

#[test]
fn the_evaluation_batch_size_changes_nothing_but_rounding() {
    let training = Training::new(&["method=amst-full"]);
    let with = |size| {
        let mut evaluator = Evaluator::new(training.data.split(SplitName::Val), size, 2).unwrap();
        training.evaluate(&mut evaluator).metrics["fused"].clone()
    };
    assert_eq!(with(32).accuracy, with(7).accuracy);
    assert!((with(32).loss - with(7).loss).abs() < 1e-6);
}
