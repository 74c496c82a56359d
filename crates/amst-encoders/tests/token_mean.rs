//! The bag of tokens against numbers computed by hand.

use amst_encoders::{Encoder, Input, TokenMean, TokenMeanConfig};
use burn::tensor::{Device, Tensor, TensorData};

/// Three tokens of width 2, embeddings of width 6: Xavier's deviation is sqrt(2 / 8) = 1/2.
const CONFIG: TokenMeanConfig = TokenMeanConfig {
    vocabulary: 3,
    width: 2,
    embed: 6,
};

/// Tokens (1, 2), (3, 4), (5, 6); the linear layer's rows (1 .. 6) and (7 .. 12), halved.
fn encoder() -> TokenMean {
    let mut numbers = (1..=6).chain(1..=12);
    CONFIG.init(&mut || f64::from(numbers.next().unwrap()), &Device::flex())
}

fn embed(ids: Vec<i64>, mask: Vec<f32>, [batch, length]: [usize; 2]) -> Vec<Vec<f32>> {
    let device = Device::flex();
    let input = Input::Tokens {
        ids: Tensor::from_data(TensorData::new(ids, [batch, length]), &device),
        mask: Tensor::from_data(TensorData::new(mask, [batch, length]), &device),
    };
    let values: Vec<f32> = encoder().embed(&input).into_data().try_to_vec().unwrap();
    values.chunks_exact(6).map(<[f32]>::to_vec).collect()
}

#[test]
fn an_embedding_is_the_linear_layer_of_the_mean_of_the_tokens() {
    // Tokens 0 and 2: mean (3, 4). First output: (3 x 1 + 4 x 7) / 2 = 15.5, last: (3 x 6 + 4 x 12)
    // / 2 = 33.
    let got = embed(vec![0, 2], vec![1.0, 1.0], [1, 2]);
    assert_eq!(got, [[15.5, 19.0, 22.5, 26.0, 29.5, 33.0]]);
}

#[test]
fn padding_counts_neither_in_the_sum_nor_in_the_number_of_tokens() {
    // Token 1 alone, (3, 4), whatever stands where the mask is 0.
    let got = embed(
        vec![1, 0, 2, 1, 1, 1],
        vec![1.0, 0.0, 0.0, 1.0, 0.0, 0.0],
        [2, 3],
    );
    assert_eq!(got[0], [15.5, 19.0, 22.5, 26.0, 29.5, 33.0]);
    assert_eq!(got[0], got[1]);
}

#[test]
fn the_order_of_tokens_does_not_matter_and_their_number_does() {
    let got = embed(vec![0, 2, 2, 2, 0, 2, 2, 2, 0], vec![1.0; 9], [3, 3]);
    assert_eq!(got[0], got[1]);
    assert_eq!(got[0], got[2]);
    assert_ne!(got[0], embed(vec![0, 2], vec![1.0; 2], [1, 2])[0]);
}

#[test]
fn a_sample_without_a_token_gives_the_bias_and_not_a_division_by_zero() {
    assert_eq!(embed(vec![0, 0], vec![0.0, 0.0], [1, 2]), [[0.0; 6]]);
}

#[test]
fn a_bag_of_tokens_has_no_running_statistics() {
    assert!(!encoder().has_running_statistics());
}
