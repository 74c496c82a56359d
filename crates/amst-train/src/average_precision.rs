//! How well each class's probability ranks the samples of a split.

use burn::tensor::Tensor;

use crate::metrics::softmax;

/// A sample's probability of a class, and whether it is of that class.
#[derive(Clone, Copy)]
struct Ranked {
    probability: f64,
    is_of_class: bool,
}

/// Mean over the classes that have samples of the [average precision](average_precision) of the
/// class's probability.
///
/// `logits` are `[samples, classes]` of a whole split, `labels` the class of each sample. `None`
/// where there are no samples, or a probability is NaN.
pub(crate) fn mean_average_precision(logits: &Tensor<2>, labels: &[i64]) -> Option<f64> {
    let [_, classes] = logits.dims();
    let values: Vec<f32> = logits
        .clone()
        .into_data()
        .try_to_vec()
        .expect("logits are 32-bit floats");
    let probabilities: Vec<Vec<f64>> = values.chunks_exact(classes).map(softmax).collect();
    let mut precisions = Vec::new();
    for class in 0..classes {
        let mut ranked = Vec::new();
        for (own, label) in probabilities.iter().zip(labels) {
            if own[class].is_nan() {
                return None;
            }
            ranked.push(Ranked {
                probability: own[class],
                is_of_class: *label == class as i64,
            });
        }
        precisions.extend(average_precision(ranked));
    }
    let count = precisions.len() as f64;
    (count > 0.0).then(|| precisions.iter().sum::<f64>() / count)
}

/// The sum over thresholds of precision times the recall won there, every probability that occurs
/// being a threshold: scikit-learn's `average_precision_score`. `None` where no sample is of the
/// class.
fn average_precision(mut ranked: Vec<Ranked>) -> Option<f64> {
    let of_class = ranked.iter().filter(|sample| sample.is_of_class).count();
    if of_class == 0 {
        return None;
    }
    ranked.sort_by(|a, b| b.probability.total_cmp(&a.probability));
    let (mut above, mut hits, mut sum) = (0, 0, 0.0);
    for equal in ranked.chunk_by(|a, b| a.probability == b.probability) {
        let won = equal.iter().filter(|sample| sample.is_of_class).count();
        above += equal.len();
        hits += won;
        sum += won as f64 * hits as f64 / above as f64;
    }
    Some(sum / of_class as f64)
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Tensor};

    use super::*;

    fn tensor(rows: &[[f32; 3]]) -> Tensor<2> {
        let values: Vec<f32> = rows.iter().flatten().copied().collect();
        Tensor::<1>::from_floats(values.as_slice(), &Device::flex()).reshape([rows.len(), 3])
    }

    /// Five samples, among them equal probabilities and a class without samples. The value is
    /// scikit-learn 1.9.1's (`tests/average_precision.py`).
    #[test]
    fn ties_and_absent_classes_count_as_in_scikit_learn() {
        let logits = tensor(&[
            [2.0, 0.0, 0.5],
            [0.0, 1.0, 0.0],
            [1.0, 1.0, 1.0],
            [1.0, 1.0, 1.0],
            [0.0, 0.0, 3.0],
        ]);
        let found = mean_average_precision(&logits, &[0, 1, 0, 1, 1]).unwrap();
        assert!((found - EXPECTED).abs() < 1e-12, "{found}");
    }

    const EXPECTED: f64 = 0.7944444444444444;

    #[test]
    fn a_perfect_ranking_is_one_and_no_samples_are_none() {
        let logits = tensor(&[[2.0, 0.0, 0.0], [0.0, 2.0, 0.0], [0.0, 0.0, 2.0]]);
        assert_eq!(mean_average_precision(&logits, &[0, 1, 2]), Some(1.0));
        assert_eq!(mean_average_precision(&logits, &[]), None);
        let ruined = tensor(&[[f32::NAN, 0.0, 0.0]]);
        assert_eq!(mean_average_precision(&ruined, &[0]), None);
    }
}
