//! Sums of rows in the order in which burn-flex adds with vectors of eight numbers.

use crate::avx2::with_avx2;

/// Numbers that are added at the same time.
const LANES: usize = 8;

/// Vectors that are added up apart from each other.
const CHAINS: usize = 8;

/// The sum of each row of `width` values.
pub fn sum_rows(values: &[f32], width: usize, sums: &mut [f32]) {
    with_avx2(|| {
        for (sum, row) in sums.iter_mut().zip(values.chunks_exact(width)) {
            *sum = sum_of_row(row);
        }
    });
}

#[inline(always)]
fn sum_of_row(values: &[f32]) -> f32 {
    let mut chains = [[0.0f32; LANES]; CHAINS];
    let (blocks, others) = values.as_chunks::<{ LANES * CHAINS }>();
    for block in blocks {
        for (chain, vector) in chains.iter_mut().zip(block.as_chunks::<LANES>().0) {
            *chain = plus(*chain, *vector);
        }
    }
    let [a, b, c, d, e, f, g, h] = chains;
    let mut lanes = plus(plus(plus(a, b), plus(c, d)), plus(plus(e, f), plus(g, h)));
    let (vectors, others) = others.as_chunks::<LANES>();
    for vector in vectors {
        lanes = plus(lanes, *vector);
    }
    let [a, b, c, d]: [f32; LANES / 2] = std::array::from_fn(|n| lanes[n] + lanes[n + LANES / 2]);
    ((a + c) + (b + d)) + others.iter().copied().sum::<f32>()
}

#[inline(always)]
fn plus(left: [f32; LANES], right: [f32; LANES]) -> [f32; LANES] {
    std::array::from_fn(|n| left[n] + right[n])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same, written as the order of additions is told: number `i` of the blocks goes to lane
    /// `i % 8` of chain `i / 8 % 8`.
    fn slowly(values: &[f32]) -> f32 {
        let in_blocks = values.len() / 64 * 64;
        let in_vectors = values.len() / 8 * 8;
        let lane = |lane: usize| {
            let chain = |chain: usize| {
                let first = chain * 8 + lane;
                values[..in_blocks]
                    .iter()
                    .skip(first)
                    .step_by(64)
                    .sum::<f32>()
            };
            let left = (chain(0) + chain(1)) + (chain(2) + chain(3));
            let right = (chain(4) + chain(5)) + (chain(6) + chain(7));
            let vectors = values[in_blocks..in_vectors].iter().skip(lane).step_by(8);
            vectors.fold(left + right, |sum, value| sum + value)
        };
        let pair = |n: usize| lane(n) + lane(n + 4);
        let vectors = (pair(0) + pair(2)) + (pair(1) + pair(3));
        vectors + values[in_vectors..].iter().sum::<f32>()
    }

    #[test]
    fn additions_have_the_order_of_eight_lanes() {
        for length in [1, 7, 8, 10, 63, 64, 65, 100, 1000] {
            let values: Vec<f32> = (0..length).map(|n| (n as f32 * 0.7).sin() * 3.0).collect();
            let mut sums = [0.0];
            sum_rows(&values, length, &mut sums);
            assert_eq!(sums[0].to_bits(), slowly(&values).to_bits(), "{length}");
        }
    }
}
