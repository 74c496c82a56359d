//! Winograd's transforms in one dimension, of eight tiles at once, and [`transform_2d`], which
//! applies one to columns and then to rows.

/// Tiles that are transformed at once.
pub const LANES: usize = 8;

/// One value of each of [`LANES`] tiles.
pub type Lanes = [f32; LANES];

/// Eight values from `at` on.
#[inline(always)]
pub fn load(values: &[f32], at: usize) -> Lanes {
    let mut lanes = [0.0; LANES];
    lanes.copy_from_slice(&values[at..at + LANES]);
    lanes
}

/// `Bᵀ d`, of the input.
#[inline(always)]
pub fn transform_input([a, b, c, d]: [Lanes; 4]) -> [Lanes; 4] {
    [sub(a, c), add(b, c), sub(c, b), sub(b, d)]
}

/// `Aᵀ m`, to the output.
#[inline(always)]
pub fn to_output([a, b, c, d]: [Lanes; 4]) -> [Lanes; 2] {
    [add(add(a, b), c), sub(sub(b, c), d)]
}

/// `A ∂y`, of the output's gradient: the transpose of [`to_output`].
#[inline(always)]
pub fn transform_gradient([a, b]: [Lanes; 2]) -> [Lanes; 4] {
    [a, add(a, b), sub(a, b), negative(b)]
}

/// `G g`, of a kernel.
#[inline(always)]
pub fn transform_kernel([a, b, c]: [Lanes; 3]) -> [Lanes; 4] {
    let outer = add(a, c);
    [a, half(add(outer, b)), half(sub(outer, b)), c]
}

/// `Gᵀ m`, to a kernel's gradient: the transpose of [`transform_kernel`].
#[inline(always)]
pub fn to_kernel([a, b, c, d]: [Lanes; 4]) -> [Lanes; 3] {
    let sum = half(add(b, c));
    [add(a, sum), half(sub(b, c)), add(sum, d)]
}

/// Applies `transform` to every column of a square, then to every row. Squares are row by row.
#[inline(always)]
pub fn transform_2d<const N: usize, const M: usize>(
    square: [[Lanes; N]; N],
    transform: impl Fn([Lanes; N]) -> [Lanes; M],
) -> [[Lanes; M]; M] {
    let mut columns = [[[0.0; LANES]; M]; N];
    for x in 0..N {
        let mut column = [[0.0; LANES]; N];
        for y in 0..N {
            column[y] = square[y][x];
        }
        columns[x] = transform(column);
    }
    let mut result = [[[0.0; LANES]; M]; M];
    for y in 0..M {
        let mut row = [[0.0; LANES]; N];
        for x in 0..N {
            row[x] = columns[x][y];
        }
        result[y] = transform(row);
    }
    result
}

// Loops instead of `array::from_fn`, which is not always inlined into a function with AVX2.

#[inline(always)]
fn add(mut a: Lanes, b: Lanes) -> Lanes {
    a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
    a
}

#[inline(always)]
fn sub(mut a: Lanes, b: Lanes) -> Lanes {
    a.iter_mut().zip(b).for_each(|(a, b)| *a -= b);
    a
}

#[inline(always)]
fn negative(mut a: Lanes) -> Lanes {
    a.iter_mut().for_each(|a| *a = -*a);
    a
}

#[inline(always)]
fn half(mut a: Lanes) -> Lanes {
    a.iter_mut().for_each(|a| *a *= 0.5);
    a
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One tile: lane 0 of exact numbers, so that equality can be asked for.
    fn lane<const N: usize>(values: [f32; N]) -> [Lanes; N] {
        values.map(|v| [v; LANES])
    }

    fn numbers<const N: usize>(lanes: [Lanes; N]) -> [f32; N] {
        lanes.map(|l| l[0])
    }

    #[test]
    fn four_products_are_two_positions_of_a_kernel_of_three() {
        let (d, g) = ([3.0, -1.0, 4.0, 2.0], [2.0, -6.0, 8.0]);
        let (of_d, of_g) = (
            numbers(transform_input(lane(d))),
            numbers(transform_kernel(lane(g))),
        );
        let products = [0, 1, 2, 3].map(|n| of_d[n] * of_g[n]);
        let want = [0, 1].map(|at| (0..3).map(|tap| d[at + tap] * g[tap]).sum::<f32>());
        assert_eq!(numbers(to_output(lane(products))), want);
    }

    #[test]
    fn three_positions_of_a_gradient_are_the_kernels() {
        let (d, dy) = ([3.0, -1.0, 4.0, 2.0], [2.0, -6.0]);
        let (of_d, of_dy) = (
            numbers(transform_input(lane(d))),
            numbers(transform_gradient(lane(dy))),
        );
        let products = [0, 1, 2, 3].map(|n| of_d[n] * of_dy[n]);
        let want = [0, 1, 2].map(|tap| (0..2).map(|at| d[at + tap] * dy[at]).sum::<f32>());
        assert_eq!(numbers(to_kernel(lane(products))), want);
    }
}
