//! A modality that is skipped in official execution is forwarded in every step, and no step may
//! leave anything behind. A process of its own, since it looks at the memory of the whole process.
#![cfg(target_os = "linux")]

use amst::{
    Alternating, Batch, Branch, Execution, Joint, LearningRate, Method, Modality, ModalitySchedule,
    Net, Session, SessionSettings, SkipSchedule, StepNumber,
};
use amst_encoders::{AnyEncoder, Input, ResNet18Config, Stem};
use amst_recipe::Optim;
use burn::tensor::{Device, Distribution, Int, Tensor};

const OPTIM: Optim = Optim {
    lr: 0.005,
    momentum: 0.9,
    weight_decay: 0.0,
    lr_step: 1000,
    lr_gamma: 0.1,
};
const EMBED: usize = 64;
/// Both train in epoch 0, from epoch 1 on only the pictures.
const EVERY: [(Modality, ModalitySchedule); 2] = [
    (Modality::Audio, ModalitySchedule::Every(1000)),
    (Modality::Visual, ModalitySchedule::Every(1)),
];

fn net(method: &dyn Method<AnyEncoder>, device: &Device) -> Net<AnyEncoder> {
    let mut number = 0u64;
    let mut normal = || {
        number += 1;
        (number as f64 * 12.9898).sin()
    };
    let config = ResNet18Config {
        channels: 1,
        width: EMBED / 8,
        stem: Stem::Imagenet,
        embed: None,
    };
    let branch = |(_, kind): &(&'static str, amst::HeadKind)| Branch {
        encoders: (0..2)
            .map(|_| AnyEncoder::ResNet18(config.init(&mut normal, device)))
            .collect(),
        head: kind.init(2, EMBED, 3, &mut normal, device),
    };
    Net::new(method.branches().iter().map(branch).collect())
}

/// Sound of 256×64, whose activations take megabytes a step, beside pictures of 32×32.
fn batch(device: &Device) -> Batch {
    let sound = Tensor::random([8, 1, 256, 64], Distribution::Default, device);
    let pictures = Tensor::random([8, 1, 1, 32, 32], Distribution::Default, device);
    let labels = Tensor::<1, Int>::from_ints([0, 1, 2, 0, 1, 2, 0, 1], device);
    Batch {
        inputs: [
            (Modality::Audio, Input::Map(sound)),
            (Modality::Visual, Input::Frames(pictures)),
        ]
        .into(),
        labels,
    }
}

fn resident_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .unwrap();
    line.split_whitespace()
        .next()
        .unwrap()
        .parse::<f64>()
        .unwrap()
        / 1024.0
}

/// How much more memory the process has after forty skipped steps than after ten.
fn growth(method: Box<dyn Method<AnyEncoder>>) -> f64 {
    let device = Device::flex().autodiff();
    let (net, batch) = (net(method.as_ref(), &device), batch(&device));
    let settings = SessionSettings {
        optim: OPTIM,
        classes: 3,
        recalibrate: 0,
        precise_bn: 0,
    };
    let mut session = Session::new(method, net, settings);
    let plan = session.plan(1);
    let mut early = 0.0;
    for step in 0..40 {
        let number = StepNumber { step, steps: 40 };
        let rate = LearningRate::constant(OPTIM.lr);
        let report = session.step(&plan, number, rate, &batch);
        assert!(report.is_finite());
        if step == 9 {
            early = resident_mib();
        }
    }
    resident_mib() - early
}

#[test]
fn forwarding_what_does_not_train_takes_no_more_memory_with_every_step() {
    let schedule = || SkipSchedule::new(&EVERY, 0).unwrap();
    let methods: [Box<dyn Method<AnyEncoder>>; 2] = [
        Box::new(Alternating::new(schedule(), Execution::Official)),
        Box::new(Joint::new(schedule(), Execution::Official)),
    ];
    for method in methods {
        let name = format!("{:?}", method.branches());
        let grown = growth(method);
        // Thirty steps whose activations stay would be more than 100 MiB; allocators wander by a
        // few.
        assert!(grown < 30.0, "{name}: {grown:.1} MiB more");
    }
}
