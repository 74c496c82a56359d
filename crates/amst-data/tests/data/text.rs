//! Text through a tokenizer that is trained on the training split.

use amst_data::{Features, Loader, LoaderConfig, Prepared, SplitName};
use amst_recipe::{Modality, Recipe, TextEncoder};
use amst_tokens::Tokenizer;

use crate::small::Small;

fn small() -> Small {
    let mut small = Small::new();
    small.recipe.modalities = vec![Modality::Text];
    small.recipe.text.encoder = TextEncoder::Transformer;
    (small.recipe.text.vocabulary, small.recipe.text.max_length) = (270, 12);
    small
}

/// Ids and masks of one split in its order, `[samples, max_length]`.
fn tokens(data: &Prepared, split: SplitName) -> (Vec<i64>, Vec<f32>) {
    let config = LoaderConfig {
        train: false,
        ..LoaderConfig::default()
    };
    let loader = Loader::new(data.split(split), config).unwrap();
    let batch = loader.epoch(0, &[Modality::Text]).next().unwrap().unwrap();
    let Features::Tokens { ids, mask, .. } = &batch.inputs[&Modality::Text] else {
        panic!()
    };
    (ids.clone(), mask.clone())
}

fn kept(small: &Small) -> Vec<std::path::PathBuf> {
    let files = std::fs::read_dir(small.store_dir())
        .unwrap()
        .map(|e| e.unwrap().path());
    files
        .filter(|p| {
            p.file_name()
                .unwrap()
                .to_string_lossy()
                .starts_with("tokenizer-")
        })
        .collect()
}

#[test]
fn tokens_are_those_of_a_tokenizer_that_saw_the_training_split_alone() {
    let small = small();
    let data = small.prepare().unwrap();
    let training: Vec<String> = (0..3).map(|n| format!("no. {n}, é")).collect();
    let own = Tokenizer::train_bpe(&training, 270)
        .unwrap()
        .with_max_length(12)
        .unwrap();
    for (split, first) in [
        (SplitName::Train, 0),
        (SplitName::Val, 3),
        (SplitName::Test, 6),
    ] {
        let (ids, mask) = tokens(&data, split);
        for (row, number) in (first..first + 3).enumerate() {
            let expected = own.encode(&format!("no. {number}, é")).unwrap();
            let expected_ids: Vec<i64> = expected.ids.iter().map(|&id| id.into()).collect();
            let expected_mask: Vec<f32> = expected.mask.iter().map(|&m| m.into()).collect();
            assert_eq!(ids[12 * row..][..12], expected_ids, "{number}");
            assert_eq!(mask[12 * row..][..12], expected_mask, "{number}");
        }
    }
}

#[test]
fn the_tokenizer_is_kept_beside_the_records_under_its_hash() {
    let small = small();
    small.prepare().unwrap();
    let [file] = &kept(&small)[..] else {
        panic!("one tokenizer")
    };
    let read = Tokenizer::read(file).unwrap();
    let name = format!("tokenizer-{}.json", &read.digest().unwrap()[..12]);
    assert_eq!(file.file_name().unwrap().to_str().unwrap(), name);
    small.prepare().unwrap();
    assert_eq!(
        (kept(&small).len(), small.stores().len()),
        (1, 1),
        "found again"
    );
}

#[test]
fn a_tokenizer_that_was_damaged_on_disk_is_written_again_and_never_used() {
    let small = small();
    let before = tokens(&small.prepare().unwrap(), SplitName::Train);
    std::fs::write(&kept(&small)[0], "{}").unwrap();
    assert_eq!(tokens(&small.prepare().unwrap(), SplitName::Train), before);
    assert!(Tokenizer::read(&kept(&small)[0]).is_ok());
}

#[test]
fn other_training_texts_make_another_store_even_for_texts_that_stayed() {
    let mut small = small();
    small.prepare().unwrap();
    small.replace("no. 0, é", "no no no no");
    small.prepare().unwrap();
    assert_eq!((small.stores().len(), kept(&small).len()), (2, 2));
    small.recipe.text.max_length = 5;
    small.prepare().unwrap();
    assert_eq!(
        (small.stores().len(), kept(&small).len()),
        (3, 2),
        "the length cuts records, the tokenizer stays"
    );
}

#[test]
fn settings_that_fit_no_tokenizer_are_named() {
    let mut small = small();
    small.recipe.text.vocabulary = 100;
    assert!(
        small.error().to_string().contains("261"),
        "{}",
        small.error()
    );
    assert_eq!(small.error().kind(), amst_data::ErrorKind::Configuration);
    small.recipe.text.vocabulary = 270;
    small.recipe.text.max_length = 2;
    assert!(
        small.error().to_string().contains("at least 3"),
        "{}",
        small.error()
    );
    small.recipe.text.encoder = TextEncoder::Pretrained("roberta-base".into());
    assert!(
        small.error().to_string().contains("roberta-base"),
        "{}",
        small.error()
    );
}

#[test]
fn generated_text_opens_with_a_token_of_its_own_for_a_transformer() {
    let mut recipe = Recipe {
        modalities: vec![Modality::Text],
        ..Recipe::default()
    };
    (recipe.text.vocabulary, recipe.text.max_length) = (32, 12);
    let first =
        |recipe: &Recipe| tokens(&Prepared::synthetic(recipe).unwrap(), SplitName::Val).0[0];
    assert!(first(&recipe) >= 2);
    recipe.text.encoder = TextEncoder::Transformer;
    assert_eq!(first(&recipe), 0);
    recipe.text.encoder = TextEncoder::Pretrained("roberta-base".into());
    assert!(
        Prepared::synthetic(&recipe)
            .err()
            .unwrap()
            .to_string()
            .contains("transformer")
    );
}
