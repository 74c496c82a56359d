//! Initial weights, as Hugging Face draws them.

use burn::tensor::Device;

use crate::reading::{Named, config, under, written};

/// Every matrix and table as it comes out of the file, where the n-th number drawn was 2 n, of
/// deviation 1/2.
fn counted(case: &str) -> Named {
    let config = amst_encoders::RobertaConfig {
        initializer_range: 0.5,
        ..config(case, None)
    };
    let mut drawn = 0.0;
    let mut next = || {
        drawn += 2.0;
        drawn
    };
    let encoder = config.init(&mut next, &Device::flex()).unwrap();
    under(&written(&encoder), "m.")
}

#[test]
fn rows_of_padding_are_zero_where_hugging_face_has_them_so() {
    let zero_rows = |named: &Named, table: &str| {
        let (shape, values) = &named[&format!("embeddings.{table}.weight")];
        let rows = values.chunks(shape[1]).enumerate();
        rows.filter(|(_, row)| row.iter().all(|v| *v == 0.0))
            .map(|(i, _)| i)
            .collect::<Vec<_>>()
    };
    for (case, word, position) in [("roberta", vec![1], vec![1]), ("bert", vec![0], vec![])] {
        let named = counted(case);
        assert_eq!(zero_rows(&named, "word_embeddings"), word, "{case}");
        assert_eq!(zero_rows(&named, "position_embeddings"), position, "{case}");
        assert_eq!(
            zero_rows(&named, "token_type_embeddings"),
            Vec::<usize>::new(),
            "{case}"
        );
    }
}

#[test]
fn layer_norms_are_the_identity_and_biases_zero() {
    let named = counted("bert");
    for (name, (_, values)) in named.iter().filter(|(_, (shape, _))| shape.len() == 1) {
        let value = if name.ends_with("LayerNorm.weight") {
            1.0
        } else {
            0.0
        };
        assert!(values.iter().all(|v| *v == value), "{name}");
    }
}

/// RoBERTa's tables hold 30 x 12, 14 x 12 and 12 numbers; a layer's matrices 4 x 144 and 2 x 240.
#[test]
fn numbers_are_drawn_in_the_order_of_the_state_dictionary() {
    let named = counted("roberta");
    let first = |name: &str| named[name].1[0] as usize;
    assert_eq!(first("embeddings.word_embeddings.weight"), 1);
    assert_eq!(first("embeddings.position_embeddings.weight"), 361);
    assert_eq!(first("embeddings.token_type_embeddings.weight"), 529);
    for layer in 0..4 {
        let start = 541 + layer * 1056;
        let within = |part: &str| first(&format!("encoder.layer.{layer}.{part}.weight")) - start;
        assert_eq!(within("attention.self.query"), 0);
        assert_eq!(within("attention.self.key"), 144);
        assert_eq!(within("attention.self.value"), 288);
        assert_eq!(within("attention.output.dense"), 432);
        assert_eq!(within("intermediate.dense"), 576);
        assert_eq!(within("output.dense"), 816);
    }
}
