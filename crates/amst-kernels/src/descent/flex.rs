//! The SGD step on Flex, burn's CPU backend in Rust.

use burn::backend::TensorMetadata;
use burn::tensor::Shape;
use rayon::prelude::*;

use super::Sgd;
use crate::avx2::with_avx2;
use crate::flex::FlexTensor;
use crate::host::HostTensor;

/// Elements a task updates.
const TASK: usize = 32 * 1024;

/// [`Sgd`] in single precision.
#[derive(Clone, Copy)]
struct Settings {
    lr: f32,
    momentum: f32,
    decay: f32,
}

impl Settings {
    fn new(sgd: Sgd) -> Self {
        Self {
            lr: sgd.lr as f32,
            momentum: sgd.momentum as f32,
            decay: sgd.weight_decay as f32,
        }
    }

    #[inline(always)]
    fn with_decay(&self, value: f32, gradient: f32) -> f32 {
        if self.decay == 0.0 {
            gradient
        } else {
            value * self.decay + gradient
        }
    }
}

pub fn step(
    value: FlexTensor,
    gradient: FlexTensor,
    velocity: Option<FlexTensor>,
    sgd: Sgd,
) -> (FlexTensor, FlexTensor) {
    match velocity {
        Some(velocity) => later_step(value, gradient, velocity, Settings::new(sgd)),
        None => first_step(value, gradient, Settings::new(sgd)),
    }
}

fn later_step(
    value: FlexTensor,
    gradient: FlexTensor,
    velocity: FlexTensor,
    settings: Settings,
) -> (FlexTensor, FlexTensor) {
    let (value, mut gradient, mut velocity) = (
        value.contiguous(),
        gradient.contiguous(),
        velocity.contiguous(),
    );
    let values = value.values();
    let tasks = gradient
        .values_mut()
        .par_chunks_mut(TASK)
        .zip(velocity.values_mut().par_chunks_mut(TASK))
        .zip(values.par_chunks(TASK));
    tasks.for_each(|((gradients, velocities), values)| {
        with_avx2(|| {
            for ((gradient, velocity), &value) in gradients.iter_mut().zip(velocities).zip(values) {
                *velocity = *velocity * settings.momentum + settings.with_decay(value, *gradient);
                *gradient = value - *velocity * settings.lr;
            }
        });
    });
    (gradient, velocity)
}

fn first_step(
    value: FlexTensor,
    gradient: FlexTensor,
    settings: Settings,
) -> (FlexTensor, FlexTensor) {
    let (value, mut gradient) = (value.contiguous(), gradient.contiguous());
    let size = value.shape().num_elements();
    let mut velocity = <FlexTensor as HostTensor>::zeros(Shape::new([size]));
    let tasks = gradient
        .values_mut()
        .par_chunks_mut(TASK)
        .zip(velocity.values_mut().par_chunks_mut(TASK))
        .zip(value.values().par_chunks(TASK));
    tasks.for_each(|((gradients, velocities), values)| {
        for ((gradient, velocity), &value) in gradients.iter_mut().zip(velocities).zip(values) {
            *velocity = settings.with_decay(value, *gradient);
            *gradient = value - *velocity * settings.lr;
        }
    });
    (gradient, velocity)
}
