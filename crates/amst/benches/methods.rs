//! What each method's step costs beside Naive's, on inputs of CREMA-D's shape at small width.
//!
//! ```sh
//! cargo bench -p amst --bench methods                            # width 8, batch 2: minutes
//! AMST_BENCH_WIDTH=16 AMST_BENCH_BATCH=4 cargo bench -p amst --bench methods
//! ```
//!
//! Every measured step of a method is followed by one of Naive's, so that whatever else the machine
//! does falls on both; printed is the ratio of the medians. What a method does before an epoch
//! (PMR's prototypes, gradient blending's trials) is measured apart, once, and printed in steps of
//! Naive. AMST's modules run an epoch in which nothing is skipped; what skipping saves is another
//! bench's business (`cargo bench -p amst --bench skipping`).

use std::hint::black_box;
use std::time::{Duration, Instant};

use amst::methods::mslr::MslrSpec;
use amst::methods::{built_in, method};
use amst::{
    Batch, Branch, LearningRate, Method, Modality, Net, Noise, Part, Session, SessionSettings,
    StepNumber, Supply, SupplyError,
};
use amst_data::{Purpose, Stream};
use amst_encoders::{Input, ResNet18, ResNet18Config, Stem};
use amst_recipe::{Rates, Recipe};
use burn::tensor::{Device, Distribution, Tensor};
use criterion::{BenchmarkId, Criterion, SamplingMode};

const CLASSES: usize = 6;
/// Batches of the small epoch that is looked at before it begins; PMR reads a tenth, one.
const EPOCH: usize = 10;

fn main() {
    let (width, batch) = (
        setting("AMST_BENCH_WIDTH", 8),
        setting("AMST_BENCH_BATCH", 2),
    );
    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("method step");
    group
        .sample_size(10)
        .sampling_mode(SamplingMode::Flat)
        .measurement_time(Duration::from_secs(10));
    let mut lines = Vec::new();
    for name in built_in().names() {
        let mut own = Bench::new(name, width, batch);
        let mut naive = Bench::new("naive", width, batch);
        own.begin_epoch();
        let (mut times, mut beside) = (Vec::new(), Vec::new());
        group.bench_function(
            BenchmarkId::new(name, format!("width {width}, batch {batch}")),
            |b| {
                b.iter_custom(|iterations| {
                    let pair = |_| {
                        let (own, naive) = (own.step(), naive.step());
                        beside.push(naive);
                        times.push(own);
                        own
                    };
                    (0..iterations).map(pair).sum()
                });
            },
        );
        if let (Some(own_step), Some(naive_step)) = (median(times), median(beside)) {
            let before = own.begin_epoch().as_secs_f64() / naive_step.as_secs_f64();
            let ratio = own_step.as_secs_f64() / naive_step.as_secs_f64();
            lines.push(format!(
                "{name:<18} {own_step:>8.1?}  {ratio:5.2}  {before:6.1}"
            ));
        }
    }
    group.finish();
    criterion.final_summary();
    if !lines.is_empty() {
        println!(
            "system                 step  ×Naive  before an epoch of {EPOCH} steps, in steps of Naive"
        );
        lines.iter().for_each(|line| println!("{line}"));
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

/// A method in training.
struct Bench {
    session: Session<ResNet18>,
    rate: LearningRate,
    whole: Batch,
}

impl Bench {
    fn new(name: &str, width: usize, batch: usize) -> Self {
        let device = Device::flex().autodiff();
        let mut recipe = Recipe {
            method: name.into(),
            ..Recipe::default()
        };
        let lr = Rates {
            audio: 1e-3,
            visual: 1e-2,
            text: 0.0,
        };
        recipe.set_own(
            "mslr",
            &MslrSpec {
                lr,
                ..MslrSpec::default()
            },
        );
        let modalities = match name {
            "unimodal" => vec![Modality::Visual],
            _ => vec![Modality::Audio, Modality::Visual],
        };
        recipe.modalities = modalities;
        let noise: Noise = Box::new(|epoch, step| {
            let mut stream = Stream::new(0, Purpose::Noise, epoch as u64, step as u64);
            Box::new(move |count| stream.normals(count))
        });
        let method = method::<ResNet18>(&recipe, noise).expect("a recipe that works");
        let net = network(method.as_ref(), &recipe.modalities, width, &device);
        let whole = inputs(batch, &recipe.modalities, &device);
        let classes = batch.min(CLASSES);
        let settings = SessionSettings::from_recipe(&recipe, classes);
        Self {
            session: Session::new(method, net, settings),
            rate: LearningRate::constant(recipe.optim.lr),
            whole,
        }
    }

    fn step(&mut self) -> Duration {
        let plan = self.session.plan(0);
        let number = StepNumber { step: 0, steps: 1 };
        let start = Instant::now();
        let report = self.session.step(&plan, number, self.rate, &self.whole);
        let time = start.elapsed();
        black_box(report);
        time
    }

    fn begin_epoch(&mut self) -> Duration {
        let plan = self.session.plan(0);
        let mut supply = Same(&self.whole);
        let start = Instant::now();
        let begun = self.session.begin_epoch(&plan, self.rate, &mut supply);
        begun.expect("a batch holds every class");
        start.elapsed()
    }
}

/// The same batch again and again.
struct Same<'a>(&'a Batch);

impl Supply for Same<'_> {
    fn count(&self, _: Part) -> usize {
        EPOCH
    }

    fn batch(&mut self, _: Part, _: usize) -> Result<Batch, SupplyError> {
        Ok(self.0.clone())
    }
}

fn network(
    method: &dyn Method<ResNet18>,
    modalities: &[Modality],
    width: usize,
    device: &Device,
) -> Net<ResNet18> {
    let mut stream = Stream::new(0, Purpose::Init, 0, 0);
    let mut normal = || stream.normal();
    let mut branches = Vec::new();
    for (_, head) in method.branches() {
        let channels = |m: &Modality| if *m == Modality::Audio { 1 } else { 3 };
        let config = |m| ResNet18Config {
            channels: channels(m),
            width,
            stem: Stem::Imagenet,
            embed: None,
        };
        let encoders: Vec<_> = modalities
            .iter()
            .map(|m| config(m).init(&mut normal, device))
            .collect();
        let head = head.init(encoders.len(), 8 * width, CLASSES, &mut normal, device);
        branches.push(Branch { encoders, head });
    }
    Net::new(branches)
}

fn inputs(batch: usize, modalities: &[Modality], device: &Device) -> Batch {
    let normal = Distribution::Normal(0.0, 1.0);
    let input = |m: &Modality| match m {
        Modality::Audio => Input::Map(Tensor::random([batch, 1, 1024, 128], normal, device)),
        _ => Input::Frames(Tensor::random([batch, 3, 3, 224, 224], normal, device)),
    };
    let labels: Vec<i64> = (0..batch).map(|sample| (sample % CLASSES) as i64).collect();
    Batch {
        inputs: modalities.iter().map(|m| (*m, input(m))).collect(),
        labels: Tensor::from_data(labels.as_slice(), device),
    }
}
