//! What it costs to look at every gradient before anything moves: against a whole step, with two
//! encoders on inputs of CREMA-D's shape.
//!
//! ```sh
//! cargo bench -p amst --bench gradient_check                                       # width 64, batch 2: a minute
//! AMST_BENCH_WIDTH=8 AMST_BENCH_BATCH=2 cargo bench -p amst --bench gradient_check
//! ```
//!
//! The check does not depend on the batch, so a small one is the worst case. Printed is the ratio
//! of the medians. Run as a test, it only tries itself once at width 4.

use std::time::{Duration, Instant};

use amst::{
    Branch, EpochPlan, ForwardPass, HeadKind, LearningRate, Modality, Optimiser, StepContext,
    Stopwatch, cross_entropy,
};
use amst_encoders::{Input, ResNet18, ResNet18Config, Stem};
use amst_recipe::Optim;
use burn::tensor::{Device, Distribution, Tensor};

const MODALITIES: [Modality; 2] = [Modality::Audio, Modality::Visual];

fn main() {
    let is_bench = std::env::args().any(|argument| argument == "--bench");
    let (width, steps) = if is_bench {
        (setting("AMST_BENCH_WIDTH", 64), 15)
    } else {
        (4, 1)
    };
    let batch = setting("AMST_BENCH_BATCH", 2);
    let device = Device::flex().autodiff();
    let mut branch = branch(width, &device);
    let inputs = inputs(batch, &device);
    let mut optimiser = Optimiser::new(&Optim::default());
    let (mut whole, mut checks) = (Vec::new(), Vec::new());
    for _ in 0..steps {
        let (step, check) = step(&mut branch, &inputs, &mut optimiser);
        whole.push(step);
        checks.push(check);
    }
    let (step, check) = (median(whole), median(checks));
    let share = 100.0 * check.as_secs_f64() / step.as_secs_f64();
    println!("width {width}, batch {batch}: step {step:.2?}, check {check:.2?}, {share:.3} %");
}

fn setting(name: &str, default: usize) -> usize {
    match std::env::var(name) {
        Ok(text) => text
            .parse()
            .unwrap_or_else(|_| panic!("{name}={text} is not a number")),
        Err(_) => default,
    }
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// The times of a whole step and of the check within it.
fn step(
    branch: &mut Branch<ResNet18>,
    batch: &amst::Batch,
    optimiser: &mut Optimiser,
) -> (Duration, Duration) {
    let plan = EpochPlan::everything(0, &MODALITIES);
    let mut context = StepContext {
        plan: &plan,
        step: 0,
        steps: 1,
        rate: LearningRate::constant(1e-3),
        optimiser,
        clock: &mut Stopwatch::default(),
        fault: None,
    };
    let start = Instant::now();
    let pass = ForwardPass::run(branch, &MODALITIES, batch, &mut context);
    let loss = cross_entropy(branch.head.fused(&pass.embeddings), &batch.labels);
    let gradients = branch.gradients(&loss, &mut context);
    let began = Instant::now();
    assert_eq!(branch.fault(&gradients), None);
    let check = began.elapsed();
    branch.descend(gradients, &mut context);
    // It checks once more itself.
    (start.elapsed() - check, check)
}

fn branch(width: usize, device: &Device) -> Branch<ResNet18> {
    let mut seed = 1u64;
    let mut normal = move || {
        // The sum of twelve uniform numbers.
        let mut uniform = || {
            seed = seed
                .wrapping_mul(6364136223846793005)
                .wrapping_add(1442695040888963407);
            (seed >> 33) as f64 / (1u64 << 31) as f64
        };
        (0..12).map(|_| uniform()).sum::<f64>() - 6.0
    };
    let mut encoder = |channels| {
        ResNet18Config {
            channels,
            width,
            stem: Stem::Imagenet,
            embed: None,
        }
        .init(&mut normal, device)
    };
    let encoders = vec![encoder(1), encoder(3)];
    Branch {
        encoders,
        head: HeadKind::Concat.init(2, 8 * width, 6, &mut normal, device),
    }
}

fn inputs(batch: usize, device: &Device) -> amst::Batch {
    let normal = Distribution::Normal(0.0, 1.0);
    let audio = Input::Map(Tensor::random([batch, 1, 1024, 128], normal, device));
    let visual = Input::Frames(Tensor::random([batch, 3, 3, 224, 224], normal, device));
    let labels: Vec<i64> = (0..batch as i64).map(|sample| sample % 6).collect();
    let inputs = [(Modality::Audio, audio), (Modality::Visual, visual)].into();
    amst::Batch {
        inputs,
        labels: Tensor::from_data(labels.as_slice(), device),
    }
}
