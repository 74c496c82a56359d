//! Batch normalisation on cubecl's devices: three launches forward, three backward.

mod kernel;

#[cfg(feature = "fusion")]
use burn::backend::fusion::custom::TensorSpec;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, TensorMetadata, backend_extension};
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::{Cube, CubeBackend};
use cubecl::prelude::*;

use super::operation::{InputGradients, Inputs, Kernels, TrainResult};
use crate::cube::{CubeTensor, Order, empty, launch_on};
use kernel::{GridLaunch, MAPS, Relu, UNITS};

/// Channels side by side that a row of units reads.
const CHANNELS: usize = 32;
/// Cubes that keep a large GPU busy.
const CUBES: usize = 1024;
/// Values of a unit below which another cube costs more than it saves.
const WORTH_A_CUBE: usize = 16;

/// What is kept for the backward pass.
#[derive(Clone, Debug)]
pub struct State<T> {
    x: T,
    /// If a shortcut was added.
    output: Option<T>,
    maps: T,
    relu: bool,
}

/// The passes as operations of burn. With fusion they are queued between burn's own.
#[backend_extension(Cube, Fusion: cfg(feature = "fusion"))]
pub trait CubeNorm: Backend {
    /// Output, mean, variance and maps.
    #[fusion(meta = |x, gamma, _beta, _epsilon, _relu| forward_specs(x, gamma))]
    fn cube_norm(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f32,
        relu: bool,
    ) -> (
        FloatTensor<Self>,
        FloatTensor<Self>,
        FloatTensor<Self>,
        FloatTensor<Self>,
    );

    /// The same of the sum with a shortcut, and ReLU.
    #[fusion(meta = |x, _shortcut, gamma, _beta, _epsilon| forward_specs(x, gamma))]
    fn cube_norm_add(
        x: FloatTensor<Self>,
        shortcut: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f32,
    ) -> (
        FloatTensor<Self>,
        FloatTensor<Self>,
        FloatTensor<Self>,
        FloatTensor<Self>,
    );

    /// Gradients of x, gamma and beta.
    #[fusion(meta = |x, maps, _gradient, _relu| backward_specs(x, maps))]
    fn cube_norm_backward(
        x: FloatTensor<Self>,
        maps: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        relu: bool,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);

    /// Gradients of x, gamma, beta and the shortcut.
    #[fusion(meta = |x, output, maps, _gradient| {
        let (x, gamma, beta) = backward_specs(x, maps);
        (x, gamma, beta, output.clone())
    })]
    fn cube_norm_add_backward(
        x: FloatTensor<Self>,
        output: FloatTensor<Self>,
        maps: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
    ) -> (
        FloatTensor<Self>,
        FloatTensor<Self>,
        FloatTensor<Self>,
        FloatTensor<Self>,
    );

    /// The output from given statistics.
    #[fusion(dtype = x, shape = x)]
    fn cube_affine(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        variance: FloatTensor<Self>,
        epsilon: f32,
        relu: bool,
    ) -> FloatTensor<Self>;

    /// The same of the sum with a shortcut, and ReLU.
    #[fusion(dtype = x, shape = x)]
    fn cube_affine_add(
        x: FloatTensor<Self>,
        shortcut: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        variance: FloatTensor<Self>,
        epsilon: f32,
    ) -> FloatTensor<Self>;
}

#[cfg(feature = "fusion")]
fn forward_specs(
    x: &TensorSpec,
    gamma: &TensorSpec,
) -> (TensorSpec, TensorSpec, TensorSpec, TensorSpec) {
    let maps = TensorSpec::new([MAPS, gamma.shape[0]].into(), x.dtype);
    (x.clone(), gamma.clone(), gamma.clone(), maps)
}

#[cfg(feature = "fusion")]
fn backward_specs(x: &TensorSpec, maps: &TensorSpec) -> (TensorSpec, TensorSpec, TensorSpec) {
    let channels = TensorSpec::new([maps.shape[1]].into(), x.dtype);
    (x.clone(), channels.clone(), channels)
}

impl Kernels for Cube {
    type State = State<FloatTensor<Self>>;

    fn forward(
        inputs: Inputs<FloatTensor<Self>>,
        epsilon: f64,
        relu: bool,
    ) -> TrainResult<FloatTensor<Self>, Self::State> {
        let Inputs {
            x,
            shortcut,
            gamma,
            beta,
        } = inputs;
        let (kept, epsilon) = (x.clone(), epsilon as f32);
        let has_shortcut = shortcut.is_some();
        let (output, mean, variance, maps) = match shortcut {
            Some(shortcut) => Self::cube_norm_add(x, shortcut, gamma, beta, epsilon),
            None => Self::cube_norm(x, gamma, beta, epsilon, relu),
        };
        TrainResult {
            state: State {
                x: kept,
                output: has_shortcut.then(|| output.clone()),
                maps,
                relu,
            },
            output,
            mean,
            variance,
        }
    }

    fn backward(
        state: Self::State,
        gradient: FloatTensor<Self>,
    ) -> InputGradients<FloatTensor<Self>> {
        let State {
            x,
            output,
            maps,
            relu,
        } = state;
        match output {
            Some(output) => {
                let (x, gamma, beta, shortcut) =
                    Self::cube_norm_add_backward(x, output, maps, gradient);
                InputGradients {
                    x,
                    shortcut: Some(shortcut),
                    gamma,
                    beta,
                }
            }
            None => {
                let (x, gamma, beta) = Self::cube_norm_backward(x, maps, gradient, relu);
                InputGradients {
                    x,
                    shortcut: None,
                    gamma,
                    beta,
                }
            }
        }
    }

    fn affine(
        x: FloatTensor<Self>,
        shortcut: Option<FloatTensor<Self>>,
        [gamma, beta, mean, variance]: [FloatTensor<Self>; 4],
        epsilon: f64,
        relu: bool,
    ) -> FloatTensor<Self> {
        let epsilon = epsilon as f32;
        match shortcut {
            Some(shortcut) => {
                Self::cube_affine_add(x, shortcut, gamma, beta, mean, variance, epsilon)
            }
            None => Self::cube_affine(x, gamma, beta, mean, variance, epsilon, relu),
        }
    }
}

impl CubeNorm for CubeBackend {
    fn cube_norm(
        x: CubeTensor,
        gamma: CubeTensor,
        beta: CubeTensor,
        epsilon: f32,
        relu: bool,
    ) -> (CubeTensor, CubeTensor, CubeTensor, CubeTensor) {
        forward(x, None, [gamma, beta], epsilon, relu)
    }

    fn cube_norm_add(
        x: CubeTensor,
        shortcut: CubeTensor,
        gamma: CubeTensor,
        beta: CubeTensor,
        epsilon: f32,
    ) -> (CubeTensor, CubeTensor, CubeTensor, CubeTensor) {
        forward(x, Some(shortcut), [gamma, beta], epsilon, true)
    }

    fn cube_norm_backward(
        x: CubeTensor,
        maps: CubeTensor,
        gradient: CubeTensor,
        relu: bool,
    ) -> (CubeTensor, CubeTensor, CubeTensor) {
        let gradients = backward(x, None, maps, gradient, relu);
        (gradients.x, gradients.gamma, gradients.beta)
    }

    fn cube_norm_add_backward(
        x: CubeTensor,
        output: CubeTensor,
        maps: CubeTensor,
        gradient: CubeTensor,
    ) -> (CubeTensor, CubeTensor, CubeTensor, CubeTensor) {
        let gradients = backward(x, Some(output), maps, gradient, true);
        let shortcut = gradients
            .shortcut
            .expect("with an output there is a shortcut");
        (gradients.x, gradients.gamma, gradients.beta, shortcut)
    }

    fn cube_affine(
        x: CubeTensor,
        gamma: CubeTensor,
        beta: CubeTensor,
        mean: CubeTensor,
        variance: CubeTensor,
        epsilon: f32,
        relu: bool,
    ) -> CubeTensor {
        affine(x, None, [gamma, beta, mean, variance], epsilon, relu)
    }

    fn cube_affine_add(
        x: CubeTensor,
        shortcut: CubeTensor,
        gamma: CubeTensor,
        beta: CubeTensor,
        mean: CubeTensor,
        variance: CubeTensor,
        epsilon: f32,
    ) -> CubeTensor {
        affine(
            x,
            Some(shortcut),
            [gamma, beta, mean, variance],
            epsilon,
            true,
        )
    }
}

/// How cubes are laid over a feature map. It depends on the shape and the order alone.
#[derive(Clone, Copy)]
struct Tiling {
    outer: usize,
    channels: usize,
    inner: usize,
    /// Rows of `outer` that a cube visits.
    rows: usize,
    /// Channels that a cube visits.
    width: usize,
    /// Units of a cube that read neighbouring values.
    across: usize,
}

impl Tiling {
    fn new(order: Order, x: &CubeTensor) -> Self {
        let [batch, channels, height, width] = x.shape().dims();
        let (outer, inner, width) = match order {
            Order::ChannelsFirst => (batch, height * width, 1),
            Order::ChannelsLast => (
                batch * height * width,
                1,
                channels.next_power_of_two().min(CHANNELS),
            ),
        };
        let across = (inner * width).next_power_of_two().min(UNITS);
        let down = UNITS / across;
        let values_a_unit = outer.div_ceil(down) * inner.div_ceil(across / width);
        let cubes = CUBES / channels.div_ceil(width).clamp(1, CUBES);
        let shares = (values_a_unit / WORTH_A_CUBE).clamp(1, cubes);
        Self {
            outer,
            channels,
            inner,
            rows: outer.div_ceil(shares).max(1).next_multiple_of(down),
            width,
            across,
        }
    }

    /// Into how many parts a channel is divided, each of them a cube's.
    fn shares(&self) -> usize {
        self.outer.div_ceil(self.rows)
    }

    fn cubes(&self) -> CubeCount {
        CubeCount::new_2d(
            self.channels.div_ceil(self.width) as u32,
            self.shares() as u32,
        )
    }

    fn units(&self) -> CubeDim {
        CubeDim::new_2d(self.across as u32, (UNITS / self.across) as u32)
    }

    fn grid(&self) -> GridLaunch {
        GridLaunch::new(self.outer, self.channels, self.inner, self.rows, self.width)
    }
}

fn forward(
    x: CubeTensor,
    shortcut: Option<CubeTensor>,
    [gamma, beta]: [CubeTensor; 2],
    epsilon: f32,
    relu: bool,
) -> (CubeTensor, CubeTensor, CubeTensor, CubeTensor) {
    let order = Order::native(&x);
    let x = order.dense(x);
    let tiling = Tiling::new(order, &x);
    let channels = tiling.channels;
    let shares = empty([tiling.shares(), 4, channels], &x, x.dtype());
    kernel::share_moments::launch(
        &launch_on(&x),
        tiling.cubes(),
        tiling.units(),
        x.required_address_type(),
        x.clone().into_buffer_arg(),
        shares.clone().into_buffer_arg(),
        tiling.grid(),
    );
    let [mean, variance] = [(); 2].map(|()| empty([channels], &x, x.dtype()));
    let maps = empty([MAPS, channels], &x, x.dtype());
    kernel::finish_moments::launch(
        &launch_on(&x),
        CubeCount::new_1d(channels as u32),
        CubeDim::new_1d(UNITS as u32),
        shares.required_address_type(),
        shares.into_buffer_arg(),
        into_contiguous(gamma).into_buffer_arg(),
        into_contiguous(beta).into_buffer_arg(),
        mean.clone().into_buffer_arg(),
        variance.clone().into_buffer_arg(),
        maps.clone().into_buffer_arg(),
        channels,
        tiling.shares(),
        epsilon,
    );
    let output = normalise(x, order, shortcut, maps.clone(), tiling, relu);
    (output, mean, variance, maps)
}

fn affine(
    x: CubeTensor,
    shortcut: Option<CubeTensor>,
    channels: [CubeTensor; 4],
    epsilon: f32,
    relu: bool,
) -> CubeTensor {
    let order = Order::native(&x);
    let x = order.dense(x);
    let tiling = Tiling::new(order, &x);
    let maps = empty([MAPS, tiling.channels], &x, x.dtype());
    let [gamma, beta, mean, variance] = channels.map(|t| into_contiguous(t).into_buffer_arg());
    kernel::given_maps::launch(
        &launch_on(&x),
        CubeCount::new_1d(tiling.channels.div_ceil(UNITS) as u32),
        CubeDim::new_1d(UNITS as u32),
        maps.required_address_type(),
        gamma,
        beta,
        mean,
        variance,
        maps.clone().into_buffer_arg(),
        tiling.channels,
        epsilon,
    );
    normalise(x, order, shortcut, maps, tiling, relu)
}

/// The output from the maps, in the order of `x`, which has no gaps.
fn normalise(
    x: CubeTensor,
    order: Order,
    shortcut: Option<CubeTensor>,
    maps: CubeTensor,
    tiling: Tiling,
    relu: bool,
) -> CubeTensor {
    let output = order.empty(x.shape().dims(), &x, x.dtype());
    kernel::normalise::launch(
        &launch_on(&x),
        tiling.cubes(),
        tiling.units(),
        x.required_address_type(),
        x.into_buffer_arg(),
        shortcut
            .map(|shortcut| order.dense(shortcut).into_buffer_arg())
            .into(),
        maps.into_buffer_arg(),
        output.clone().into_buffer_arg(),
        tiling.grid(),
        relu,
    );
    output
}

/// `output` is of a pass with a shortcut.
fn backward(
    x: CubeTensor,
    output: Option<CubeTensor>,
    maps: CubeTensor,
    gradient: CubeTensor,
    relu: bool,
) -> InputGradients<CubeTensor> {
    let order = Order::native(&x);
    let [x, gradient] = [x, gradient].map(|map| order.dense(map));
    let output = output.map(|output| order.dense(output));
    let relu = match (relu, &output) {
        (false, _) => Relu::None,
        (true, None) => Relu::Recomputed,
        (true, Some(_)) => Relu::Output,
    };
    let tiling = Tiling::new(order, &x);
    let channels = tiling.channels;
    let shares = empty([tiling.shares(), 2, channels], &x, x.dtype());
    let read = |tensor: &CubeTensor| tensor.clone().into_buffer_arg();
    kernel::share_sums::launch(
        &launch_on(&x),
        tiling.cubes(),
        tiling.units(),
        x.required_address_type(),
        read(&x),
        read(&gradient),
        output.as_ref().map(read).into(),
        read(&maps),
        read(&shares),
        tiling.grid(),
        relu,
    );
    let [gamma, beta] = [(); 2].map(|()| empty([channels], &x, x.dtype()));
    let slopes = empty([2, channels], &x, x.dtype());
    kernel::finish_sums::launch(
        &launch_on(&x),
        CubeCount::new_1d(channels as u32),
        CubeDim::new_1d(UNITS as u32),
        shares.required_address_type(),
        read(&shares),
        read(&maps),
        read(&gamma),
        read(&beta),
        read(&slopes),
        channels,
        tiling.shares(),
        (tiling.outer * tiling.inner) as f32,
    );
    let of_x = order.empty(x.shape().dims(), &x, x.dtype());
    let of_shortcut = output
        .as_ref()
        .map(|_| order.empty(x.shape().dims(), &x, x.dtype()));
    kernel::input_gradient::launch(
        &launch_on(&x),
        tiling.cubes(),
        tiling.units(),
        x.required_address_type(),
        read(&x),
        read(&gradient),
        output.as_ref().map(read).into(),
        read(&maps),
        read(&slopes),
        read(&of_x),
        of_shortcut.as_ref().map(read).into(),
        tiling.grid(),
        relu,
    );
    InputGradients {
        x: of_x,
        shortcut: of_shortcut,
        gamma,
        beta,
    }
}
