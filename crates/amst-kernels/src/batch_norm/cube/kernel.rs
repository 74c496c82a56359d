//! The kernels: what each unit computes.
//!
//! Sums are taken over fixed shares of a channel in a fixed order, so results do not depend on how
//! a device schedules them.

use cubecl::prelude::*;

/// Units in a cube: WebGPU promises as many.
pub const UNITS: usize = 256;

/// Rows of what is kept of each channel, `[MAPS, channels]`.
///
/// A normalised value is `(x - centre) scale + shift`. The mean is `centre + offset`, where the centre
/// is one of the values: it is subtracted first, as folded into the shift a large mean would cost
/// the digits that the deviations are in.
pub const MAPS: usize = 5;
const CENTRE: usize = 0;
const SCALE: usize = 1;
const SHIFT: usize = 2;
/// `1 / sqrt(variance + epsilon)`.
const ROOT: usize = 3;
const OFFSET: usize = 4;

/// Which values of `[outer, channels, inner]` a cube visits. Its units are a rectangle: neighbours
/// read neighbouring values, which are positions of one channel, or channels of one position if
/// these lie side by side.
#[derive(CubeLaunch, CubeType)]
pub struct Grid {
    outer: usize,
    channels: usize,
    inner: usize,
    /// Rows of `outer` that a cube visits.
    rows: usize,
    /// Channels that a cube visits, a power of two.
    #[cube(comptime)]
    width: usize,
}

#[cube]
impl Grid {
    fn channel(&self) -> usize {
        CUBE_POS_X as usize * self.width + UNIT_POS_X as usize % self.width
    }

    fn first_row(&self) -> usize {
        CUBE_POS_Y as usize * self.rows + UNIT_POS_Y as usize
    }

    /// Where the rows end; there are none for a unit past the last channel.
    fn end_row(&self) -> usize {
        let end = (CUBE_POS_Y as usize + 1) * self.rows;
        let end = select(end < self.outer, end, self.outer);
        select(self.channel() < self.channels, end, 0)
    }

    fn first_position(&self) -> usize {
        UNIT_POS_X as usize / self.width
    }

    fn position_step(&self) -> usize {
        CUBE_DIM_X as usize / self.width
    }

    /// Where the positions of the unit's channel begin in a row.
    fn start(&self, row: usize) -> usize {
        (row * self.channels + self.channel()) * self.inner
    }
}

/// Count, mean and sum of squared deviations of some values. The mean is `pivot + offset`, and the
/// pivot is one of the values, so that deviations from it are exact where they are small.
#[derive(CubeType, Clone, Copy)]
struct Moments {
    count: f32,
    pivot: f32,
    offset: f32,
    squares: f32,
}

/// Of the values of both (Chan, Golub and LeVeque 1983).
#[cube]
fn merged(a: Moments, b: Moments) -> Moments {
    let count = a.count + b.count;
    let share = select(count > 0.0, b.count / count, 0.0);
    let apart = (b.pivot - a.pivot) + (b.offset - a.offset);
    let between = apart * apart * (a.count * share);
    let is_first = a.count == 0.0;
    Moments {
        count,
        pivot: select(is_first, b.pivot, a.pivot),
        offset: select(is_first, b.offset, a.offset + apart * share),
        squares: a.squares + b.squares + select(is_first || b.count == 0.0, 0.0, between),
    }
}

/// Memory of a cube for the moments of its units.
#[derive(CubeType)]
struct SharedMoments {
    counts: Shared<[f32]>,
    pivots: Shared<[f32]>,
    offsets: Shared<[f32]>,
    squares: Shared<[f32]>,
}

#[cube]
impl SharedMoments {
    fn read(&self, unit: usize) -> Moments {
        Moments {
            count: self.counts[unit],
            pivot: self.pivots[unit],
            offset: self.offsets[unit],
            squares: self.squares[unit],
        }
    }

    fn write(&mut self, unit: usize, moments: Moments) {
        self.counts[unit] = moments.count;
        self.pivots[unit] = moments.pivot;
        self.offsets[unit] = moments.offset;
        self.squares[unit] = moments.squares;
    }
}

/// The moments of all units of a channel, for the first `width` units.
#[cube]
fn merged_units(own: Moments, #[comptime] width: usize) -> Moments {
    let mut shared = SharedMoments {
        counts: Shared::new_slice(UNITS),
        pivots: Shared::new_slice(UNITS),
        offsets: Shared::new_slice(UNITS),
        squares: Shared::new_slice(UNITS),
    };
    let unit = UNIT_POS as usize;
    shared.write(unit, own);
    sync_cube();
    let mut distance = (UNITS / 2).runtime();
    while distance >= width {
        if unit < distance {
            let both = merged(shared.read(unit), shared.read(unit + distance));
            shared.write(unit, both);
        }
        distance /= 2;
        sync_cube();
    }
    shared.read(unit)
}

/// The moments of each share of each channel, `[shares, 4, channels]`.
#[cube(launch, address_type = "dynamic")]
pub fn share_moments(x: &[f32], shares: &mut [f32], grid: Grid) {
    let mut count = 0.0f32;
    let mut pivot = 0.0f32;
    let mut sum = 0.0f32;
    let mut squares = 0.0f32;
    for row in range_stepped(grid.first_row(), grid.end_row(), CUBE_DIM_Y as usize) {
        let start = grid.start(row);
        for position in range_stepped(grid.first_position(), grid.inner, grid.position_step()) {
            let value = x[start + position];
            pivot = select(count == 0.0, value, pivot);
            let deviation = value - pivot;
            count += 1.0;
            sum += deviation;
            squares += deviation * deviation;
        }
    }
    let offset = select(count > 0.0, sum / count, 0.0);
    let own = Moments {
        count,
        pivot,
        offset,
        squares: squares - offset * sum,
    };
    let all = merged_units(own, grid.width);
    let channel = grid.channel();
    if (UNIT_POS as usize) < grid.width && channel < grid.channels {
        let share = CUBE_POS_Y as usize * 4;
        shares[share * grid.channels + channel] = all.count;
        shares[(share + 1) * grid.channels + channel] = all.pivot;
        shares[(share + 2) * grid.channels + channel] = all.offset;
        shares[(share + 3) * grid.channels + channel] = all.squares;
    }
}

/// Mean, biased variance and map of a channel, which is a cube's.
#[cube(launch, address_type = "dynamic")]
pub fn finish_moments(
    shares: &[f32],
    gamma: &[f32],
    beta: &[f32],
    means: &mut [f32],
    variances: &mut [f32],
    maps: &mut [f32],
    channels: usize,
    share_count: usize,
    epsilon: f32,
) {
    let channel = CUBE_POS_X as usize;
    let mut count = 0.0f32;
    let mut pivot = 0.0f32;
    let mut offset = 0.0f32;
    let mut squares = 0.0f32;
    for share in range_stepped(UNIT_POS as usize, share_count, UNITS) {
        let at = share * 4 * channels + channel;
        let own = Moments {
            count,
            pivot,
            offset,
            squares,
        };
        let other = Moments {
            count: shares[at],
            pivot: shares[at + channels],
            offset: shares[at + 2 * channels],
            squares: shares[at + 3 * channels],
        };
        let both = merged(own, other);
        count = both.count;
        pivot = both.pivot;
        offset = both.offset;
        squares = both.squares;
    }
    let own = Moments {
        count,
        pivot,
        offset,
        squares,
    };
    let all = merged_units(own, 1usize);
    if UNIT_POS == 0 {
        let variance = all.squares / all.count;
        // Written so that a NaN stays one.
        let variance = select(variance < 0.0, 0.0, variance);
        means[channel] = all.pivot + all.offset;
        variances[channel] = variance;
        write_map(
            maps,
            channel,
            channels,
            all.pivot,
            all.offset,
            variance,
            gamma[channel],
            beta[channel],
            epsilon,
        );
    }
}

/// The maps of given statistics; a unit is a channel.
#[cube(launch, address_type = "dynamic")]
pub fn given_maps(
    gamma: &[f32],
    beta: &[f32],
    means: &[f32],
    variances: &[f32],
    maps: &mut [f32],
    channels: usize,
    epsilon: f32,
) {
    let channel = ABSOLUTE_POS;
    if channel < channels {
        write_map(
            maps,
            channel,
            channels,
            means[channel],
            0.0,
            variances[channel],
            gamma[channel],
            beta[channel],
            epsilon,
        );
    }
}

#[cube]
fn write_map(
    maps: &mut [f32],
    channel: usize,
    channels: usize,
    centre: f32,
    offset: f32,
    variance: f32,
    gamma: f32,
    beta: f32,
    epsilon: f32,
) {
    let root = 1.0 / (variance + epsilon).sqrt();
    let scale = gamma * root;
    maps[CENTRE * channels + channel] = centre;
    maps[SCALE * channels + channel] = scale;
    maps[SHIFT * channels + channel] = beta - scale * offset;
    maps[ROOT * channels + channel] = root;
    maps[OFFSET * channels + channel] = offset;
}

/// `max(value, 0)` that lets a NaN through, as PyTorch's does.
#[cube]
fn relu(value: f32) -> f32 {
    select(value <= 0.0, 0.0, value)
}

/// The output from the maps.
#[cube(launch, address_type = "dynamic")]
pub fn normalise(
    x: &[f32],
    shortcut: ComptimeOption<&[f32]>,
    maps: &[f32],
    output: &mut [f32],
    grid: Grid,
    #[comptime] has_relu: bool,
) {
    let channel = grid.channel();
    if channel >= grid.channels {
        terminate!();
    }
    let centre = maps[CENTRE * grid.channels + channel];
    let scale = maps[SCALE * grid.channels + channel];
    let shift = maps[SHIFT * grid.channels + channel];
    for row in range_stepped(grid.first_row(), grid.end_row(), CUBE_DIM_Y as usize) {
        let start = grid.start(row);
        for position in range_stepped(grid.first_position(), grid.inner, grid.position_step()) {
            let at = start + position;
            let mut value = (x[at] - centre) * scale + shift;
            #[comptime]
            if let ComptimeOption::Some(shortcut) = shortcut.as_ref() {
                value += shortcut[at];
            }
            output[at] = if comptime!(has_relu) {
                relu(value)
            } else {
                value
            };
        }
    }
}

/// From what to tell where ReLU was zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Relu {
    /// There was no ReLU.
    None,
    /// From the output, computed again from the input, so that it is neither kept nor read.
    Recomputed,
    /// From the output itself, where a shortcut was added.
    Output,
}

/// What a backward pass reads of a value, as dz: the output's gradient, and 0 where ReLU was zero.
/// As in PyTorch, NaN passes it.
#[cube]
fn through_relu(
    gradient: f32,
    deviation: f32,
    scale: f32,
    shift: f32,
    output: ComptimeOption<f32>,
    #[comptime] relu: Relu,
) -> f32 {
    if comptime!(relu == Relu::None) {
        gradient
    } else {
        let value = output.unwrap_or(deviation * scale + shift);
        select(value <= 0.0, 0.0, gradient)
    }
}

/// For each share of each channel the sums of dz and of dz (x - centre), `[shares, 2, channels]`.
#[cube(launch, address_type = "dynamic")]
pub fn share_sums(
    x: &[f32],
    gradient: &[f32],
    output: ComptimeOption<&[f32]>,
    maps: &[f32],
    shares: &mut [f32],
    grid: Grid,
    #[comptime] relu: Relu,
) {
    let channel = grid.channel();
    let known = select(channel < grid.channels, channel, 0);
    let centre = maps[CENTRE * grid.channels + known];
    let scale = maps[SCALE * grid.channels + known];
    let shift = maps[SHIFT * grid.channels + known];
    let mut plain = 0.0f32;
    let mut product = 0.0f32;
    for row in range_stepped(grid.first_row(), grid.end_row(), CUBE_DIM_Y as usize) {
        let start = grid.start(row);
        for position in range_stepped(grid.first_position(), grid.inner, grid.position_step()) {
            let at = start + position;
            let deviation = x[at] - centre;
            let output = output.as_ref().map(|output| output[at]);
            let dz = through_relu(gradient[at], deviation, scale, shift, output, relu);
            plain += dz;
            product += dz * deviation;
        }
    }
    let (plain, product) = summed_units(plain, product, grid.width);
    if (UNIT_POS as usize) < grid.width && channel < grid.channels {
        let share = CUBE_POS_Y as usize * 2;
        shares[share * grid.channels + channel] = plain;
        shares[(share + 1) * grid.channels + channel] = product;
    }
}

/// The sums of all units of a channel, for the first `width` units.
#[cube]
fn summed_units(plain: f32, product: f32, #[comptime] width: usize) -> (f32, f32) {
    let mut plains = Shared::<[f32]>::new_slice(UNITS);
    let mut products = Shared::<[f32]>::new_slice(UNITS);
    let unit = UNIT_POS as usize;
    plains[unit] = plain;
    products[unit] = product;
    sync_cube();
    let mut distance = (UNITS / 2).runtime();
    while distance >= width {
        if unit < distance {
            let other = (plains[unit + distance], products[unit + distance]);
            plains[unit] += other.0;
            products[unit] += other.1;
        }
        distance /= 2;
        sync_cube();
    }
    (plains[unit], products[unit])
}

/// Gradients of a channel's parameters, and from dz to the input's gradient, which is
/// `scale dz + slope (x - centre) + shift`: slope and shift as `[2, channels]`. A channel is a
/// cube's.
#[cube(launch, address_type = "dynamic")]
pub fn finish_sums(
    shares: &[f32],
    maps: &[f32],
    gamma: &mut [f32],
    beta: &mut [f32],
    slopes: &mut [f32],
    channels: usize,
    share_count: usize,
    values: f32,
) {
    let channel = CUBE_POS_X as usize;
    let mut plain = 0.0f32;
    let mut product = 0.0f32;
    for share in range_stepped(UNIT_POS as usize, share_count, UNITS) {
        let at = share * 2 * channels + channel;
        plain += shares[at];
        product += shares[at + channels];
    }
    let (plain, product) = summed_units(plain, product, 1usize);
    if UNIT_POS == 0 {
        let scale = maps[SCALE * channels + channel];
        let root = maps[ROOT * channels + channel];
        let offset = maps[OFFSET * channels + channel];
        // The products were taken around the centre.
        let product = product - offset * plain;
        let slope = -scale * root * root * product / values;
        gamma[channel] = product * root;
        beta[channel] = plain;
        slopes[channel] = slope;
        slopes[channels + channel] = -scale * plain / values - slope * offset;
    }
}

/// The input's gradient, and dz where it is the shortcut's.
#[cube(launch, address_type = "dynamic")]
pub fn input_gradient(
    x: &[f32],
    gradient: &[f32],
    output: ComptimeOption<&[f32]>,
    maps: &[f32],
    slopes: &[f32],
    of_x: &mut [f32],
    mut of_shortcut: ComptimeOption<&mut [f32]>,
    grid: Grid,
    #[comptime] relu: Relu,
) {
    let channel = grid.channel();
    if channel >= grid.channels {
        terminate!();
    }
    let centre = maps[CENTRE * grid.channels + channel];
    let scale = maps[SCALE * grid.channels + channel];
    let shift = maps[SHIFT * grid.channels + channel];
    let slope = slopes[channel];
    let constant = slopes[grid.channels + channel];
    for row in range_stepped(grid.first_row(), grid.end_row(), CUBE_DIM_Y as usize) {
        let start = grid.start(row);
        for position in range_stepped(grid.first_position(), grid.inner, grid.position_step()) {
            let at = start + position;
            let deviation = x[at] - centre;
            let output = output.as_ref().map(|output| output[at]);
            let dz = through_relu(gradient[at], deviation, scale, shift, output, relu);
            of_x[at] = dz * scale + (deviation * slope + constant);
            #[comptime]
            if let ComptimeOption::Some(of_shortcut) = of_shortcut.as_mut() {
                of_shortcut[at] = dz;
            }
        }
    }
}
