//! The SGD step on LibTorch: PyTorch's fused one, which exists only with momentum.

use tch::{IValue, Tensor};

use super::Sgd;
use crate::libtorch::{TchTensor, call};

/// Parameters to be updated together, in place: those with a velocity, and those at their first
/// step.
#[derive(Default)]
pub struct Pending {
    later: Group,
    first: Group,
}

#[derive(Default)]
struct Group {
    values: Vec<Tensor>,
    gradients: Vec<Tensor>,
    velocities: Vec<Tensor>,
}

impl Pending {
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
        let value = writable(value);
        let velocity = velocity.map_or_else(
            || TchTensor::new(value.tensor.zeros_like().flatten(0, -1)),
            writable,
        );
        group.values.push(value.tensor.shallow_clone());
        group.gradients.push(gradient.tensor.contiguous());
        group
            .velocities
            .push(velocity.tensor.view_as(&value.tensor));
        (value, velocity)
    }

    pub fn finish(self, sgd: Sgd) {
        self.later.descend(sgd, false);
        self.first.descend(sgd, true);
    }
}

impl Group {
    /// Updates values and velocities in place.
    fn descend(self, sgd: Sgd, is_first: bool) {
        if self.values.is_empty() {
            return;
        }
        let [values, gradients, velocities] =
            [self.values, self.gradients, self.velocities].map(IValue::TensorList);
        let settings = IValue::DoubleList(vec![sgd.lr, sgd.momentum, sgd.weight_decay]);
        let is_first = IValue::Bool(is_first);
        let _how_many = call(
            "descend",
            &[values, gradients, velocities, settings, is_first],
        );
    }
}

fn without_momentum(value: TchTensor, gradient: TchTensor, sgd: Sgd) -> (TchTensor, TchTensor) {
    let velocity = &gradient.tensor + &value.tensor * sgd.weight_decay;
    let moved = TchTensor::new(&value.tensor - &velocity * sgd.lr);
    (moved, TchTensor::new(velocity.flatten(0, -1)))
}

/// The tensor, or a copy of it, in C order and in storage that nothing else shares.
fn writable(tensor: TchTensor) -> TchTensor {
    if !tensor.tensor.is_contiguous() {
        TchTensor::new(tensor.tensor.contiguous())
    } else if !tensor.can_mut() {
        TchTensor::new(tensor.tensor.copy())
    } else {
        tensor
    }
}
