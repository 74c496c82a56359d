//! A ResNet-18's training step at the sizes of the embedded data and of the paper.
//!
//! ```sh
//! cargo bench --workspace --bench encoders                       # minutes
//! cargo bench --workspace --bench encoders -- 'width 8'          # seconds
//! cargo xtask bench encoders --against-pytorch                   # beside PyTorch
//! cargo xtask bench encoders --against-pytorch --device tch      # LibTorch beside PyTorch
//! ```
//!
//! One step is forward, backward and update, with the loss read on the way: the embedding's mean
//! square distance from 1, SGD with momentum 0.9 and weight decay 1e-4. Device `flex`, or with the
//! feature `tch` what `AMST_BENCH_DEVICE` says, `flex` or `tch`. With `AMST_BENCH_STEPS` each
//! workload prints one line of JSON instead, the median of so many steps after one that is not
//! counted, in seconds: what `xtask/pytorch/encoders.py` does of the same workloads.
//! `AMST_BENCH_THREADS` is the number of threads.

use std::hint::black_box;
use std::time::{Duration, Instant};

use amst::Optimiser;
use amst_encoders::{Encoder, Input, ResNet18, ResNet18Config, Stem};
use amst_recipe::Optim;
use burn::tensor::{Device, Distribution, Tensor};
use criterion::{Criterion, SamplingMode};

struct Workload {
    name: &'static str,
    channels: usize,
    width: usize,
    batch: usize,
    size: [usize; 2],
}

const fn workload(
    name: &'static str,
    channels: usize,
    width: usize,
    batch: usize,
    size: [usize; 2],
) -> Workload {
    Workload {
        name,
        channels,
        width,
        batch,
        size,
    }
}

/// As in `xtask/pytorch/encoders.py`. The first two are those of world-digits.
const WORKLOADS: [Workload; 6] = [
    workload("digit, width 8, 32×1×28×28", 1, 8, 32, [28, 28]),
    workload("word, width 8, 32×1×64×32", 1, 8, 32, [64, 32]),
    workload("small picture, width 16, 16×3×48×48", 3, 16, 16, [48, 48]),
    workload("picture, width 64, 8×3×112×112", 3, 64, 8, [112, 112]),
    workload("spectrogram, width 64, 16×1×257×188", 1, 64, 16, [257, 188]),
    workload("picture, width 64, 16×3×224×224", 3, 64, 16, [224, 224]),
];

fn main() {
    if let Some(threads) = number("AMST_BENCH_THREADS") {
        rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build_global()
            .expect("no pool yet");
    }
    match number("AMST_BENCH_STEPS") {
        Some(steps) => print_medians(steps),
        None => measure(),
    }
}

fn number(name: &str) -> Option<usize> {
    let text = std::env::var(name).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{name}={text} is not a number")),
    )
}

fn device() -> Device {
    match std::env::var("AMST_BENCH_DEVICE").as_deref() {
        Err(_) | Ok("flex") => Device::flex(),
        #[cfg(feature = "tch")]
        #[allow(deprecated)] // Kept for speed on CPUs (docs/decisions/0001).
        Ok("tch") => Device::libtorch(),
        Ok(other) => panic!("AMST_BENCH_DEVICE={other}: this bench was built without it"),
    }
}

fn measure() {
    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("encoders");
    group
        .sample_size(10)
        .sampling_mode(SamplingMode::Flat)
        .measurement_time(Duration::from_secs(10));
    for workload in &WORKLOADS {
        // Made when it is asked for: a filter leaves the large ones out.
        let mut bench = None;
        group.bench_function(workload.name, |b| {
            let bench = bench.get_or_insert_with(|| Bench::new(workload));
            b.iter(|| bench.step());
        });
    }
    group.finish();
    criterion.final_summary();
}

fn print_medians(steps: usize) {
    let wanted = std::env::args()
        .skip(1)
        .find(|a| !a.starts_with('-'))
        .unwrap_or_default();
    for workload in WORKLOADS.iter().filter(|w| w.name.contains(&wanted)) {
        // The small ones take milliseconds.
        let many = if workload.width < 64 {
            steps * 10
        } else {
            steps
        };
        let mut bench = Bench::new(workload);
        bench.step();
        let mut seconds: Vec<f64> = (0..many).map(|_| bench.timed()).collect();
        seconds.sort_by(f64::total_cmp);
        let line = serde_json::json!({ "workload": workload.name, "seconds": seconds[many / 2] });
        println!("{line}");
    }
}

struct Bench {
    /// Absent only within a step.
    encoder: Option<ResNet18>,
    optimiser: Optimiser,
    input: Input,
}

impl Bench {
    fn new(workload: &Workload) -> Self {
        let (device, mut state) = (device().autodiff(), 1u64);
        // Uniform numbers of variance 1.
        let mut normal = move || {
            state = state
                .wrapping_mul(6364136223846793005)
                .wrapping_add(1442695040888963407);
            ((state >> 33) as f64 / (1u64 << 31) as f64 - 0.5) * 12f64.sqrt()
        };
        let Workload {
            channels,
            width,
            batch,
            size: [height, wide],
            ..
        } = *workload;
        let config = ResNet18Config {
            channels,
            width,
            stem: Stem::Imagenet,
            embed: None,
        };
        let optim = Optim {
            momentum: 0.9,
            weight_decay: 1e-4,
            ..Optim::default()
        };
        let shape = [batch, channels, height, wide];
        Self {
            encoder: Some(config.init(&mut normal, &device)),
            optimiser: Optimiser::new(&optim),
            input: Input::Map(Tensor::random(
                shape,
                Distribution::Normal(0.0, 1.0),
                &device,
            )),
        }
    }

    fn timed(&mut self) -> f64 {
        let start = Instant::now();
        self.step();
        start.elapsed().as_secs_f64()
    }

    fn step(&mut self) {
        let encoder = self.encoder.take().expect("whole between steps");
        let loss = encoder
            .embed(&self.input)
            .sub_scalar(1.0)
            .powi_scalar(2)
            .mean();
        black_box(loss.clone().into_scalar::<f32>());
        let mut gradients = loss.backward();
        self.encoder = Some(self.optimiser.step(1e-3, encoder, &mut gradients));
    }
}
