//! Three modalities of real recordings, handwriting and words, text through every kind of encoder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use amst::methods::built_in;
use amst_encoders::{Renames, RobertaConfig, write_weights};
use amst_recipe::{
    Cell, CellResult, DataLock, Modality, RecipeError, ResolvedDataset, TextModel, TextModels,
    find_dataset,
};
use amst_tokens::Tokenizer;
use amst_train::{Run, TrainError, Trainer, build};
use burn::tensor::Device;

use crate::cells::tensors;

fn digits() -> ResolvedDataset {
    let datasets = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../datasets");
    find_dataset("world-digits", Path::new(&datasets)).unwrap()
}

/// The cell of some settings, small encoders and one epoch, and its text model.
fn cell(assignments: &[&str]) -> (Cell, DataLock, Option<TextModel>) {
    let small = [
        "modalities=audio,text,visual",
        "epochs=1",
        "method=amst-alt",
        "audio.width=4",
        "visual.width=4",
    ];
    let assignments: Vec<String> = small
        .iter()
        .chain(assignments)
        .map(|a| a.to_string())
        .collect();
    let dataset = digits();
    let lock = DataLock::of(&dataset).unwrap();
    let of = |assignments: &[String]| {
        Ok::<_, RecipeError>(built_in().cell(
            built_in().resolve(std::slice::from_ref(&dataset.spec.recipe), assignments)?,
            &DataLock::of(&dataset)?,
        ))
    };
    let (cell, model) = TextModels::new(|_| Err("not fetched".into()))
        .complete(&assignments, of)
        .unwrap();
    (cell, lock, model)
}

/// A finished run of one epoch, the weights of its end, and the folder of its features.
struct Trained {
    result: CellResult,
    weights: BTreeMap<String, Vec<u8>>,
    store: PathBuf,
    _runs: tempfile::TempDir,
}

fn train(assignments: &[&str]) -> Result<Trained, TrainError> {
    let (cell, lock, model) = cell(assignments);
    let runs = tempfile::tempdir().unwrap();
    let (store, weights) = (
        runs.path().join("store"),
        runs.path().join("weights.safetensors"),
    );
    let data = amst_data::prepare(&digits(), &cell.recipe, model.as_ref(), &store, &|_| {})?;
    let run = Run::create(runs.path(), &cell, &lock)?;
    let trainer = Trainer::new(run, data, Device::flex())?.keep_weights(&weights)?;
    let result = trainer.train(&mut |_| {})?;
    let weights = tensors(&std::fs::read(weights).unwrap());
    Ok(Trained {
        result,
        weights,
        store,
        _runs: runs,
    })
}

/// A tiny RoBERTa as Hugging Face would keep it: four layers of width 24, with a tokenizer of its
/// own.
fn pretrained(folder: &Path, dropout: f64) {
    let tokenizer = Tokenizer::train_bpe(
        [
            "zero one two three",
            "null eins zwei drei",
            "nul un deux trois",
        ],
        290,
    );
    let tokenizer = tokenizer.unwrap();
    tokenizer.save(&folder.join("tokenizer.json")).unwrap();
    let config = RobertaConfig::small(290, 24, 4, 4, 16);
    let mut number = 0u64;
    let mut normal = || {
        number += 1;
        (number as f64 * 12.9898).sin()
    };
    let model = config.init(&mut normal, &Device::flex()).unwrap();
    write_weights(
        &model,
        &folder.join("model.safetensors"),
        &Renames::hugging_face().with_prefix("m.", ""),
    )
    .unwrap();
    let json = serde_json::json!({
        "model_type": "roberta", "vocab_size": 290, "hidden_size": 24, "num_hidden_layers": 4, "num_attention_heads": 4,
        "intermediate_size": 96, "max_position_embeddings": 18, "type_vocab_size": 1, "layer_norm_eps": 1e-5,
        "pad_token_id": 1, "hidden_dropout_prob": dropout, "attention_probs_dropout_prob": dropout,
    });
    std::fs::write(folder.join("config.json"), json.to_string()).unwrap();
}

fn files(store: &Path, start: &str, end: &str) -> usize {
    let names = std::fs::read_dir(store)
        .unwrap()
        .map(|e| e.unwrap().file_name().to_string_lossy().into_owned());
    names
        .filter(|name| name.starts_with(start) && name.ends_with(end))
        .count()
}

#[test]
fn the_embedded_data_set_trains_with_text_beside_sound_and_pictures() {
    let bag = train(&["text.encoder=bag"]).unwrap();
    for modality in Modality::ALL {
        assert_eq!(files(&bag.store, modality.name(), ".store"), 1);
    }
    let outputs: Vec<_> = bag.result.test.outputs.keys().map(String::as_str).collect();
    assert_eq!(outputs, ["audio", "fused", "text", "visual"]);
    assert_eq!(bag.result.recipe.modalities, Modality::ALL);
    assert_eq!(bag.result.test.samples, 295);
    assert_eq!(files(&bag.store, "tokenizer", ""), 0, "bytes need none");
}

#[test]
fn a_transformer_learns_tokens_of_its_own_and_gives_sound_and_pictures_its_width() {
    let settings = [
        "text.width=24",
        "text.layers=2",
        "text.max_length=12",
        "text.vocabulary=300",
    ];
    let small = train(&settings).unwrap();
    assert_eq!(files(&small.store, "tokenizer", ""), 1);
    assert_eq!(small.result.test.samples, 295);
    let shape = |part: &str| {
        small
            .weights
            .keys()
            .filter(|name| name.starts_with(part))
            .count()
    };
    assert!(
        shape("encoder.t.m.encoder.layer.1.") > 0 && shape("encoder.t.m.encoder.layer.2.") == 0
    );
    assert_eq!(small.weights["head.weight"].len(), 4 * 10 * 24);
    let again = train(&settings).unwrap();
    assert!(
        small.weights == again.weights,
        "dropout is a function of seed and step"
    );
    assert!(
        train(
            &["text.dropout=0.0"]
                .iter()
                .chain(&settings)
                .copied()
                .collect::<Vec<_>>()
        )
        .unwrap()
        .weights
            != small.weights
    );
}

#[test]
fn of_a_pretrained_model_only_the_last_layers_train() {
    let folder = tempfile::tempdir().unwrap();
    pretrained(folder.path(), 0.1);
    let encoder = format!("text.encoder={}", folder.path().display());
    let settings = [&*encoder, "text.max_length=12", "text.unfrozen_layers=2"];
    let (cell, _, model) = cell(&settings);
    assert_eq!((cell.recipe.text.width, cell.recipe.embed()), (24, 24));
    let built = build(&cell.recipe, model.as_ref(), 10, &Device::flex().autodiff()).unwrap();
    let start = folder.path().join("start.safetensors");
    write_weights(&built.net, &start, &built.names()).unwrap();
    let before = tensors(&std::fs::read(start).unwrap());
    let after = train(&settings).unwrap().weights;
    let text = |name: &&String| name.starts_with("encoder.t.");
    let moved: Vec<&String> = after
        .keys()
        .filter(text)
        .filter(|name| after[*name] != before[*name])
        .collect();
    assert!(!moved.is_empty());
    for name in moved {
        assert!(
            name.contains("layer.2.") || name.contains("layer.3."),
            "{name}"
        );
    }
}

#[test]
fn a_frozen_part_without_dropout_is_computed_once_and_gives_the_same() {
    let folder = tempfile::tempdir().unwrap();
    pretrained(folder.path(), 0.0);
    let encoder = format!("text.encoder={}", folder.path().display());
    let settings = |frozen| {
        [
            "method=amst-full",
            &encoder,
            "text.max_length=12",
            "text.unfrozen_layers=2",
            frozen,
        ]
    };
    let [computed, kept] =
        ["text.frozen_eval=false", "text.frozen_eval=true"].map(|f| train(&settings(f)).unwrap());
    assert!(computed.weights == kept.weights);
    assert_eq!(computed.result.test, kept.result.test);
}

#[test]
fn texts_longer_than_the_models_positions_are_an_error() {
    let folder = tempfile::tempdir().unwrap();
    pretrained(folder.path(), 0.1);
    let encoder = format!("text.encoder={}", folder.path().display());
    let error = train(&[&encoder, "text.max_length=17", "text.unfrozen_layers=2"])
        .err()
        .unwrap();
    assert!(error.to_string().contains("at most 16"), "{error}");
    assert_eq!(error.exit_code(), 2);
}

#[test]
fn a_tokenizer_of_another_model_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    pretrained(folder.path(), 0.1);
    let texts: Vec<String> = (0..400u32)
        .map(|n| format!("word{} other{}", n * n % 97, n * 31 % 89))
        .collect();
    let larger = Tokenizer::train_bpe(&texts, 400).unwrap();
    assert!(larger.largest_id() >= 290);
    larger.save(&folder.path().join("tokenizer.json")).unwrap();
    let encoder = format!("text.encoder={}", folder.path().display());
    let error = train(&[&encoder, "text.max_length=12", "text.unfrozen_layers=2"])
        .err()
        .unwrap();
    assert!(error.to_string().contains("from the same model"), "{error}");
    assert_eq!(error.exit_code(), 3);
}
