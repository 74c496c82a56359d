//! An encoder of your own, trained by the paper's alternating module in a few seconds:
//!
//! ```sh
//! cargo run --release -p amst --example custom_encoder
//! ```
//!
//! What it takes: a burn module that implements [`Encoder`], one instance a modality in a
//! [`Net`], a [`SkipSchedule`], and a [`Session`] that is handed batches. `amst_train::Trainer`
//! takes such a network too (`with_network`), and adds data sets, metrics, checkpoints and files.
//!
//! The data are made up: each class is a pattern of 8 x 8 values under noise, of which the
//! pictures have more. So audio is learnt faster, and is trained in every third epoch only.

use std::collections::BTreeMap;

use amst::{
    Alternating, Batch, Branch, Execution, LearningRate, Method, Modality, ModalitySchedule, Net,
    Session, SessionSettings, SkipSchedule, StepLr, StepNumber,
};
use amst_encoders::{Encoder, Input, Normal, xavier_linear};
use amst_recipe::Optim;
use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor, TensorData};

const CLASSES: usize = 3;
const SIDE: usize = 8;
const HIDDEN: usize = 32;
/// Width of the embeddings: every encoder that shares a head must give the same.
const EMBED: usize = 16;
const EPOCHS: usize = 12;
const BATCH: usize = 30;
const BATCHES: usize = 10;

/// Two linear layers on the flattened input, be it a spectrogram or a picture.
#[derive(Module, Debug)]
pub struct Mlp {
    hidden: Linear,
    output: Linear,
}

impl Mlp {
    fn new(normal: Normal<'_>, device: &Device) -> Self {
        Self {
            hidden: xavier_linear(SIDE * SIDE, HIDDEN, true, normal, device),
            output: xavier_linear(HIDDEN, EMBED, true, normal, device),
        }
    }
}

impl Encoder for Mlp {
    fn embed(&self, input: &Input) -> Tensor<2> {
        let flat: Tensor<2> = match input {
            Input::Map(x) => x.clone().flatten(1, 3),
            Input::Frames(x) => x.clone().flatten(1, 4),
            Input::Tokens { .. } => panic!("this encoder reads no tokens"),
        };
        self.output.forward(relu(self.hidden.forward(flat)))
    }

    /// No BatchNorm here, so nothing to recalibrate after an epoch.
    fn has_running_statistics(&self) -> bool {
        false
    }
}

/// Trains, and returns the share of unseen samples that each output has right.
pub fn train() -> Result<BTreeMap<String, f64>, amst::MethodError> {
    let device = Device::flex();
    let every = [
        (Modality::Audio, ModalitySchedule::Every(3)),
        (Modality::Visual, ModalitySchedule::Every(1)),
    ];
    let schedule = SkipSchedule::new(&every, 0)?;
    schedule.check_trains(EPOCHS)?;
    let method = Alternating::new(schedule, Execution::Fast);
    let net = network(&method, &device.clone().autodiff());
    let settings = SessionSettings {
        optim: Optim {
            lr: 0.01,
            lr_step: 8,
            ..Optim::default()
        },
        classes: CLASSES,
        recalibrate: 0,
        precise_bn: 0,
    };
    let rates = StepLr::new(&settings.optim);
    let mut session = Session::new(Box::new(method), net, settings);
    for epoch in 0..EPOCHS {
        // What the epoch trains and reads; audio is not even made in the epochs that skip it.
        let plan = session.plan(epoch);
        let rate = LearningRate::constant(rates.at(epoch));
        for step in 0..BATCHES {
            let batch = batch(step as u64, &plan.reads, &device.clone().autodiff());
            let steps = BATCHES;
            session.step(&plan, StepNumber { step, steps }, rate, &batch);
        }
    }
    Ok(accuracies(&session, &device))
}

/// One branch: an encoder a modality, and the head that the method asks for.
fn network(method: &dyn Method<Mlp>, device: &Device) -> Net<Mlp> {
    let mut normal = numbers(1);
    let modalities = method.modalities();
    let mut branches = Vec::new();
    for (_, head) in method.branches() {
        let encoders = modalities
            .iter()
            .map(|_| Mlp::new(&mut normal, device))
            .collect();
        branches.push(Branch {
            encoders,
            head: head.init(modalities.len(), EMBED, CLASSES, &mut normal, device),
        });
    }
    Net::new(branches)
}

fn accuracies(session: &Session<Mlp>, device: &Device) -> BTreeMap<String, f64> {
    let mut correct: BTreeMap<String, f64> = BTreeMap::new();
    for number in 0..BATCHES {
        let unseen = batch(1000 + number as u64, session.modalities(), device);
        let outputs = session.outputs(&session.embed(&unseen));
        for (name, logits) in outputs.iter() {
            let predicted = logits.clone().argmax(1).squeeze_dim::<1>(1);
            let right: i64 = predicted
                .equal(unseen.labels.clone())
                .int()
                .sum()
                .into_scalar();
            *correct.entry(name.to_string()).or_default() +=
                right as f64 / (BATCHES * BATCH) as f64;
        }
    }
    correct
}

/// Samples of all classes in turn: the class's pattern, the same in every batch, and noise.
fn batch(number: u64, loads: &[Modality], device: &Device) -> Batch {
    let labels: Vec<i64> = (0..BATCH).map(|sample| (sample % CLASSES) as i64).collect();
    let values = |modality: Modality, noise: f64| {
        let mut grain = numbers(100 + 10 * number + modality as u64);
        let patterns: Vec<f64> = (0..CLASSES * SIDE * SIDE)
            .scan(numbers(modality as u64), |n, _| Some(n()))
            .collect();
        let of = |label: &i64| patterns[*label as usize * SIDE * SIDE..][..SIDE * SIDE].to_vec();
        labels
            .iter()
            .flat_map(of)
            .map(|value| (value + noise * grain()) as f32)
            .collect::<Vec<_>>()
    };
    let input = |modality: &Modality| match modality {
        Modality::Audio => Input::Map(Tensor::from_data(
            TensorData::new(values(*modality, 2.0), [BATCH, 1, SIDE, SIDE]),
            device,
        )),
        _ => Input::Frames(Tensor::from_data(
            TensorData::new(values(*modality, 3.0), [BATCH, 1, 1, SIDE, SIDE]),
            device,
        )),
    };
    let inputs = loads
        .iter()
        .map(|modality| (*modality, input(modality)))
        .collect();
    Batch {
        inputs,
        labels: Tensor::from_data(TensorData::new(labels, [BATCH]), device),
    }
}

/// Roughly standard normal numbers: the sum of twelve uniform ones.
fn numbers(seed: u64) -> impl FnMut() -> f64 {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mut uniform = move || {
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (state >> 33) as f64 / (1u64 << 31) as f64
    };
    move || (0..12).map(|_| uniform()).sum::<f64>() - 6.0
}

fn main() -> Result<(), amst::MethodError> {
    let accuracies = train()?;
    for (name, accuracy) in &accuracies {
        println!(
            "{name:<7} {:5.1} % of {} unseen samples",
            100.0 * accuracy,
            BATCH * BATCHES
        );
    }
    println!("chance  {:5.1} %", 100.0 / CLASSES as f64);
    assert!(
        accuracies.values().all(|accuracy| *accuracy > 0.5),
        "every output beats chance"
    );
    Ok(())
}
