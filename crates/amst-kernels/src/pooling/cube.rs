//! Max-pooling on cubecl's devices, one launch each way. The backward pass gathers: each value asks
//! the windows around it, so that no two units add to one place.

#[cfg(feature = "fusion")]
use burn::backend::fusion::custom::TensorSpec;
use burn::backend::tensor::{FloatTensor, IntTensor};
use burn::backend::{Backend, TensorMetadata, backend_extension};
use burn::tensor::DType;
use burn_cubecl::{Cube, CubeBackend};
use cubecl::calculate_cube_count_elemwise;
use cubecl::prelude::*;

use super::kernel::{PlaneSizes, Windows};
use super::operation::Kernels;
use crate::cube::{CubeTensor, Order, launch_on};

/// Which tap of each window was the largest, counted row by row, and height and width of the input.
#[derive(Clone, Debug)]
pub struct Argmax<T> {
    taps: T,
    input_size: [usize; 2],
}

/// Both passes as operations of burn. With fusion they are queued between burn's own.
#[backend_extension(Cube, Fusion: cfg(feature = "fusion"))]
pub trait CubePooling: Backend {
    /// The output, and the tap of each window.
    #[fusion(meta = |x, windows| forward_specs(x, *windows))]
    fn cube_pool(x: FloatTensor<Self>, windows: Windows) -> (FloatTensor<Self>, IntTensor<Self>);

    /// The gradient of an input of this height and width.
    #[fusion(meta = |_taps, gradient, height, width, _windows| backward_spec(gradient, [*height, *width]))]
    fn cube_pool_backward(
        taps: IntTensor<Self>,
        gradient: FloatTensor<Self>,
        height: usize,
        width: usize,
        windows: Windows,
    ) -> FloatTensor<Self>;
}

#[cfg(feature = "fusion")]
fn forward_specs(x: &TensorSpec, windows: Windows) -> (TensorSpec, TensorSpec) {
    let shape = output_shape(x.shape.dims(), windows);
    (
        TensorSpec::new(shape.into(), x.dtype),
        TensorSpec::new(shape.into(), DType::U32),
    )
}

#[cfg(feature = "fusion")]
fn backward_spec(gradient: &TensorSpec, [height, width]: [usize; 2]) -> TensorSpec {
    let [batch, channels, _, _] = gradient.shape.dims();
    TensorSpec::new([batch, channels, height, width].into(), gradient.dtype)
}

fn output_shape([batch, channels, height, width]: [usize; 4], windows: Windows) -> [usize; 4] {
    let [height, width] = PlaneSizes::new([height, width], windows).output_size;
    [batch, channels, height, width]
}

impl Kernels for Cube {
    type Argmax = Argmax<IntTensor<Self>>;

    fn forward(x: FloatTensor<Self>, windows: Windows) -> (FloatTensor<Self>, Self::Argmax) {
        let [_, _, height, width] = x.shape().dims();
        let (output, taps) = Self::cube_pool(x, windows);
        let input_size = [height, width];
        (output, Argmax { taps, input_size })
    }

    fn backward(
        argmax: Self::Argmax,
        gradient: FloatTensor<Self>,
        windows: Windows,
    ) -> FloatTensor<Self> {
        let [height, width] = argmax.input_size;
        Self::cube_pool_backward(argmax.taps, gradient, height, width, windows)
    }
}

impl CubePooling for CubeBackend {
    fn cube_pool(x: CubeTensor, windows: Windows) -> (CubeTensor, CubeTensor) {
        let order = Order::native(&x);
        let x = order.dense(x);
        let shape = x.shape().dims();
        let pooled = output_shape(shape, windows);
        let output = order.empty(pooled, &x, x.dtype());
        let taps = order.empty(pooled, &x, DType::U32);
        let together = Together::new(order, &x);
        let count = pooled.iter().product::<usize>() / together.vector;
        let units = CubeDim::new(&x.client, count);
        forward::launch(
            &launch_on(&x),
            calculate_cube_count_elemwise(&x.client, count, units),
            units,
            x.required_address_type(),
            together.vector,
            x.into_buffer_arg(),
            output.clone().into_buffer_arg(),
            taps.clone().into_buffer_arg(),
            planes(together, shape, pooled, windows),
        );
        (output, taps)
    }

    fn cube_pool_backward(
        taps: CubeTensor,
        gradient: CubeTensor,
        height: usize,
        width: usize,
        windows: Windows,
    ) -> CubeTensor {
        let order = Order::native(&taps);
        let gradient = order.dense(gradient);
        let pooled @ [batch, channels, _, _] = gradient.shape().dims();
        let shape = [batch, channels, height, width];
        let result = order.empty(shape, &gradient, gradient.dtype());
        let together = Together::new(order, &gradient);
        let count = shape.iter().product::<usize>() / together.vector;
        let units = CubeDim::new(&gradient.client, count);
        backward::launch(
            &launch_on(&gradient),
            calculate_cube_count_elemwise(&gradient.client, count, units),
            units,
            result.required_address_type(),
            together.vector,
            order.dense(taps).into_buffer_arg(),
            gradient.into_buffer_arg(),
            result.clone().into_buffer_arg(),
            planes(together, shape, pooled, windows),
        );
        result
    }
}

/// Channels of a position that lie side by side.
#[derive(Clone, Copy)]
struct Together {
    /// How many a unit takes.
    vector: usize,
    /// How many units they are.
    units: usize,
}

impl Together {
    fn new(order: Order, map: &CubeTensor) -> Self {
        let channels = match order {
            Order::ChannelsFirst => 1,
            Order::ChannelsLast => map.shape()[1],
        };
        let vector = if channels.is_multiple_of(VECTOR) {
            VECTOR
        } else {
            1
        };
        Self {
            vector,
            units: channels / vector,
        }
    }
}

/// Numbers that every device loads at once.
const VECTOR: usize = 4;

fn planes(
    together: Together,
    [_, _, height, width]: [usize; 4],
    [_, _, output_height, output_width]: [usize; 4],
    windows: Windows,
) -> PlanesLaunch {
    PlanesLaunch::new(
        together.units,
        height,
        width,
        output_height,
        output_width,
        windows.size,
        windows.stride,
        windows.padding,
    )
}

/// Sizes of planes, which lie in memory as `[planes, height, width, together]`: a channel's each,
/// or those of all channels together.
#[derive(CubeLaunch, CubeType)]
struct Planes {
    together: usize,
    height: usize,
    width: usize,
    output_height: usize,
    output_width: usize,
    #[cube(comptime)]
    size: usize,
    #[cube(comptime)]
    stride: usize,
    #[cube(comptime)]
    padding: usize,
}

/// A unit is a window, of several channels if these lie side by side.
#[cube(launch, address_type = "dynamic")]
fn forward<N: Size>(
    x: &[Vector<f32, N>],
    output: &mut [Vector<f32, N>],
    taps: &mut [Vector<u32, N>],
    planes: Planes,
) {
    let at = ABSOLUTE_POS;
    if at >= output.len() {
        terminate!();
    }
    let member = at % planes.together;
    let window = at / planes.together;
    let column = window % planes.output_width * planes.stride;
    let row = window / planes.output_width % planes.output_height * planes.stride;
    let plane = window / (planes.output_width * planes.output_height);
    // The first tap in the plane, as a shader has no infinity to begin with.
    let first_row = outside(row, planes.padding);
    let first_column = outside(column, planes.padding);
    let first = (plane * planes.height + row + first_row - planes.padding) * planes.width
        + column
        + first_column
        - planes.padding;
    let mut largest = x[first * planes.together + member];
    let mut argmax = Vector::<u32, N>::cast_from(first_row * planes.size + first_column);
    for tap_row in 0..planes.size {
        let y = row + tap_row;
        if y >= planes.padding && y < planes.height + planes.padding {
            let start = (plane * planes.height + y - planes.padding) * planes.width;
            for tap_column in 0..planes.size {
                let column = column + tap_column;
                if column >= planes.padding && column < planes.width + planes.padding {
                    let position = start + column - planes.padding;
                    let value = x[position * planes.together + member];
                    let tap = Vector::<u32, N>::cast_from(tap_row * planes.size + tap_column);
                    // The first of equal values counts, and NaN is larger than any value.
                    let is_larger = value.greater_than(&largest);
                    largest = select_many(is_larger, value, largest);
                    argmax = select_many(is_larger, tap, argmax);
                    largest = select_many(value.is_nan(), value, largest);
                    argmax = select_many(value.is_nan(), tap, argmax);
                }
            }
        }
    }
    output[at] = largest;
    taps[at] = argmax;
}

/// How many taps of a window that begins here in the padded plane are before the plane.
#[cube]
fn outside(start: usize, #[comptime] padding: usize) -> usize {
    max(start, padding) - start
}

/// A unit is a value of the input, or those of several channels.
#[cube(launch, address_type = "dynamic")]
fn backward<N: Size>(
    taps: &[Vector<u32, N>],
    gradient: &[Vector<f32, N>],
    result: &mut [Vector<f32, N>],
    planes: Planes,
) {
    let at = ABSOLUTE_POS;
    if at >= result.len() {
        terminate!();
    }
    let member = at % planes.together;
    let position = at / planes.together;
    let column = position % planes.width + planes.padding;
    let row = position / planes.width % planes.height + planes.padding;
    let plane = position / (planes.width * planes.height);
    let mut sum = Vector::<f32, N>::new(0.0);
    for y in first_window(row, planes.size, planes.stride)
        ..end_window(row, planes.stride, planes.output_height)
    {
        for x in first_window(column, planes.size, planes.stride)
            ..end_window(column, planes.stride, planes.output_width)
        {
            let window = (plane * planes.output_height + y) * planes.output_width + x;
            let window = window * planes.together + member;
            let tap_row = row - y * planes.stride;
            let tap_column = column - x * planes.stride;
            let tap = Vector::<u32, N>::cast_from(tap_row * planes.size + tap_column);
            sum += select_many(
                taps[window].equal(&tap),
                gradient[window],
                Vector::new(0.0f32),
            );
        }
    }
    result[at] = sum;
}

/// The first window that reaches a place in the padded plane, along one dimension.
#[cube]
fn first_window(place: usize, #[comptime] size: usize, #[comptime] stride: usize) -> usize {
    // Below, the difference would be negative.
    let reaches = max(place + stride, size) - size;
    reaches / stride
}

/// Where the windows end that begin before or at a place in the padded plane.
#[cube]
fn end_window(place: usize, #[comptime] stride: usize, windows: usize) -> usize {
    min(place / stride + 1, windows)
}
