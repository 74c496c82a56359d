//! `config.json` as Hugging Face writes it, and as it may be wrong.

use amst_encoders::{Architecture, RobertaConfig};
use burn::tensor::Device;

use crate::reading::{config, folder};

/// The numbers of `fixtures/make.py`, and Hugging Face's defaults where it names none.
#[test]
fn hugging_faces_files_are_read() {
    let read = |case| RobertaConfig::read(&folder(case).join("config.json")).unwrap();
    let roberta = RobertaConfig {
        architecture: Architecture::Roberta,
        vocab_size: 30,
        hidden_size: 12,
        num_hidden_layers: 4,
        num_attention_heads: 3,
        intermediate_size: 20,
        max_position_embeddings: 14,
        type_vocab_size: 1,
        layer_norm_eps: 1e-5,
        hidden_dropout_prob: 0.1,
        attention_probs_dropout_prob: 0.1,
        initializer_range: 0.02,
        pad_token_id: 1,
        unfrozen_layers: None,
        frozen_eval: false,
        dropout_seed: 0,
    };
    let bert = RobertaConfig {
        architecture: Architecture::Bert,
        vocab_size: 25,
        hidden_size: 16,
        num_hidden_layers: 3,
        num_attention_heads: 4,
        intermediate_size: 28,
        max_position_embeddings: 10,
        type_vocab_size: 2,
        layer_norm_eps: 1e-12,
        pad_token_id: 0,
        ..roberta.clone()
    };
    assert_eq!((roberta.max_length(), bert.max_length()), (12, 10));
    assert_eq!((read("roberta"), read("bert")), (roberta, bert));
}

/// RoBERTa's file with other or further settings.
fn with(settings: &str) -> Result<RobertaConfig, String> {
    let mut file: serde_json::Map<String, serde_json::Value> = serde_json::from_str(
        &std::fs::read_to_string(folder("roberta").join("config.json")).unwrap(),
    )
    .unwrap();
    let changes: serde_json::Map<_, _> = serde_json::from_str(settings).unwrap();
    file.extend(changes);
    text(&serde_json::to_string(&file).unwrap())
}

fn text(text: &str) -> Result<RobertaConfig, String> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("config.json");
    std::fs::write(&path, text).unwrap();
    RobertaConfig::read(&path).map_err(|e| e.to_string())
}

#[test]
fn what_a_file_leaves_out_is_hugging_faces_default() {
    let left_out = r#"{"vocab_size": 9, "hidden_size": 4, "num_hidden_layers": 1, "num_attention_heads": 2,
        "intermediate_size": 8, "max_position_embeddings": 6, "model_type": "#;
    let roberta = text(&format!(r#"{left_out} "roberta"}}"#)).unwrap();
    assert_eq!((roberta.pad_token_id, roberta.type_vocab_size), (1, 2));
    assert_eq!(
        (roberta.layer_norm_eps, roberta.initializer_range),
        (1e-12, 0.02)
    );
    assert_eq!(
        (
            roberta.hidden_dropout_prob,
            roberta.attention_probs_dropout_prob
        ),
        (0.1, 0.1)
    );
    assert_eq!(
        text(&format!(r#"{left_out} "bert", "pad_token_id": null}}"#))
            .unwrap()
            .pad_token_id,
        0
    );
}

#[test]
fn another_kind_of_model_is_refused_by_name() {
    for (settings, words) in [
        (
            r#"{"model_type": "distilbert"}"#,
            r#"model_type of the text model is "distilbert", and only "roberta" or"#,
        ),
        (
            r#"{"hidden_act": "gelu_new"}"#,
            r#"hidden_act of the text model is "gelu_new", and only "gelu" can"#,
        ),
        (
            r#"{"hidden_act": "relu"}"#,
            r#"hidden_act of the text model is "relu""#,
        ),
        (
            r#"{"is_decoder": true}"#,
            r#"is_decoder of the text model is "true", and only false can be computed"#,
        ),
        (
            r#"{"model_type": "gpt2"}"#,
            r#"model_type of the text model is "gpt2""#,
        ),
        (
            r#"{"position_embedding_type": "relative_key"}"#,
            r#"position_embedding_type of the text model is"#,
        ),
    ] {
        let message = with(settings).unwrap_err();
        assert!(message.contains(words), "{message}");
    }
    assert!(
        with(r#"{"position_embedding_type": "absolute", "something": [1, {"else": 2}]}"#).is_ok()
    );
}

#[test]
fn numbers_that_fit_no_network_are_refused_by_name() {
    for (settings, words) in [
        (
            r#"{"num_attention_heads": 5}"#,
            "hidden_size 12 is not a multiple of num_attention_heads 5",
        ),
        (r#"{"num_attention_heads": 0}"#, "num_attention_heads is 0"),
        (r#"{"num_hidden_layers": 0}"#, "num_hidden_layers is 0"),
        (r#"{"max_position_embeddings": 2}"#, "max_length is 0"),
        (
            r#"{"hidden_dropout_prob": 1.0}"#,
            "hidden_dropout_prob is 1, not in 0..1",
        ),
        (
            r#"{"attention_probs_dropout_prob": -0.1}"#,
            "attention_probs_dropout_prob is -0.1",
        ),
        (
            r#"{"vocab_size": 1}"#,
            "pad_token_id 1 is not below vocab_size 1",
        ),
    ] {
        let message = with(settings).unwrap_err();
        assert!(
            message.contains(words) && !message.contains('\n'),
            "{message}"
        );
    }
}

#[test]
fn a_file_that_is_not_a_configuration_is_named() {
    for (content, words) in [
        ("{", "EOF"),
        ("{}", "missing field `model_type`"),
        ("[1]", "invalid"),
    ] {
        let message = text(content).unwrap_err();
        assert!(
            message.contains(words) && message.contains("config.json: "),
            "{message}"
        );
    }
    let message = RobertaConfig::read(&folder("nowhere").join("config.json"))
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("nowhere") && message.contains("beside a model's weights"),
        "{message}"
    );
}

#[test]
fn more_layers_cannot_be_unfrozen_than_there_are() {
    let too_many = config("roberta", Some(5));
    let message = too_many
        .init(&mut || 0.0, &Device::flex())
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("5 layers cannot be unfrozen of 4"),
        "{message}"
    );
}

#[test]
fn nothing_frozen_cannot_be_evaluated_in_training() {
    let nothing = RobertaConfig {
        frozen_eval: true,
        ..config("roberta", None)
    };
    let message = nothing
        .init(&mut || 0.0, &Device::flex())
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("frozen_eval is about frozen layers, and all are unfrozen"),
        "{message}"
    );
    assert!(
        RobertaConfig {
            frozen_eval: true,
            ..config("roberta", Some(4))
        }
        .init(&mut || 0.0, &Device::flex())
        .is_ok()
    );
}

/// `roberta`: 30 ids, padding 1, texts of up to 12 tokens.
#[test]
fn a_tokeniser_that_does_not_fit_the_model_is_refused_with_what_differs() {
    let config = config("roberta", None);
    assert!(config.check_tokens(30, 1, 12).is_ok());
    for ((vocabulary, padding, length), words) in [
        (
            (31, 1, 12),
            "the tokeniser has 31 ids and the model knows 30: take the tokeniser",
        ),
        (
            (30, 0, 12),
            "the tokeniser pads with id 0 and the model with 1",
        ),
        (
            (30, 1, 13),
            "texts are of 13 tokens and the model reads up to 12",
        ),
    ] {
        let message = config
            .check_tokens(vocabulary, padding, length)
            .unwrap_err()
            .to_string();
        assert!(message.contains(words), "{message}");
    }
}

#[test]
fn a_small_roberta_reads_what_it_was_made_for() {
    let small = RobertaConfig::small(100, 24, 2, 4, 16);
    assert!(small.check_tokens(100, 1, 16).is_ok() && small.check_tokens(100, 1, 17).is_err());
    assert_eq!(
        (small.unfrozen_layers, small.max_position_embeddings),
        (None, 18)
    );
    let names = ["vocab_size", "hidden_size", "num_attention_heads"];
    let unfit = [(0, 24, 4), (100, 0, 4), (100, 24, 0)]
        .map(|(v, h, n)| RobertaConfig::small(v, h, 2, n, 16));
    for (name, unfit) in names.into_iter().zip(unfit) {
        let message = unfit
            .init(&mut || 0.0, &Device::flex())
            .unwrap_err()
            .to_string();
        assert!(message.contains(&format!("{name} is 0")), "{message}");
    }
}
