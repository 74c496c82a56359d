//! im2col: the matrix whose columns are the values that each position of the output reads.

use super::Shape;
use super::tiles::Strip;

/// Values that are copied at once.
const WIDTH: usize = 8;

/// Rows of some channels with zeros around them. Columns are sorted by their remainder modulo the
/// stride, so that the values a tap reads along a row of the output are contiguous.
#[derive(Default)]
pub struct Padded {
    values: Vec<f32>,
    /// Length of one remainder's part of a row.
    part: usize,
    /// Rows of a channel.
    rows: usize,
    stride: usize,
}

impl Padded {
    /// Where column `column` of the padded input is in its row here.
    #[inline(always)]
    fn column(&self, column: usize) -> usize {
        column % self.stride * self.part + column / self.stride
    }

    fn row_length(&self) -> usize {
        self.stride * self.part
    }

    /// Allocates what a strip of `rows` rows of the output reads of some channels, all zeros.
    pub fn clear(&mut self, shape: &Shape, rows: usize, channels: usize) {
        self.stride = shape.stride;
        self.part = (shape.input_size[1] + 2 * shape.padding[1]).div_ceil(shape.stride);
        self.rows = (rows - 1) * shape.stride + shape.kernel[0];
        self.values.clear();
        // The last copy reads past the last row.
        self.values
            .resize(channels * self.rows * self.row_length() + WIDTH, 0.0);
    }

    /// The rows of the input that a strip from output row `row` on reads: their index here, and in
    /// the input.
    fn input_rows(
        &self,
        shape: &Shape,
        row: usize,
    ) -> impl Iterator<Item = (usize, usize)> + use<> {
        let (first, height, padding) = (row * shape.stride, shape.input_size[0], shape.padding[0]);
        (0..self.rows).filter_map(move |own| {
            let input = (first + own).checked_sub(padding)?;
            (input < height).then_some((own, input))
        })
    }

    /// Copies what a strip of the output reads of a picture's channels `[channels, height, width]`.
    #[inline(always)]
    pub fn fill(&mut self, picture: &[f32], shape: &Shape, strip: Strip) {
        let channels = picture.len() / shape.plane();
        self.clear(shape, strip.rows, channels);
        let (length, width, padding) = (self.row_length(), shape.input_size[1], shape.padding[1]);
        for (channel, plane) in picture.chunks_exact(shape.plane()).enumerate() {
            for (own, input) in self.input_rows(shape, strip.row) {
                let from = &plane[input * width..(input + 1) * width];
                let start = (channel * self.rows + own) * length;
                if shape.stride == 1 {
                    self.values[start + padding..start + padding + width].copy_from_slice(from);
                } else {
                    self.scatter(from, start, padding);
                }
            }
        }
    }

    #[inline(always)]
    fn scatter(&mut self, from: &[f32], start: usize, padding: usize) {
        if self.stride == 2 {
            return self.scatter_pairs(from, start, padding);
        }
        for remainder in 0..self.stride {
            // The first of the input's columns that has this remainder.
            let first = (remainder + self.stride - padding % self.stride) % self.stride;
            let to = start + self.column(first + padding);
            let values = from.iter().skip(first).step_by(self.stride);
            self.values[to..]
                .iter_mut()
                .zip(values)
                .for_each(|(to, &value)| *to = value);
        }
    }

    /// The same for a stride of 2, both remainders at once: the compiler makes shuffles of this.
    #[inline(always)]
    fn scatter_pairs(&mut self, from: &[f32], start: usize, padding: usize) {
        let [first, second] = [padding, padding + 1].map(|column| self.column(column));
        let row = &mut self.values[start..start + 2 * self.part];
        let (even, odd) = row.split_at_mut(self.part);
        // Where the padding is odd, the input's first column is one of the odd ones.
        let [first, second] = if first < self.part {
            [&mut even[first..], &mut odd[second - self.part..]]
        } else {
            [&mut odd[first - self.part..], &mut even[second..]]
        };
        let pairs = from.as_chunks::<2>().0;
        for ((pair, first), second) in pairs.iter().zip(first.iter_mut()).zip(second) {
            (*first, *second) = (pair[0], pair[1]);
        }
        if let Some(&last) = from.get(2 * pairs.len()) {
            first[pairs.len()] = last;
        }
    }

    /// Adds the values here to a picture's channels: the reverse of [`Padded::fill`].
    pub fn add_to(&self, picture: &mut [f32], shape: &Shape, strip: Strip) {
        let (length, width, padding) = (self.row_length(), shape.input_size[1], shape.padding[1]);
        for (channel, plane) in picture.chunks_exact_mut(shape.plane()).enumerate() {
            for (own, input) in self.input_rows(shape, strip.row) {
                let to = &mut plane[input * width..(input + 1) * width];
                let start = (channel * self.rows + own) * length;
                for remainder in 0..self.stride {
                    let first = (remainder + self.stride - padding % self.stride) % self.stride;
                    let from = &self.values[start + self.column(first + padding)..];
                    to.iter_mut()
                        .skip(first)
                        .step_by(self.stride)
                        .zip(from)
                        .for_each(|(to, &value)| *to += value);
                }
            }
        }
    }

    /// Where the values that tap `[y, x]` of a channel reads for a row of the strip begin.
    #[inline(always)]
    fn start(&self, channel: usize, row: usize, [y, x]: [usize; 2]) -> usize {
        (channel * self.rows + row * self.stride + y) * self.row_length() + self.column(x)
    }

    /// The values that tap `[y, x]` of a channel reads for a row of the strip, column by column,
    /// and all that follow.
    #[inline(always)]
    pub fn tap_row(&self, channel: usize, row: usize, tap: [usize; 2]) -> &[f32] {
        &self.values[self.start(channel, row, tap)..]
    }

    /// Writes the rows of the unfolded matrix `[channels × taps, columns]` that this strip has,
    /// at the beginning of `unfolded`.
    ///
    /// Copies are eight values long, and a row's last one may overwrite what follows. So rows are
    /// written from first to last and strips from left to right, and `unfolded` is [`SLACK`] values
    /// longer than its columns.
    #[inline(always)]
    pub fn unfold_row(
        &self,
        channel: usize,
        tap: [usize; 2],
        rows: usize,
        width: usize,
        unfolded: &mut [f32],
    ) {
        for row in 0..rows {
            let from = self.tap_row(channel, row, tap);
            let to = &mut unfolded[row * width..];
            let mut done = 0;
            while done < width {
                let (to, from) = (&mut to[done..done + WIDTH], &from[done..done + WIDTH]);
                to.copy_from_slice(from);
                done += WIDTH;
            }
        }
    }

    /// Adds a row of an unfolded matrix to the values that it was unfolded from.
    #[inline(always)]
    pub fn fold_row(
        &mut self,
        channel: usize,
        tap: [usize; 2],
        rows: usize,
        width: usize,
        unfolded: &[f32],
    ) {
        for (row, from) in unfolded.chunks_exact(width).take(rows).enumerate() {
            let start = self.start(channel, row, tap);
            self.values[start..start + width]
                .iter_mut()
                .zip(from)
                .for_each(|(to, &value)| *to += value);
        }
    }
}

/// Values by which an unfolded matrix's array is longer than the matrix.
pub const SLACK: usize = WIDTH;

/// Unfolds strips side by side: `[depth, columns]` with `columns` the sum of the strips'
/// positions.
pub fn unfold(padded: &[Padded], strips: &[Strip], shape: &Shape, unfolded: &mut [f32]) {
    let width = shape.output_size()[1];
    let columns: usize = strips.iter().map(|s| s.rows * width).sum();
    let [kernel_height, kernel_width] = shape.kernel;
    let mut start = 0;
    for channel in 0..shape.inputs {
        for y in 0..kernel_height {
            for x in 0..kernel_width {
                let mut column = start;
                for (padded, strip) in padded.iter().zip(strips) {
                    padded.unfold_row(channel, [y, x], strip.rows, width, &mut unfolded[column..]);
                    column += strip.rows * width;
                }
                start += columns;
            }
        }
    }
}
