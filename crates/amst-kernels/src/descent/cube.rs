//! The SGD step on cubecl's devices: one launch a parameter, where burn's own operations take five.

#[cfg(feature = "fusion")]
use burn::backend::fusion::custom::TensorSpec;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, DispatchTensor, TensorMetadata, backend_extension};
use burn_cubecl::CubeBackend;
use cubecl::calculate_cube_count_elemwise;
use cubecl::prelude::*;
use cubecl::std::tensor::layout::linear::LinearView;

use super::Sgd;
use crate::cube::{CubeTensor, empty, launch_on};

impl Sgd {
    /// The new value, and the velocity, flattened.
    pub(super) fn step_on_cube(
        self,
        value: DispatchTensor,
        gradient: DispatchTensor,
        velocity: Option<DispatchTensor>,
    ) -> (DispatchTensor, DispatchTensor) {
        let [lr, momentum, decay] =
            [self.lr, self.momentum, self.weight_decay].map(|setting| setting as f32);
        match velocity {
            Some(velocity) => {
                Dispatch::cube_later_step(value, gradient, velocity, lr, momentum, decay)
            }
            None => Dispatch::cube_first_step(value, gradient, lr, decay),
        }
    }
}

/// The step as operations of burn. With fusion they are queued between burn's own.
#[backend_extension(Cube, Fusion: cfg(feature = "fusion"))]
pub trait CubeDescent: Backend {
    /// The new value, and the velocity, flattened.
    #[fusion(meta = |value, _gradient, _lr, _decay| step_specs(value))]
    fn cube_first_step(
        value: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        lr: f32,
        decay: f32,
    ) -> (FloatTensor<Self>, FloatTensor<Self>);

    /// The same with a velocity.
    #[fusion(meta = |value, _gradient, _velocity, _lr, _momentum, _decay| step_specs(value))]
    fn cube_later_step(
        value: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        velocity: FloatTensor<Self>,
        lr: f32,
        momentum: f32,
        decay: f32,
    ) -> (FloatTensor<Self>, FloatTensor<Self>);
}

#[cfg(feature = "fusion")]
fn step_specs(value: &TensorSpec) -> (TensorSpec, TensorSpec) {
    let velocity = TensorSpec::new([value.shape.num_elements()].into(), value.dtype);
    (value.clone(), velocity)
}

impl CubeDescent for CubeBackend {
    fn cube_first_step(
        value: CubeTensor,
        gradient: CubeTensor,
        lr: f32,
        decay: f32,
    ) -> (CubeTensor, CubeTensor) {
        step(value, gradient, None, [lr, 0.0, decay])
    }

    fn cube_later_step(
        value: CubeTensor,
        gradient: CubeTensor,
        velocity: CubeTensor,
        lr: f32,
        momentum: f32,
        decay: f32,
    ) -> (CubeTensor, CubeTensor) {
        step(value, gradient, Some(velocity), [lr, momentum, decay])
    }
}

/// Values and gradients may lie in memory in any order, as convolutions leave them; results are in
/// C order.
fn step(
    value: CubeTensor,
    gradient: CubeTensor,
    velocity: Option<CubeTensor>,
    [lr, momentum, decay]: [f32; 3],
) -> (CubeTensor, CubeTensor) {
    let (shape, count) = (value.shape(), value.shape().num_elements());
    let [moved, new_velocity] = [(); 2].map(|()| empty([count], &value, value.dtype()));
    let units = CubeDim::new(&value.client, count);
    kernel::launch(
        &launch_on(&value),
        calculate_cube_count_elemwise(&value.client, count, units),
        units,
        moved.required_address_type(),
        value.into_linear_view(),
        gradient.into_linear_view(),
        velocity.map(CubeTensor::into_linear_view).into(),
        moved.clone().into_buffer_arg(),
        new_velocity.clone().into_buffer_arg(),
        lr,
        momentum,
        decay,
    );
    (burn_cubecl::ops::reshape(moved, shape), new_velocity)
}

/// A unit is a number.
#[cube(launch, address_type = "dynamic")]
fn kernel(
    value: LinearView<'_, f32>,
    gradient: LinearView<'_, f32>,
    velocity: ComptimeOption<LinearView<'_, f32>>,
    moved: &mut [f32],
    new_velocity: &mut [f32],
    lr: f32,
    momentum: f32,
    decay: f32,
) {
    let at = ABSOLUTE_POS;
    if at >= moved.len() {
        terminate!();
    }
    let value = value.read(at);
    let mut change = gradient.read(at);
    if decay != 0.0 {
        change += value * decay;
    }
    #[comptime]
    if let ComptimeOption::Some(velocity) = velocity {
        change += velocity.read(at) * momentum;
    }
    new_velocity[at] = change;
    moved[at] = value - change * lr;
}
