//! Maps as tiles of 2×2, and their images: `[channels, 16, tiles]`.

use super::super::Shape;
use super::super::tiles::{Strip, Tile, cut};
use super::super::unfold::Padded;
use super::IMAGE;
use super::lanes::{LANES, Lanes, load, of_gradient, of_input, to_output, twice};

/// Numbers of all images of a turn, of input and output together: 16 MiB.
const OF_TURN: usize = 1 << 22;

/// Tiles of a turn, if there are few channels: more products at once are no faster.
const TILES: usize = 800;

/// How a convolution's output is cut into tiles.
#[derive(Clone, Copy, Debug)]
pub struct Tiling {
    shape: Shape,
    /// Rows and columns of tiles in a map.
    grid: [usize; 2],
}

impl Tiling {
    /// Of this convolution.
    pub fn new(shape: &Shape) -> Self {
        Self {
            shape: *shape,
            grid: shape.to().map(|side| side.div_ceil(2)),
        }
    }

    /// Rows of tiles that are multiplied together, so many that their images stay in the third
    /// cache.
    pub fn turns(&self) -> Vec<Tile> {
        let tiles = (OF_TURN / IMAGE / (self.shape.inputs + self.shape.outputs)).max(1);
        let pictures = |tiles: usize| tiles / self.grid.iter().product::<usize>();
        let tiles = match pictures(tiles.min(TILES)) {
            0 => tiles.min(TILES),
            // As many in one turn as in the other.
            most => {
                self.shape.batch.div_ceil(self.shape.batch.div_ceil(most))
                    * self.grid.iter().product::<usize>()
            }
        };
        cut(self.shape.batch, self.grid, tiles)
    }

    /// How many tiles that are.
    pub fn tiles(&self, turn: &[Strip]) -> usize {
        turn.iter().map(|strip| strip.rows).sum::<usize>() * self.grid[1]
    }

    /// Writes the images of a channel of the input, `[16, tiles + LANES]`; what lies behind the
    /// tiles means nothing.
    ///
    /// `x` is `[batch, channels, height, width]`.
    #[inline(always)]
    pub fn map_input(
        &self,
        x: &[f32],
        channel: usize,
        turn: &[Strip],
        padded: &mut Padded,
        images: &mut [f32],
    ) {
        let read = Shape {
            kernel: [4; 2],
            stride: 2,
            ..self.shape
        };
        let plane = |picture| plane(x, picture * self.shape.inputs + channel, self.shape.plane());
        self.map(plane, &read, turn, padded, images, |square| {
            twice(square, of_input)
        });
    }

    /// The same of the output's gradient.
    #[inline(always)]
    pub fn map_gradient(
        &self,
        x: &[f32],
        channel: usize,
        turn: &[Strip],
        padded: &mut Padded,
        images: &mut [f32],
    ) {
        let read = Shape {
            from: self.shape.to(),
            kernel: [2; 2],
            stride: 2,
            padding: [0; 2],
            ..self.shape
        };
        let plane = |picture| {
            plane(
                x,
                picture * self.shape.outputs + channel,
                self.shape.positions(),
            )
        };
        self.map(plane, &read, turn, padded, images, |square| {
            twice(square, of_gradient)
        });
    }

    /// `read` says of a tile what it reads: squares whose side is `N`, every second row and column.
    #[inline(always)]
    fn map<'a, const N: usize>(
        &self,
        plane: impl Fn(usize) -> &'a [f32],
        read: &Shape,
        turn: &[Strip],
        padded: &mut Padded,
        images: &mut [f32],
        image: impl Fn([[Lanes; N]; N]) -> [[Lanes; 4]; 4],
    ) {
        let (row_length, wide) = (images.len() / IMAGE, self.grid[1]);
        let mut start = 0;
        for strip in turn {
            padded.fill(plane(strip.picture), read, *strip);
            for row in 0..strip.rows {
                for tile in (0..wide).step_by(LANES) {
                    let mut square = [[[0.0; LANES]; N]; N];
                    for (n, lanes) in square.as_flattened_mut().iter_mut().enumerate() {
                        *lanes = load(padded.read_by(0, row, [n / N, n % N]), tile);
                    }
                    let image = image(square);
                    for (n, lanes) in image.as_flattened().iter().enumerate() {
                        let at = n * row_length + start + tile;
                        images[at..at + LANES].copy_from_slice(lanes);
                    }
                }
                start += wide;
            }
        }
    }

    /// Where the positions of a strip lie in the output, `[batch, outputs, height, width]`: start
    /// and length.
    pub fn place(&self, strip: &Strip, channel: usize) -> (usize, usize) {
        let [rows, columns] = self.shape.to();
        let (first, last) = (2 * strip.row, (2 * (strip.row + strip.rows)).min(rows));
        let start = (strip.picture * self.shape.outputs + channel) * self.shape.positions()
            + first * columns;
        (start, (last - first) * columns)
    }

    /// Writes the positions of a strip whose images begin at tile `start`.
    #[inline(always)]
    pub fn write(&self, images: &[f32], start: usize, lines: &mut Vec<f32>, output: &mut [f32]) {
        let (row_length, wide, columns) = (images.len() / IMAGE, self.grid[1], self.shape.to()[1]);
        let line = 2 * wide.next_multiple_of(LANES);
        lines.resize(2 * line, 0.0);
        for (row, rows) in output.chunks_mut(2 * columns).enumerate() {
            for tile in (0..wide).step_by(LANES) {
                let at = start + row * wide + tile;
                let mut image = [[[0.0; LANES]; 4]; 4];
                for (n, lanes) in image.as_flattened_mut().iter_mut().enumerate() {
                    *lanes = load(images, n * row_length + at);
                }
                let square = twice(image, to_output);
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
