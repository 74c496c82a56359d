//! On LibTorch: the step that PyTorch calls fused, which there is with momentum alone.

use burn::backend::LibTorch;

use super::Sgd;
use super::operation::DescentOps;
use crate::libtorch::{TchTensor, descend};

impl DescentOps for LibTorch {
    fn descend(value: TchTensor, gradient: TchTensor, velocity: TchTensor, sgd: Sgd) -> (TchTensor, TchTensor) {
        if sgd.momentum == 0.0 {
            return without_momentum(value, gradient, sgd);
        }
        let (value, velocity) = (own(value), own(velocity));
        let shaped = velocity.tensor.view_as(&value.tensor);
        descend(&value.tensor, &gradient.tensor.contiguous(), &shaped, sgd, false);
        (value, velocity)
    }

    fn first_descend(value: TchTensor, gradient: TchTensor, sgd: Sgd) -> (TchTensor, TchTensor) {
        if sgd.momentum == 0.0 {
            return without_momentum(value, gradient, sgd);
        }
        let value = own(value);
        let velocity = value.tensor.zeros_like();
        descend(&value.tensor, &gradient.tensor.contiguous(), &velocity, sgd, true);
        (value, TchTensor::new(velocity.flatten(0, -1)))
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
