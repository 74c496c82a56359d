//! A text encoder that is not there, or of which more is asked than there is: refused before data
//! are prepared.

use std::path::Path;

use serde_json::{Value, json};

use crate::program::{DATA, USAGE, assert_refused, train};

/// A folder as Hugging Face keeps a model, with weights that are never read.
fn model(folder: &Path, config: &Value) {
    std::fs::write(folder.join("config.json"), config.to_string()).unwrap();
    std::fs::write(folder.join("tokenizer.json"), "{}").unwrap();
    std::fs::write(folder.join("model.safetensors"), "").unwrap();
}

fn config() -> Value {
    json!({ "model_type": "roberta", "hidden_size": 16, "vocab_size": 300, "num_hidden_layers": 3,
            "num_attention_heads": 2, "intermediate_size": 32, "max_position_embeddings": 18, "pad_token_id": 1 })
}

/// `amst train` on three generated modalities, its texts read by the model.
fn refused(config: &Value, settings: &[&str], code: i32, parts: &[&str]) {
    let (folder, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    model(folder.path(), config);
    let encoder = format!("text.encoder={}", folder.path().display());
    let all = [
        &[
            "modalities=audio,text,visual",
            &encoder,
            "text.max_length=12",
        ],
        settings,
    ]
    .concat();
    assert_refused(&train(&all, out.path()), code, parts);
    assert_eq!(
        std::fs::read_dir(out.path()).unwrap().count(),
        0,
        "nothing is written"
    );
}

#[test]
fn a_model_that_was_not_fetched_names_its_files_and_where_they_go() {
    let out = tempfile::tempdir().unwrap();
    let output = train(
        &["modalities=audio,text,visual", "text.encoder=roberta-base"],
        out.path(),
    );
    let files = [
        "config.json",
        "merges.txt",
        "model.safetensors",
        "vocab.json",
        "SHA-256",
    ];
    let how = ["cargo xtask fetch roberta-base", "HF_HOME"];
    assert_refused(&output, USAGE, &[&files[..], &how].concat());
}

#[test]
fn more_is_asked_of_a_model_than_there_is() {
    let layers = [
        "`text.unfrozen_layers`",
        "the model has 3 layers",
        "use 3 or fewer",
    ];
    refused(&config(), &["text.unfrozen_layers=4"], USAGE, &layers);
    let tokens = ["`text.max_length`", "is 17", "up to 16 tokens"];
    refused(
        &config(),
        &["text.unfrozen_layers=2", "text.max_length=17"],
        USAGE,
        &tokens,
    );
}

#[test]
fn a_model_of_another_architecture_is_named() {
    let gpt2 = json!({ "model_type": "gpt2", "n_embd": 768, "n_layer": 12 });
    refused(
        &gpt2,
        &[],
        USAGE,
        &[
            "another architecture",
            "\"gpt2\"",
            "\"roberta\" and \"bert\"",
        ],
    );
    let mut decoder = config();
    decoder["is_decoder"] = json!(true);
    refused(&decoder, &["text.unfrozen_layers=2"], DATA, &["is_decoder"]);
}
