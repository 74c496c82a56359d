//! A factor of a product, copied into the order in which it is read.

use std::ops::Range;

use rayon::prelude::*;

use crate::matrix::Matrix;

/// Terms that are added in registers, before the sum is added to the output: panels of so many
/// stay in the L1 cache. Part of the order of every sum, so the same for all processors.
pub const DEPTH: usize = 192;

/// Panels that one task packs.
const PANELS_PER_TASK: usize = 4;

/// Lines of a factor (rows of the left one, columns of the right one) in panels of `width` lines;
/// the last one is filled with zeros. The depth is cut into blocks of [`DEPTH`], of which each has
/// all panels, `[depth, width]`, one after the other.
#[derive(Clone, Copy)]
pub struct Panels<'a> {
    packed: &'a [f32],
    /// How many panels.
    pub count: usize,
    width: usize,
    depth: usize,
}

impl<'a> Panels<'a> {
    /// How many values the panels of `lines` lines have.
    fn size(lines: usize, depth: usize, width: usize) -> usize {
        lines.div_ceil(width) * width * depth
    }

    /// Packs `lines`, `[lines, depth]`, into a buffer that grows where it is too small.
    pub fn pack(lines: Matrix<'_>, width: usize, buffer: &'a mut Vec<f32>, parallel: bool) -> Self {
        let (count, depth) = (lines.rows.div_ceil(width), lines.columns);
        let size = Self::size(lines.rows, depth, width);
        if buffer.len() < size {
            buffer.resize(size, 0.0);
        }
        let packed = &mut buffer[..size];
        if parallel {
            packed
                .par_chunks_mut(DEPTH * count * width)
                .enumerate()
                .for_each(|(block, packed)| {
                    let depth = block_range(block, depth);
                    packed
                        .par_chunks_mut(PANELS_PER_TASK * width * depth.len())
                        .enumerate()
                        .for_each(|(task, packed)| {
                            pack_block(
                                lines,
                                task * PANELS_PER_TASK * width,
                                &depth,
                                width,
                                packed,
                            );
                        });
                });
        } else {
            for (block, packed) in packed.chunks_mut(DEPTH * count * width).enumerate() {
                pack_block(lines, 0, &block_range(block, depth), width, packed);
            }
        }
        Self {
            packed,
            count,
            width,
            depth,
        }
    }

    /// The blocks of the depth, each with where it begins.
    pub fn blocks(&self) -> impl Iterator<Item = Range<usize>> + use<> {
        let depth = self.depth;
        (0..depth.div_ceil(DEPTH)).map(move |block| block_range(block, depth))
    }

    /// One panel of a block of the depth.
    #[inline(always)]
    pub fn panel(&self, block: &Range<usize>, index: usize) -> &'a [f32] {
        let start = block.start * self.count * self.width;
        let size = block.len() * self.width;
        &self.packed[start + index * size..][..size]
    }
}

fn block_range(block: usize, depth: usize) -> Range<usize> {
    block * DEPTH..((block + 1) * DEPTH).min(depth)
}

/// Packs panels of one block of the depth, the first of which begins with the line `first`.
fn pack_block(
    lines: Matrix<'_>,
    first: usize,
    depth: &Range<usize>,
    width: usize,
    packed: &mut [f32],
) {
    for (panel, packed) in packed.chunks_exact_mut(width * depth.len()).enumerate() {
        let first = first + panel * width;
        let count = width.min(lines.rows - first);
        if count < width {
            packed.fill(0.0);
        }
        for (offset, k) in depth.clone().enumerate() {
            let Some(values) = lines.column_from(k, first) else {
                break;
            };
            packed[offset * width..][..count].copy_from_slice(&values[..count]);
        }
        for line in 0..count {
            let Some(values) = lines.row_from(first + line, depth.start) else {
                break;
            };
            let places = packed[line..].iter_mut().step_by(width);
            places
                .zip(&values[..depth.len()])
                .for_each(|(to, &value)| *to = value);
        }
    }
}
