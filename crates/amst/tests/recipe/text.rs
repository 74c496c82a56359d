//! Encoders of text in a recipe, and pretrained models as files.

use std::cell::Cell as Count;
use std::path::Path;

use amst::methods::built_in;
use amst_recipe::{
    CellId, DataLock, Modality, Recipe, RecipeError, TextEncoder, TextModel, TextModels,
};
use serde_json::json;

fn lock() -> DataLock {
    serde_json::from_value("aa".into()).unwrap()
}

fn with(assignments: &[&str]) -> Result<Recipe, RecipeError> {
    let base = json!({
        "modalities": ["audio", "text", "visual"], "audio": { "width": 8 }, "visual": { "width": 8 },
        "text": { "width": 96, "heads": 4, "encoder": "transformer" },
    });
    built_in().resolve(
        &[base],
        &assignments
            .iter()
            .map(|a| a.to_string())
            .collect::<Vec<_>>(),
    )
}

fn id(assignments: &[&str]) -> CellId {
    built_in().cell_id(&with(assignments).unwrap(), &lock())
}

/// A folder as Hugging Face's `save_pretrained` leaves one, but for the sense in it.
fn model(folder: &Path, config: serde_json::Value, weights: &str) {
    std::fs::create_dir_all(folder).unwrap();
    std::fs::write(folder.join("config.json"), config.to_string()).unwrap();
    std::fs::write(folder.join("tokenizer.json"), "{}").unwrap();
    std::fs::write(folder.join("model.safetensors"), weights).unwrap();
}

fn config() -> serde_json::Value {
    json!({ "model_type": "roberta", "hidden_size": 24, "vocab_size": 300, "num_hidden_layers": 6, "num_attention_heads": 3,
            "max_position_embeddings": 130, "pad_token_id": 1 })
}

#[test]
fn all_embeddings_take_the_width_of_the_text_encoder_by_a_projection() {
    let small = with(&[]).unwrap();
    assert_eq!(small.embed(), 96);
    assert_eq!(
        Modality::ALL.map(|m| small.projection(m)),
        [Some(96), None, Some(96)]
    );
    let paper = with(&["audio.width=64", "visual.width=64", "text.width=768"]).unwrap();
    assert_eq!(
        (paper.embed(), paper.projection(Modality::Visual)),
        (768, Some(768))
    );
}

#[test]
fn without_text_or_with_a_bag_the_resnets_keep_their_own_width() {
    let without = with(&["modalities=audio,visual"]).unwrap();
    assert_eq!(
        (without.embed(), without.projection(Modality::Audio)),
        (64, None)
    );
    let alone = with(&["modalities=audio", "method=unimodal"]).unwrap();
    assert_eq!(
        (alone.embed(), alone.projection(Modality::Audio)),
        (64, None)
    );
    let bag = with(&["text.encoder=bag"]).unwrap();
    assert_eq!((bag.embed(), bag.projection(Modality::Audio)), (64, None));
    let asked = with(&[
        "modalities=audio,visual",
        "audio.embed=32",
        "visual.embed=32",
    ])
    .unwrap();
    assert_eq!(
        (asked.embed(), asked.projection(Modality::Visual)),
        (32, Some(32))
    );
}

#[test]
fn a_width_against_the_text_encoders_is_a_contradiction_with_the_remedy() {
    let error = with(&["audio.embed=64"]).unwrap_err();
    assert!(
        error.to_string().contains("set `audio.embed=96`"),
        "{error}"
    );
    let error = with(&["text.heads=5"]).unwrap_err();
    assert!(
        matches!(&error, RecipeError::Value { key, .. } if key == "text.heads"),
        "{error}"
    );
    let error = with(&["text.dropout=1.0"]).unwrap_err();
    assert!(
        matches!(&error, RecipeError::Value { key, .. } if key == "text.dropout"),
        "{error}"
    );
}

#[test]
fn an_encoder_is_a_word_or_the_name_of_a_model() {
    let of = |word: &str| {
        with(&[&format!("text.encoder={word}")])
            .unwrap()
            .text
            .encoder
    };
    assert_eq!(
        (of("bag"), of("transformer")),
        (TextEncoder::Bag, TextEncoder::Transformer)
    );
    assert_eq!(
        of("roberta-base"),
        TextEncoder::Pretrained("roberta-base".into())
    );
    assert_eq!(
        serde_json::to_value(of("roberta-base")).unwrap(),
        json!("roberta-base")
    );
}

#[test]
fn what_an_encoder_does_not_read_is_no_part_of_the_identity() {
    assert_eq!(
        id(&[]),
        id(&[
            "text.unfrozen_layers=3",
            "text.frozen_eval=true",
            "text.model=ab"
        ])
    );
    assert_eq!(
        id(&["text.encoder=bag"]),
        id(&["text.encoder=bag", "text.layers=5", "text.dropout=0.5"])
    );
    for setting in [
        "text.layers=3",
        "text.heads=8",
        "text.dropout=0.0",
        "text.vocabulary=300",
        "text.max_length=64",
    ] {
        assert_ne!(id(&[]), id(&[setting]), "{setting}");
    }
    let pretrained = ["text.encoder=roberta-base", "text.model=ab"];
    assert_eq!(
        id(&pretrained),
        id(&[&pretrained[..], &["text.layers=5", "text.dropout=0.5"]].concat())
    );
    for setting in [
        "text.unfrozen_layers=3",
        "text.frozen_eval=true",
        "text.model=cd",
    ] {
        assert_ne!(
            id(&pretrained),
            id(&[&pretrained[..], &[setting]].concat()),
            "{setting}"
        );
    }
}

#[test]
fn a_pretrained_model_is_known_by_its_files_in_any_folder() {
    let places = tempfile::tempdir().unwrap();
    let [here, there, other] = ["here", "there", "other"].map(|name| places.path().join(name));
    model(&here, config(), "weights");
    model(&there, config(), "weights");
    model(&other, config(), "Weights");
    let models = TextModels::new(|_| Err("nothing is fetched".into()));
    let cell = |folder: &Path| {
        let encoder = vec![
            format!("text.encoder={}", folder.display()),
            "text.max_length=128".into(),
        ];
        let of = |assignments: &[String]| {
            let assignments: Vec<&str> = assignments.iter().map(String::as_str).collect();
            Ok(built_in().cell(with(&assignments)?, &lock()))
        };
        models.complete(&encoder, of).unwrap()
    };
    let ((first, found), (second, _), (third, _)) = (cell(&here), cell(&there), cell(&other));
    assert_eq!(first.id, second.id);
    assert_ne!(first.id, third.id);
    assert_eq!(
        (first.recipe.embed(), first.recipe.text.vocabulary),
        (24, 300)
    );
    // Operation counts and memory estimates go by these.
    assert_eq!((first.recipe.text.layers, first.recipe.text.heads), (6, 3));
    assert_eq!(first.recipe.text.model, found.unwrap().digest());
}

#[test]
fn a_model_is_looked_up_once_by_name_and_only_where_text_takes_part() {
    thread_local!(static ASKED: Count<u32> = const { Count::new(0) });
    let models = TextModels::new(|name| {
        ASKED.set(ASKED.get() + 1);
        Err(format!("put the files of {name} somewhere"))
    });
    let complete = |assignments: &[&str]| {
        let assignments: Vec<String> = assignments.iter().map(|a| a.to_string()).collect();
        let of = |assignments: &[String]| {
            let assignments: Vec<&str> = assignments.iter().map(String::as_str).collect();
            Ok(built_in().cell(with(&assignments)?, &lock()))
        };
        models.complete(&assignments, of)
    };
    let without = complete(&["text.encoder=roberta-base", "modalities=audio,visual"]).unwrap();
    assert_eq!((without.1, ASKED.get()), (None, 0));
    let error = complete(&["text.encoder=roberta-base"]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "text.encoder=roberta-base: put the files of roberta-base somewhere"
    );
    assert_eq!(ASKED.get(), 1);
}

#[test]
fn a_folder_that_is_no_model_says_what_it_lacks() {
    let place = tempfile::tempdir().unwrap();
    let error = |missing: &str| {
        let error = TextModel::open(place.path()).unwrap_err().to_string();
        assert!(
            error.contains(missing) && error.contains("model.safetensors"),
            "{error}"
        );
    };
    error("no config.json");
    std::fs::write(
        place.path().join("config.json"),
        json!({ "model_type": "gpt2" }).to_string(),
    )
    .unwrap();
    error("no tokenizer");
    std::fs::write(place.path().join("vocab.json"), "{}").unwrap();
    error("no tokenizer");
    std::fs::write(place.path().join("merges.txt"), "").unwrap();
    error("no weights");
    std::fs::write(place.path().join("pytorch_model.bin"), "").unwrap();
    error("another architecture (\"gpt2\"");
    std::fs::write(
        place.path().join("config.json"),
        json!({ "model_type": "bert" }).to_string(),
    )
    .unwrap();
    error("a config.json that says too little");
    std::fs::write(place.path().join("config.json"), config().to_string()).unwrap();
    let model = TextModel::open(place.path()).unwrap();
    assert!(model.weights().ends_with("pytorch_model.bin"));
}

#[test]
fn more_unfrozen_layers_than_there_are_is_an_error() {
    let place = tempfile::tempdir().unwrap();
    model(place.path(), config(), "weights");
    let model = TextModel::open(place.path()).unwrap();
    let recipe = |layers: usize| {
        with(&["text.encoder=x", &format!("text.unfrozen_layers={layers}")]).unwrap()
    };
    assert!(model.check(&recipe(6)).is_ok());
    let error = model.check(&recipe(7)).unwrap_err();
    assert!(error.to_string().contains("use 6 or fewer"), "{error}");
}
