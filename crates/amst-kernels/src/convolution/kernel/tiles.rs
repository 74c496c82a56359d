//! How the output's positions are split into tasks.

use rayon::prelude::*;

use super::Shape;

/// Some rows of one picture's output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Strip {
    /// Which picture.
    pub picture: usize,
    /// First row.
    pub row: usize,
    /// How many rows.
    pub rows: usize,
}

/// Values of an unfolded tile: three quarters of an L2 cache of half a megabyte.
pub const CACHE_VALUES: usize = 96 * 1024;

/// Strips that are unfolded into one matrix.
pub type Tile = Vec<Strip>;

/// Columns that an unfolded tile should have: enough for a matrix product to run at speed, few
/// enough for the tile to stay in the L2 cache.
fn columns(shape: &Shape, cache_values: usize) -> usize {
    let all = shape.batch * shape.positions();
    let cached = (cache_values / shape.depth()).max(96);
    // At least eight tasks, if there is enough work.
    (all / 8).clamp(96, cached)
}

/// All positions of the output, in tiles of the best number of columns.
///
/// An unfolded tile has at most about `cache_values` values.
pub fn tiles(shape: &Shape, cache_values: usize) -> Vec<Tile> {
    cut(
        shape.batch,
        shape.output_size(),
        columns(shape, cache_values),
    )
}

/// Maps of `[rows, width]` in tiles of about `columns` positions: some rows of one map, or some
/// whole maps.
pub fn cut(batch: usize, [rows, width]: [usize; 2], columns: usize) -> Vec<Tile> {
    if rows * width > columns {
        let strips = (rows * width).div_ceil(columns).min(rows);
        let each = rows.div_ceil(strips);
        let mut tiles = Vec::new();
        for picture in 0..batch {
            for row in (0..rows).step_by(each) {
                let rows = each.min(rows - row);
                tiles.push(vec![Strip { picture, row, rows }]);
            }
        }
        return tiles;
    }
    let pictures: Vec<_> = (0..batch)
        .map(|picture| Strip {
            picture,
            row: 0,
            rows,
        })
        .collect();
    pictures
        .chunks((columns / (rows * width)).max(1))
        .map(<[_]>::to_vec)
        .collect()
}

/// Multiplications below which threads cost more than they save.
const WORTH_THREADS: usize = 1 << 19;

/// Runs `work` on every item, in parallel if there is enough to do.
pub fn run<T: Sync>(items: &[T], multiplications: usize, work: impl Fn(&T) + Sync + Send) {
    if multiplications < WORTH_THREADS || items.len() == 1 {
        items.iter().for_each(work);
    } else {
        items.par_iter().with_max_len(1).for_each(work);
    }
}
