//! Skipping pays: what a step of the alternating module costs on average over an epoch when
//! audio trains in every fifth epoch only, against the same module without skipping.
//!
//! ```sh
//! cargo bench -p amst --bench skipping                                       # width 8, batch 2: minutes
//! AMST_BENCH_WIDTH=64 AMST_BENCH_BATCH=4 cargo bench -p amst --bench skipping  # the paper's width
//! ```
//!
//! The inputs have CREMA-D's shape: a 1024 x 128 spectrogram and three 224 x 224 frames. One
//! measurement is one step of each of five epochs, one active and four that skip audio, and
//! the active epoch's recalibration: 50 of its 94 batches (5,962 clips, 64 a batch) are read
//! again, so 50/94 of reading a batch comes on top of each of its steps. The time shown is
//! that of one step, a fifth of the sum; loading is left out, of which fast execution spares
//! more. The ratio is printed at the end.

use std::hint::black_box;
use std::time::{Duration, Instant};

use amst::{
    Alternating, Batch, Branch, Execution, LearningRate, Method, Modality, ModalitySchedule, Net,
    Session, SessionSettings, SkipSchedule, StepNumber,
};
use amst_encoders::{Input, ResNet18, ResNet18Config, Stem};
use amst_recipe::Optim;
use burn::tensor::{Device, Distribution, Tensor};
use criterion::{BenchmarkId, Criterion, SamplingMode};

const CLASSES: usize = 6;
/// Epochs from one in which audio trains to the next.
const CYCLE: usize = 5;
/// Share of an active epoch's batches that are read again.
const RECALIBRATED: f64 = 50.0 / 94.0;

fn main() {
    let (width, batch) = (
        setting("AMST_BENCH_WIDTH", 8),
        setting("AMST_BENCH_BATCH", 2),
    );
    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("alternating step");
    group
        .sample_size(10)
        .sampling_mode(SamplingMode::Flat)
        .measurement_time(Duration::from_secs(20));
    let mut steps = Vec::new();
    for (name, every) in [("without skipping", 1), ("audio every 5th epoch", CYCLE)] {
        let mut bench = Bench::new(width, batch, every as u32);
        let mut measured = Vec::new();
        let id = BenchmarkId::new(name, format!("width {width}, batch {batch}"));
        group.bench_function(id, |b| {
            b.iter_custom(|iterations| {
                let cycles: Vec<Duration> = (0..iterations).map(|_| bench.cycle()).collect();
                measured.extend(&cycles);
                cycles.iter().sum()
            });
        });
        steps.push(median(measured));
    }
    group.finish();
    criterion.final_summary();
    if let [Some(without), Some(with)] = steps[..] {
        println!(
            "ratio of medians: {:.3} ({with:.2?} a step against {without:.2?})",
            with.as_secs_f64() / without.as_secs_f64()
        );
    }
}

fn setting(name: &str, default: usize) -> usize {
    match std::env::var(name) {
        Ok(text) => text
            .parse()
            .unwrap_or_else(|_| panic!("{name}={text} is not a number")),
        Err(_) => default,
    }
}

/// `None` of too few to mean something: left out by a filter, or only tried once by `cargo test`.
fn median(mut times: Vec<Duration>) -> Option<Duration> {
    times.sort();
    (times.len() >= 10).then(|| times[times.len() / 2])
}

/// An alternating module in training.
struct Bench {
    session: Session<ResNet18>,
    whole: Batch,
}

impl Bench {
    fn new(width: usize, batch: usize, audio_every: u32) -> Self {
        let device = Device::flex().autodiff();
        let every = [
            (Modality::Audio, ModalitySchedule::Every(audio_every)),
            (Modality::Visual, ModalitySchedule::Every(1)),
        ];
        let schedule = SkipSchedule::new(&every, 0).expect("a schedule that trains");
        let method: Box<dyn Method<ResNet18>> =
            Box::new(Alternating::new(schedule, Execution::Fast));
        let net = network(method.as_ref(), width, &device);
        let settings = SessionSettings {
            optim: Optim::default(),
            classes: CLASSES,
            recalibrate: 50,
            precise_bn: 0,
        };
        Self {
            session: Session::new(method, net, settings),
            whole: inputs(batch, &device),
        }
    }

    /// One step of each epoch of a cycle and the recalibration's share; the time of one step.
    fn cycle(&mut self) -> Duration {
        let start = Instant::now();
        for epoch in 0..CYCLE {
            self.step(epoch);
        }
        let steps = start.elapsed();
        (steps + self.recalibration().mul_f64(RECALIBRATED)) / CYCLE as u32
    }

    fn step(&mut self, epoch: usize) {
        let plan = self.session.plan(epoch);
        let batch = self.with(&plan.reads);
        let number = StepNumber { step: 0, steps: 1 };
        let rate = LearningRate::constant(1e-3);
        black_box(self.session.step(&plan, number, rate, &batch));
    }

    /// What reading a batch again costs for the modalities that are skipped at times.
    fn recalibration(&self) -> Duration {
        let batch = self.with(&self.session.plan(0).recalibrates);
        let start = Instant::now();
        self.session.recalibrate(&batch);
        start.elapsed()
    }

    fn with(&self, modalities: &[Modality]) -> Batch {
        let mut batch = self.whole.clone();
        batch
            .inputs
            .retain(|modality, _| modalities.contains(modality));
        batch
    }
}

fn network(method: &dyn Method<ResNet18>, width: usize, device: &Device) -> Net<ResNet18> {
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
    let (_, head) = method.branches()[0];
    let head = head.init(encoders.len(), 8 * width, CLASSES, &mut normal, device);
    Net::new(vec![Branch { encoders, head }])
}

fn inputs(batch: usize, device: &Device) -> Batch {
    let normal = Distribution::Normal(0.0, 1.0);
    let audio = Input::Map(Tensor::random([batch, 1, 1024, 128], normal, device));
    let visual = Input::Frames(Tensor::random([batch, 3, 3, 224, 224], normal, device));
    let labels: Vec<i64> = (0..batch).map(|sample| (sample % CLASSES) as i64).collect();
    Batch {
        inputs: [(Modality::Audio, audio), (Modality::Visual, visual)].into(),
        labels: Tensor::from_data(labels.as_slice(), device),
    }
}
