//! The output as tiles of 2×2, and their transforms, `[channels, 16, tiles]`.

use super::super::Shape;
use super::super::tiles::{Strip, cut};
use super::super::unfold::Padded;
use super::TILE_VALUES;
use super::transforms::{
    LANES, Lanes, load, to_output, transform_2d, transform_gradient, transform_input,
};

/// Transformed values of a group, of input and output together: 16 MiB, to stay in the L3 cache.
const GROUP_VALUES: usize = 1 << 22;

/// Most tiles of a group, reached with few channels: larger matrix products are no faster.
const MAX_TILES: usize = 800;

/// How a convolution's output is divided into tiles.
#[derive(Clone, Copy, Debug)]
pub struct Tiling {
    shape: Shape,
    /// Rows and columns of tiles in a picture.
    grid: [usize; 2],
}

impl Tiling {
    /// The tiling of a convolution.
    pub fn new(shape: &Shape) -> Self {
        Self {
            shape: *shape,
            grid: shape.output_size().map(|side| side.div_ceil(2)),
        }
    }

    /// Groups of rows of tiles that are multiplied together.
    pub fn groups(&self) -> Vec<Vec<Strip>> {
        let (batch, tiles_per_picture) = (self.shape.batch, self.grid[0] * self.grid[1]);
        let channels = self.shape.inputs + self.shape.outputs;
        let most = (GROUP_VALUES / TILE_VALUES / channels).clamp(1, MAX_TILES);
        let tiles = match most / tiles_per_picture {
            0 => most,
            // About as many pictures in every group.
            pictures => batch.div_ceil(batch.div_ceil(pictures)) * tiles_per_picture,
        };
        cut(batch, self.grid, tiles)
    }

    /// Tiles in a group.
    pub fn tiles(&self, group: &[Strip]) -> usize {
        group.iter().map(|strip| strip.rows).sum::<usize>() * self.grid[1]
    }

    /// Writes the transforms of a channel of the input, `[16, tiles + LANES]`; the last `LANES`
    /// values are arbitrary.
    ///
    /// `x` is `[batch, channels, height, width]`.
    #[inline(always)]
    pub fn transform_input(
        &self,
        x: &[f32],
        channel: usize,
        group: &[Strip],
        padded: &mut Padded,
        transformed: &mut [f32],
    ) {
        let read = Shape {
            kernel: [4; 2],
            stride: 2,
            ..self.shape
        };
        self.transform(
            |picture| plane(x, picture * self.shape.inputs + channel, self.shape.plane()),
            &read,
            group,
            padded,
            transformed,
            |square| transform_2d(square, transform_input),
        );
    }

    /// The same of the output's gradient.
    #[inline(always)]
    pub fn transform_gradient(
        &self,
        x: &[f32],
        channel: usize,
        group: &[Strip],
        padded: &mut Padded,
        transformed: &mut [f32],
    ) {
        let read = Shape {
            input_size: self.shape.output_size(),
            kernel: [2; 2],
            stride: 2,
            padding: [0; 2],
            ..self.shape
        };
        let (outputs, positions) = (self.shape.outputs, self.shape.positions());
        self.transform(
            |picture| plane(x, picture * outputs + channel, positions),
            &read,
            group,
            padded,
            transformed,
            |square| transform_2d(square, transform_gradient),
        );
    }

    /// `read` is a convolution whose positions read what the tiles do: squares of side `N`, at
    /// every second row and column.
    #[inline(always)]
    fn transform<'a, const N: usize>(
        &self,
        plane: impl Fn(usize) -> &'a [f32],
        read: &Shape,
        group: &[Strip],
        padded: &mut Padded,
        transformed: &mut [f32],
        transform: impl Fn([[Lanes; N]; N]) -> [[Lanes; 4]; 4],
    ) {
        let (row_length, tiles_per_row) = (transformed.len() / TILE_VALUES, self.grid[1]);
        let mut start = 0;
        for strip in group {
            padded.fill(plane(strip.picture), read, *strip);
            for row in 0..strip.rows {
                for tile in (0..tiles_per_row).step_by(LANES) {
                    let mut square = [[[0.0; LANES]; N]; N];
                    for (n, lanes) in square.as_flattened_mut().iter_mut().enumerate() {
                        *lanes = load(padded.tap_row(0, row, [n / N, n % N]), tile);
                    }
                    let values = transform(square);
                    for (n, lanes) in values.as_flattened().iter().enumerate() {
                        let at = n * row_length + start + tile;
                        transformed[at..at + LANES].copy_from_slice(lanes);
                    }
                }
                start += tiles_per_row;
            }
        }
    }

    /// Where a strip's positions are in the output, `[batch, outputs, height, width]`: start
    /// and length.
    pub fn place(&self, strip: &Strip, channel: usize) -> (usize, usize) {
        let [rows, columns] = self.shape.output_size();
        let (first, last) = (2 * strip.row, (2 * (strip.row + strip.rows)).min(rows));
        let start = (strip.picture * self.shape.outputs + channel) * self.shape.positions()
            + first * columns;
        (start, (last - first) * columns)
    }

    /// Writes the positions of a strip whose transforms begin at tile `start`.
    #[inline(always)]
    pub fn write_output(
        &self,
        transformed: &[f32],
        start: usize,
        lines: &mut Vec<f32>,
        output: &mut [f32],
    ) {
        let (row_length, tiles_per_row, columns) = (
            transformed.len() / TILE_VALUES,
            self.grid[1],
            self.shape.output_size()[1],
        );
        let line = 2 * tiles_per_row.next_multiple_of(LANES);
        lines.resize(2 * line, 0.0);
        for (row, rows) in output.chunks_mut(2 * columns).enumerate() {
            for tile in (0..tiles_per_row).step_by(LANES) {
                let at = start + row * tiles_per_row + tile;
                let mut values = [[[0.0; LANES]; 4]; 4];
                for (n, lanes) in values.as_flattened_mut().iter_mut().enumerate() {
                    *lanes = load(transformed, n * row_length + at);
                }
                let square = transform_2d(values, to_output);
                for y in 0..2 {
                    interleave(square[y], &mut lines[y * line + 2 * tile..]);
                }
            }
            for (to, from) in rows.chunks_exact_mut(columns).zip(lines.chunks_exact(line)) {
                to.copy_from_slice(&from[..columns]);
            }
        }
    }
}

#[inline(always)]
fn interleave([even, odd]: [Lanes; 2], to: &mut [f32]) {
    let mut both = [0.0; 2 * LANES];
    for n in 0..LANES {
        (both[2 * n], both[2 * n + 1]) = (even[n], odd[n]);
    }
    to[..2 * LANES].copy_from_slice(&both);
}

fn plane(maps: &[f32], number: usize, length: usize) -> &[f32] {
    &maps[number * length..(number + 1) * length]
}
