//! The tokenizer of a real pretrained model. Opt-in:
//! `crates/amst-encoders/tests/pretrained/fetch.py` gets the model and says how; without it the
//! test says that it was skipped.

use std::path::PathBuf;

use amst_tokens::{Tokenizer, Tokens};
use serde_json::Value;

#[test]
fn ids_and_masks_of_a_pretrained_model_are_those_of_its_own_library() {
    let Some(folder) = std::env::var_os("AMST_PRETRAINED").map(PathBuf::from) else {
        eprintln!(
            "SKIPPED ids_and_masks_of_a_pretrained_model_are_those_of_its_own_library: AMST_PRETRAINED does not name a \
             folder; see crates/amst-encoders/tests/pretrained/fetch.py"
        );
        return;
    };
    let tokenizer = Tokenizer::read(&folder)
        .unwrap()
        .with_max_length(128)
        .unwrap();
    let recorded: Vec<Value> =
        serde_json::from_slice(&std::fs::read(folder.join("tokens.json")).unwrap()).unwrap();
    assert!(recorded.len() >= 6);
    for row in recorded {
        let text = row["text"].as_str().unwrap();
        let mut ids: Vec<u32> = row["ids"]
            .as_array()
            .unwrap()
            .iter()
            .map(|id| id.as_u64().unwrap() as u32)
            .collect();
        let mut mask = vec![1; ids.len()];
        ids.resize(128, tokenizer.pad_id());
        mask.resize(128, 0);
        assert_eq!(
            tokenizer.encode(text).unwrap(),
            Tokens { ids, mask },
            "{text:?}"
        );
    }
}
