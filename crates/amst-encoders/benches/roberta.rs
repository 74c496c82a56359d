//! A text encoder's training step, five of twelve layers unfrozen against all of it.
//!
//! ```sh
//! cargo bench --workspace --bench roberta                                         # minutes, 6 GiB
//! AMST_BENCH_HIDDEN=128 AMST_BENCH_ROUNDS=3 cargo bench --workspace --bench roberta   # seconds
//! ```
//!
//! `roberta-base`'s sizes with random weights, eight texts of 128 tokens, dropout 0.1, SGD with
//! momentum and weight decay. Rounds of all variants take turns, after one that is not counted;
//! medians are printed, in seconds. A multiplication costs twice as much backward as forward,
//! and the backward pass begins where training does: (1 + 2) / (1 + 2) for all layers, 5/12 of
//! that for five, and a little for what is not in layers.

use std::hint::black_box;
use std::time::Instant;

use amst_encoders::{Encoder, Input, Roberta, RobertaConfig, TrainingStep};
use burn::optim::decay::WeightDecayConfig;
use burn::optim::momentum::MomentumConfig;
use burn::optim::{GradientsParams, ModuleOptimizer, SgdConfig};
use burn::tensor::{Device, Tensor, TensorData};

const LENGTH: usize = 128;
/// Name, unfrozen layers, dropout.
const VARIANTS: [(&str, Option<usize>, f64); 3] = [
    ("five layers", Some(5), 0.1),
    ("everything", None, 0.1),
    ("five layers, no dropout", Some(5), 0.0),
];
const PHASES: [&str; 3] = ["forward", "backward", "update"];

fn main() {
    let tried = std::env::args().any(|argument| argument == "--test");
    let hidden = setting("AMST_BENCH_HIDDEN", if tried { 64 } else { 768 });
    let rounds = setting("AMST_BENCH_ROUNDS", if tried { 1 } else { 10 });
    let batch = setting("AMST_BENCH_BATCH", 8);
    let only = setting("AMST_BENCH_VARIANTS", VARIANTS.len());
    println!("{hidden} wide, {batch} texts of {LENGTH} tokens, {rounds} rounds");
    let mut benches: Vec<_> = VARIANTS[..only]
        .iter()
        .map(|v| Bench::new(hidden, batch, v.1, v.2))
        .collect();
    let mut times = vec![vec![Vec::new(); PHASES.len()]; only];
    for round in 0..=rounds {
        for (bench, times) in benches.iter_mut().zip(&mut times) {
            let step = bench.step(round);
            if round > 0 {
                times
                    .iter_mut()
                    .zip(step)
                    .for_each(|(all, time)| all.push(time));
            }
        }
    }
    let medians: Vec<Vec<f64>> = times
        .into_iter()
        .map(|of| of.into_iter().map(median).collect())
        .collect();
    for ((name, ..), medians) in VARIANTS.iter().zip(&medians) {
        let phases: Vec<_> = PHASES
            .iter()
            .zip(medians)
            .map(|(phase, time)| format!("{phase} {time:.4}"))
            .collect();
        println!("{name}: {}", phases.join(", "));
    }
    if let [five, everything, ..] = &medians[..] {
        println!(
            "backward of five layers to that of everything: {:.3}",
            five[1] / everything[1]
        );
    }
    if let [five, _, without] = &medians[..] {
        println!(
            "forward without dropout to that with it: {:.3}",
            without[0] / five[0]
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

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

struct Bench {
    /// Absent only within a step.
    encoder: Option<Roberta>,
    optimiser: ModuleOptimizer,
    input: Input,
}

impl Bench {
    fn new(hidden: usize, batch: usize, unfrozen_layers: Option<usize>, dropout: f64) -> Self {
        let (device, mut state) = (Device::flex().autodiff(), 1u64);
        let mut next = move || {
            state = state
                .wrapping_mul(6364136223846793005)
                .wrapping_add(1442695040888963407);
            state >> 33
        };
        let vocabulary = 50_265 * hidden.min(768) / 768;
        let heads = (hidden / 64).max(1);
        let config = RobertaConfig {
            unfrozen_layers,
            hidden_dropout_prob: dropout,
            attention_probs_dropout_prob: dropout,
            ..RobertaConfig::small(vocabulary, hidden, 12, heads, 512)
        };
        let ids: Vec<i64> = (0..batch * LENGTH)
            .map(|_| (2 + next() % (vocabulary as u64 - 2)) as i64)
            .collect();
        // Uniform numbers of variance 1.
        let mut normal = || (next() as f64 / (1u64 << 31) as f64 - 0.5) * 12f64.sqrt();
        let encoder = config
            .init(&mut normal, &device)
            .expect("settings that fit");
        let input = Input::Tokens {
            ids: Tensor::from_data(TensorData::new(ids, [batch, LENGTH]), &device),
            mask: Tensor::ones([batch, LENGTH], &device),
        };
        let momentum = MomentumConfig {
            momentum: 0.9,
            dampening: 0.0,
            nesterov: false,
        };
        let decay = WeightDecayConfig { penalty: 1e-4 };
        let optimiser = SgdConfig::new()
            .with_momentum(Some(momentum))
            .with_weight_decay(Some(decay))
            .init();
        Self {
            encoder: Some(encoder),
            optimiser,
            input,
        }
    }

    /// Seconds of each phase.
    fn step(&mut self, step: usize) -> [f64; PHASES.len()] {
        let encoder = self.encoder.take().expect("whole between steps");
        let start = Instant::now();
        let embedding = encoder.embed_in_step(&self.input, TrainingStep { epoch: 0, step });
        let loss = embedding.sub_scalar(1.0).powi_scalar(2).mean();
        black_box(loss.clone().into_scalar::<f32>());
        let forward = start.elapsed().as_secs_f64();
        let gradients = GradientsParams::from_grads(loss.backward(), &encoder);
        let backward = start.elapsed().as_secs_f64();
        self.encoder = Some(self.optimiser.step(1e-3, encoder, gradients));
        let update = start.elapsed().as_secs_f64();
        [forward, backward - forward, update - backward]
    }
}
