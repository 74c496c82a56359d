//! Many tests at once: among 55 pairs without any difference, two or three have p below 0.05.

/// Holm's correction (1979): the smallest p times the number of tests, the next times one less,
/// and so on, never below the one before. A corrected p below 0.05 keeps the chance of any false
/// finding in the whole family below 5 %, however the tests depend on each other.
pub(crate) fn corrected(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|a, b| p[*a].total_cmp(&p[*b]));
    let mut out = vec![1.0; p.len()];
    let mut largest: f64 = 0.0;
    for (rank, i) in order.into_iter().enumerate() {
        largest = largest.max((p.len() - rank) as f64 * p[i]);
        out[i] = largest.min(1.0);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_pays_for_all_and_the_next_for_the_rest() {
        // 4·0.01, 3·0.02, 2·0.025 = 0.05 but not below 0.06, 1·0.5.
        let expected = [0.5, 0.04, 0.06, 0.06];
        let found = corrected(&[0.5, 0.01, 0.025, 0.02]);
        assert!(
            found
                .iter()
                .zip(expected)
                .all(|(f, e)| (f - e).abs() < 1e-15),
            "{found:?}"
        );
    }

    #[test]
    fn none_exceeds_1_and_none_is_lost() {
        assert_eq!(corrected(&[0.9, 0.6]), [1.0, 1.0]);
        assert_eq!(corrected(&[0.03]), [0.03]);
        assert!(corrected(&[]).is_empty());
    }
}
