//! The toy network and data of this crate's tests: tiny encoders, four samples a batch, and no
//! parameter that sits at 0 or 1, where a wrong rule could hide.

use amst::{Batch, Branch, HeadKind, Modality, Net};
use amst_encoders::{AnyEncoder, Input, ResNet18Config, Stem, TokenMeanConfig};
use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Device, Tensor, TensorData};

pub use Modality::{Audio, Text, Visual};

pub const CLASSES: usize = 3;
pub const EMBED: usize = 16;
pub const STEPS: usize = 2;
pub const BATCH: usize = 4;
const VOCABULARY: usize = 10;

pub fn device() -> Device {
    Device::flex().autodiff()
}

/// Roughly standard normal numbers from a seed.
pub fn normal(mut seed: u64) -> impl FnMut() -> f64 {
    let mut uniform = move || {
        seed = seed
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (seed >> 33) as f64 / (1u64 << 31) as f64
    };
    move || (0..12).map(|_| uniform()).sum::<f64>() - 6.0
}

/// The same weights for equal heads.
pub fn net(branches: &[(&'static str, HeadKind)], modalities: &[Modality]) -> Net<AnyEncoder> {
    let device = device();
    let mut numbers = normal(7);
    let mut branch = |kind: &HeadKind| Branch {
        encoders: modalities
            .iter()
            .map(|m| encoder(*m, &mut numbers, &device))
            .collect(),
        head: kind.init(modalities.len(), EMBED, CLASSES, &mut numbers, &device),
    };
    let branches = branches.iter().map(|(_, kind)| branch(kind)).collect();
    unsettled(Net::new(branches))
}

pub fn encoder(modality: Modality, normal: &mut dyn FnMut() -> f64, device: &Device) -> AnyEncoder {
    let resnet = ResNet18Config {
        channels: 1,
        width: EMBED / 8,
        stem: Stem::Small,
        embed: None,
    };
    match modality {
        Audio | Visual => AnyEncoder::ResNet18(resnet.init(normal, device)),
        Text => AnyEncoder::TokenMean(
            TokenMeanConfig {
                vocabulary: VOCABULARY,
                width: 5,
                embed: EMBED,
            }
            .init(normal, device),
        ),
    }
}

/// Every parameter and statistic moved a little from where initialisation put it.
pub fn unsettled<M: Module>(module: M) -> M {
    struct Nudge<F>(F);
    impl<F: FnMut() -> f64> ModuleMapper for Nudge<F> {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            param.map(|value| {
                let shape = value.dims();
                let nudges = (0..shape.iter().product())
                    .map(|_| 0.1 * (self.0)() as f32)
                    .collect::<Vec<_>>();
                let nudges = Tensor::from_data(TensorData::new(nudges, shape), &value.device());
                value + nudges
            })
        }
    }
    module.valid().map(&mut Nudge(normal(11))).train()
}

/// Batch `number`, with these modalities only. Every class is in it.
pub fn batch(number: usize, loads: &[Modality]) -> Batch {
    let device = device();
    let mut numbers = normal(1000 + number as u64);
    let mut floats = |count: usize| (0..count).map(|_| numbers() as f32).collect::<Vec<_>>();
    let audio = Tensor::from_data(
        TensorData::new(floats(BATCH * 64), [BATCH, 1, 8, 8]),
        &device,
    );
    let visual = Tensor::from_data(
        TensorData::new(floats(BATCH * 128), [BATCH, 1, 2, 8, 8]),
        &device,
    );
    let ids: Vec<i64> = (0..BATCH * 3)
        .map(|i| ((number * 5 + i * i) % VOCABULARY) as i64)
        .collect();
    let mask: Vec<f32> = (0..BATCH * 3)
        .map(|i| if i % 6 == 5 { 0.0 } else { 1.0 })
        .collect();
    let text = Input::Tokens {
        ids: Tensor::from_data(TensorData::new(ids, [BATCH, 3]), &device),
        mask: Tensor::from_data(TensorData::new(mask, [BATCH, 3]), &device),
    };
    let all = [
        (Audio, Input::Map(audio)),
        (Text, text),
        (Visual, Input::Frames(visual)),
    ];
    Batch {
        inputs: all.into_iter().filter(|(m, _)| loads.contains(m)).collect(),
        labels: Tensor::from_data(TensorData::new(labels(number), [BATCH]), &device),
    }
}

/// The classes of batch `number`.
pub fn labels(number: usize) -> Vec<i64> {
    (0..BATCH)
        .map(|i| ((number + i) % CLASSES) as i64)
        .collect()
}

pub fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_to_vec().unwrap()
}
