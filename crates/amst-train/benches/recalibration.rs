//! How many batches a modality must read again after its epoch before validation is what it would
//! be with all of them.
//!
//! ```sh
//! cargo bench --workspace --bench recalibration
//! ```
//!
//! AMST-Alt and AMST-Joint on world-digits, three seeds, forty epochs. After each epoch in which
//! audio trained, copies of the network read tails of different lengths, and each copy is
//! validated: weights and what came before are the same, so what the accuracies differ by is the
//! tail's doing. The reference is a copy that read the whole epoch twice, after which what was
//! there before weighs 0.9^54. The accuracy of audio alone shows the effect undiluted.

use std::path::Path;

use amst::methods::built_in;
use amst::{
    LearningRate, Modality, Net, Session, SessionSettings, StepLr, StepNumber, recalibrate,
};
use amst_data::{Loader, LoaderConfig, Prepared, SplitName, prepare};
use amst_encoders::AnyEncoder;
use amst_recipe::{Recipe, ResolvedDataset, find_dataset};
use amst_train::{Evaluator, build, upload};
use burn::module::Module;
use burn::tensor::Device;

/// Batches that are read again, of 27.
const TAILS: [usize; 9] = [0, 1, 2, 3, 5, 10, 15, 20, 27];

/// Validation accuracy in per cent, of audio alone and fused.
type Accuracy = [f64; 2];

fn main() {
    // `cargo test` only wants to know that it runs.
    let measures = std::env::args().any(|argument| argument == "--bench");
    let (seeds, epochs) = if measures { (3, 40) } else { (1, 2) };
    let datasets = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../datasets");
    let dataset = find_dataset("world-digits", &datasets).expect("the embedded data");
    let store = tempfile::tempdir().expect("a temporary folder");
    for method in ["amst-alt", "amst-joint"] {
        let mut seen: Vec<Vec<Accuracy>> = Vec::new();
        for seed in 0..seeds {
            let mut training = Training::new(&dataset, store.path(), method, seed, epochs);
            seen.extend(training.run());
        }
        print(method, &seen);
    }
}

/// Of every active epoch: the accuracies after each tail, and the reference last.
fn print(method: &str, seen: &[Vec<Accuracy>]) {
    println!(
        "{method}: difference of validation accuracy from the reference in {} active epochs, points",
        seen.len()
    );
    println!(
        "{:>5}  {:>24}  {:>24}",
        "tail", "audio: mean (largest)", "fused: mean (largest)"
    );
    for (at, tail) in TAILS.iter().enumerate() {
        let of = |output: usize| {
            let differences: Vec<f64> = seen
                .iter()
                .map(|tails| (tails[at][output] - tails[TAILS.len()][output]).abs())
                .collect();
            let mean = differences.iter().sum::<f64>() / differences.len() as f64;
            format!(
                "{mean:.2} ({:.1})",
                differences.iter().copied().fold(0.0, f64::max)
            )
        };
        println!("{tail:>5}  {:>24}  {:>24}", of(0), of(1));
    }
}

struct Training {
    recipe: Recipe,
    data: Prepared,
    session: Session<AnyEncoder>,
    loader: Loader,
}

impl Training {
    fn new(
        dataset: &ResolvedDataset,
        store: &Path,
        method: &str,
        seed: u64,
        epochs: usize,
    ) -> Self {
        let settings = [
            format!("method={method}"),
            format!("seed={seed}"),
            format!("epochs={epochs}"),
        ];
        let recipe = built_in()
            .resolve(std::slice::from_ref(&dataset.spec.recipe), &settings)
            .expect("settings of a recipe");
        let data = prepare(dataset, &recipe, None, store, &|_| {})
            .expect("the embedded data can be prepared");
        let built = build(
            &recipe,
            None,
            data.classes().len(),
            &Device::flex().autodiff(),
        )
        .expect("a network");
        let config = LoaderConfig {
            batch_size: recipe.batch_size,
            seed,
            train: true,
            ..LoaderConfig::default()
        };
        let loader = Loader::new(data.split(SplitName::Train), config).expect("a loader");
        let settings = SessionSettings::from_recipe(&recipe, data.classes().len());
        Self {
            session: Session::new(built.method, built.net, settings),
            recipe,
            data,
            loader,
        }
    }

    fn run(&mut self) -> Vec<Vec<Accuracy>> {
        let mut seen = Vec::new();
        for epoch in 0..self.recipe.epochs {
            self.epoch(epoch);
            if !self.session.plan(epoch).recalibrates.is_empty() {
                let mut tails: Vec<Accuracy> = TAILS
                    .iter()
                    .map(|tail| self.after(epoch, *tail, 1))
                    .collect();
                tails.push(self.after(epoch, self.loader.steps(), 2));
                seen.push(tails);
            }
        }
        seen
    }

    fn epoch(&mut self, epoch: usize) {
        let plan = self.session.plan(epoch);
        let rate = LearningRate::constant(StepLr::new(&self.recipe.optim).at(epoch));
        let steps = self.loader.steps();
        for (step, batch) in self.loader.epoch(epoch as u64, &plan.reads).enumerate() {
            let batch = upload(batch.expect("a batch"), &Device::flex().autodiff());
            let number = StepNumber { step, steps };
            self.session.step(&plan, number, rate, &batch);
        }
    }

    /// Validation of a copy that read the epoch's last batches again, so many times.
    fn after(&self, epoch: usize, tail: usize, times: usize) -> Accuracy {
        // A clone would share the running statistics.
        let copy: Net<AnyEncoder> = self.session.net.valid().train();
        let due = self.session.plan(epoch).recalibrates;
        let steps = self.loader.steps();
        for _ in 0..times {
            for batch in self
                .loader
                .batches(epoch as u64, steps.saturating_sub(tail)..steps, &due)
            {
                let batch = upload(batch.expect("a batch"), &Device::flex().autodiff());
                recalibrate(&copy, &self.recipe.modalities, &batch);
            }
        }
        let mut validation = Evaluator::new(
            self.data.split(SplitName::Val),
            self.recipe.eval_batch_size,
            1,
        )
        .expect("validation");
        let evaluation = validation
            .evaluate(self.session.method.as_ref(), &copy.valid(), &Device::flex())
            .expect("an evaluation");
        [Modality::Audio.name(), "fused"].map(|output| 100.0 * evaluation.metrics[output].accuracy)
    }
}
