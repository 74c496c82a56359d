//! Trains exactly as a case says.

use amst::{
    Alternating, Branch, Full, Joint, JointMode, Method, Modality, Net, Optimiser, Outputs, SkipSchedule, StepContext,
    StepLr, StepReport, Stopwatch, cross_entropy, recalibrate, renames,
};
use amst_encoders::{AnyEncoder, ResNet18Config, Stem, TokenMeanConfig, read_weights, write_weights};
use burn::module::Module;
use burn::tensor::{Device, Int, Tensor};

use crate::case::{Case, Recorded, Tensors, read};

/// What a run leaves, under the names of the recorded cases.
pub struct Replay {
    pub steps: Vec<Step>,
    pub epochs: Vec<Vec<(String, f64)>>,
    pub logits: Tensors,
    pub weights: Tensors,
}

pub struct Step {
    pub metrics: Vec<(String, f64)>,
    pub losses: Vec<(String, f64)>,
}

pub fn replay(case: &Case) -> Replay {
    let device = Device::flex().autodiff();
    let mut method = method(case);
    let mut net = network(case, method.as_ref(), &device);
    let (train, eval) = (case.batches("train"), case.batches("eval"));
    let mut optimiser = Optimiser::new(&case.optim());
    let (mut steps, mut epochs, mut logits) = (Vec::new(), Vec::new(), Tensors::new());
    for epoch in 0..case.settings.epochs {
        let batches: Vec<_> =
            (0..case.settings.steps).map(|k| &train[(epoch * case.settings.steps + k) % train.len()]).collect();
        for recorded in &batches {
            let lr = StepLr::new(&case.optim()).at(epoch);
            let batch = recorded.on(&device, &method.loads(epoch));
            let clock = &mut Stopwatch::default();
            let mut context = StepContext::new(epoch, lr, &mut optimiser, clock);
            let (moved, report) = method.step(net, &batch, &mut context);
            net = moved;
            steps.push(step(&report, &batch.labels));
        }
        recalibrate_tail(case, method.as_ref(), &net, epoch, &batches, &device);
        let (losses, outputs) = evaluate(method.as_ref(), &net, &eval);
        epochs.push(losses);
        logits = outputs;
    }
    Replay { steps, epochs, logits, weights: weights(method.as_ref(), &net) }
}

fn method(case: &Case) -> Box<dyn Method<AnyEncoder>> {
    let schedule = SkipSchedule::new(&case.every(), case.settings.epoch_base).unwrap();
    let joint_mode = if case.settings.joint_mode == "joint" { JointMode::Joint } else { JointMode::Alternating };
    match case.settings.method.as_str() {
        "amst-alt" => Box::new(Alternating::new(schedule, case.execution())),
        "amst-joint" => Box::new(Joint::new(schedule, case.execution())),
        _ => Box::new(Full::new(schedule, case.execution(), joint_mode)),
    }
}

fn network(case: &Case, method: &dyn Method<AnyEncoder>, device: &Device) -> Net<AnyEncoder> {
    let modalities = case.modalities();
    let mut branches = Vec::new();
    for ((_, kind), (_, file)) in method.branches().into_iter().zip(case.initial_weights()) {
        let encoders = modalities.iter().map(|m| encoder(case, *m, device)).collect();
        let embed = 8 * case.settings.width;
        let head = kind.init(modalities.len(), embed, case.settings.classes, &mut || 0.0, device);
        let mut alone = Net::new(vec![Branch { encoders, head }]);
        read_weights(&mut alone, &file, &renames(&[("", kind)], &modalities)).unwrap();
        branches.append(&mut alone.branches);
    }
    Net::new(branches)
}

fn encoder(case: &Case, modality: Modality, device: &Device) -> AnyEncoder {
    let width = case.settings.width;
    let resnet = |channels| ResNet18Config { channels, width, stem: Stem::Imagenet, embed: None };
    match (modality, &case.settings.text) {
        (Modality::Audio, _) => AnyEncoder::ResNet18(resnet(1).init(&mut || 0.0, device)),
        (Modality::Visual, _) => AnyEncoder::ResNet18(resnet(3).init(&mut || 0.0, device)),
        (Modality::Text, Some(text)) => {
            let (vocabulary, width) = (text.vocab_size, text.hidden_size);
            let config = TokenMeanConfig { vocabulary, width, embed: 8 * case.settings.width };
            AnyEncoder::TokenMean(config.init(&mut || 0.0, device))
        }
        (Modality::Text, None) => unreachable!("a case with text describes its encoder"),
    }
}

fn recalibrate_tail(
    case: &Case,
    method: &dyn Method<AnyEncoder>,
    net: &Net<AnyEncoder>,
    epoch: usize,
    batches: &[&Recorded],
    device: &Device,
) {
    let modalities = method.schedule().modalities();
    for recorded in &batches[batches.len().saturating_sub(case.settings.bn_recal_tail)..] {
        recalibrate(net, &modalities, &recorded.on(device, &method.recalibrates(epoch)));
    }
}

fn evaluate(
    method: &dyn Method<AnyEncoder>,
    net: &Net<AnyEncoder>,
    eval: &[Recorded],
) -> (Vec<(String, f64)>, Tensors) {
    let device = Device::flex();
    let modalities = method.schedule().modalities();
    let net = net.valid();
    let mut names: Vec<String> = Vec::new();
    let (mut logits, mut labels) = (Vec::<Vec<Tensor<2>>>::new(), Vec::new());
    for recorded in eval {
        let batch = recorded.on(&device, &modalities);
        let outputs = method.outputs(&net, &net.embed(&modalities, &batch));
        names = outputs.iter().map(|(name, _)| lettered(name)).collect();
        logits.resize(names.len(), Vec::new());
        for (all, (_, new)) in logits.iter_mut().zip(outputs.iter()) {
            all.push(new.clone());
        }
        labels.push(batch.labels);
    }
    let labels = Tensor::cat(labels, 0);
    let whole: Vec<(String, Tensor<2>)> =
        names.into_iter().zip(logits).map(|(name, parts)| (name, Tensor::cat(parts, 0))).collect();
    let losses = whole.iter().map(|(name, logits)| (name.clone(), loss(logits, &labels))).collect();
    let logits = whole.into_iter().map(|(n, l)| (n, (l.dims().to_vec(), l.into_data().try_to_vec().unwrap())));
    (losses, logits.collect())
}

fn step(report: &StepReport, labels: &Tensor<1, Int>) -> Step {
    let labels = labels.clone();
    Step {
        metrics: named(&report.outputs).map(|(name, logits)| (name, loss(logits, &labels))).collect(),
        losses: report.losses.iter().map(|(name, loss)| (lettered(name), *loss as f64)).collect(),
    }
}

fn named(outputs: &Outputs) -> impl Iterator<Item = (String, &Tensor<2>)> {
    outputs.iter().map(|(name, logits)| (lettered(name), logits))
}

/// `alt.audio` as the recorded cases call it: `alt.a`.
fn lettered(name: &str) -> String {
    Modality::ALL.iter().fold(name.to_string(), |name, m| name.replace(m.name(), m.letter()))
}

fn loss(logits: &Tensor<2>, labels: &Tensor<1, Int>) -> f64 {
    cross_entropy(logits.clone(), labels).into_scalar::<f32>() as f64
}

fn weights(method: &dyn Method<AnyEncoder>, net: &Net<AnyEncoder>) -> Tensors {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("weights.safetensors");
    write_weights(&net.valid(), &path, &renames(&method.branches(), &method.schedule().modalities())).unwrap();
    read(&path)
}
