//! On LibTorch: the step that PyTorch calls fused, which there is with momentum alone.

use tch::Tensor;

use super::Sgd;
use crate::libtorch::{TchTensor, descend};

/// Parameters that move together, where they lie: those that have a velocity, and those at their
/// first step.
#[derive(Default)]
pub struct Waiting {
    later: Group,
    first: Group,
}

#[derive(Default)]
struct Group {
    values: Vec<Tensor>,
    gradients: Vec<Tensor>,
    velocities: Vec<Tensor>,
}

impl Waiting {
    pub fn step(
        &mut self,
        value: TchTensor,
        gradient: TchTensor,
        velocity: Option<TchTensor>,
        sgd: Sgd,
    ) -> (TchTensor, TchTensor) {
        if sgd.momentum == 0.0 {
            return without_momentum(value, gradient, sgd);
        }
        let group = if velocity.is_some() {
            &mut self.later
        } else {
            &mut self.first
        };
        let value = own(value);
        let velocity = velocity.map_or_else(
            || TchTensor::new(value.tensor.zeros_like().flatten(0, -1)),
            own,
        );
        group.values.push(value.tensor.shallow_clone());
        group.gradients.push(gradient.tensor.contiguous());
        group
            .velocities
            .push(velocity.tensor.view_as(&value.tensor));
        (value, velocity)
    }

    pub fn descend(self, sgd: Sgd) {
        for (group, is_first) in [(self.later, false), (self.first, true)] {
            if !group.values.is_empty() {
                descend(
                    [group.values, group.gradients, group.velocities],
                    sgd,
                    is_first,
                );
            }
        }
    }
}

fn without_momentum(value: TchTensor, gradient: TchTensor, sgd: Sgd) -> (TchTensor, TchTensor) {
    let velocity = &gradient.tensor + &value.tensor * sgd.weight_decay;
    let moved = TchTensor::new(&value.tensor - &velocity * sgd.lr);
    (moved, TchTensor::new(velocity.flatten(0, -1)))
}

/// In C order and nobody else's, so that it can be written into.
fn own(tensor: TchTensor) -> TchTensor {
    match (tensor.can_mut(), tensor.tensor.is_contiguous()) {
        (true, true) => tensor,
        (_, false) => TchTensor::new(tensor.tensor.contiguous()),
        (false, true) => TchTensor::new(tensor.tensor.copy()),
    }
}
