//! On Flex, burn's CPU device in Rust.

use burn::backend::TensorMetadata;
use burn::tensor::Shape;
use rayon::prelude::*;

use super::Sgd;
use crate::flex::FlexTensor;
use crate::host::Host;
use crate::wide::wide;

/// Numbers of a task.
const PIECE: usize = 32 * 1024;

/// The settings as they meet numbers of single precision.
#[derive(Clone, Copy)]
struct Rates {
    lr: f32,
    momentum: f32,
    decay: f32,
}

impl Rates {
    fn new(sgd: Sgd) -> Self {
        Self {
            lr: sgd.lr as f32,
            momentum: sgd.momentum as f32,
            decay: sgd.weight_decay as f32,
        }
    }

    #[inline(always)]
    fn decayed(&self, value: f32, gradient: f32) -> f32 {
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
        Some(velocity) => later(value, gradient, velocity, Rates::new(sgd)),
        None => first(value, gradient, Rates::new(sgd)),
    }
}

fn later(
    value: FlexTensor,
    gradient: FlexTensor,
    velocity: FlexTensor,
    rates: Rates,
) -> (FlexTensor, FlexTensor) {
    let (value, mut gradient, mut velocity) = (
        value.contiguous(),
        gradient.contiguous(),
        velocity.contiguous(),
    );
    let values = value.numbers();
    let moved = gradient.numbers_mut().par_chunks_mut(PIECE);
    let pieces = moved
        .zip(velocity.numbers_mut().par_chunks_mut(PIECE))
        .zip(values.par_chunks(PIECE));
    pieces.for_each(|((gradients, velocities), values)| {
        wide(|| {
            for ((gradient, velocity), &value) in gradients.iter_mut().zip(velocities).zip(values) {
                *velocity = *velocity * rates.momentum + rates.decayed(value, *gradient);
                *gradient = value - *velocity * rates.lr;
            }
        });
    });
    (gradient, velocity)
}

fn first(value: FlexTensor, gradient: FlexTensor, rates: Rates) -> (FlexTensor, FlexTensor) {
    let (value, mut gradient) = (value.contiguous(), gradient.contiguous());
    let size = value.shape().num_elements();
    let mut velocity = <FlexTensor as Host>::zeros(Shape::new([size]));
    let moved = gradient.numbers_mut().par_chunks_mut(PIECE);
    let pieces = moved
        .zip(velocity.numbers_mut().par_chunks_mut(PIECE))
        .zip(value.numbers().par_chunks(PIECE));
    pieces.for_each(|((gradients, velocities), values)| {
        for ((gradient, velocity), &value) in gradients.iter_mut().zip(velocities).zip(values) {
            *velocity = rates.decayed(value, *gradient);
            *gradient = value - *velocity * rates.lr;
        }
    });
    (gradient, velocity)
}
