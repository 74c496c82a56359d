//! Whether the parts of a `tokenizer.json` fit together.
//!
//! The `tokenizers` crate trusts these files: a merge without its token, a
//! template that names a token it does not define or an id in the billions
//! make it panic or hang. What it checks itself is left to it.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use crate::{MAX_TOKENS, TokensError};

/// Token ids by name.
type Ids<'a> = HashMap<&'a str, u32>;

/// What is wrong with a file, or nothing.
type Found = Result<(), String>;

/// Refuses what contradicts itself.
pub(crate) fn check(json: &Value, name: &str) -> Result<(), TokensError> {
    check_parts(json).map_err(|reason| TokensError::contradiction(name, reason))
}

fn check_parts(json: &Value) -> Found {
    let model = &json["model"];
    let mut ids = vocabulary(&model["vocab"])?;
    match model.get("merges") {
        Some(merges) => merged(merges, model, &ids)?,
        None => unknown(model, &ids)?,
    }
    added(&json["added_tokens"], &mut ids)?;
    processor(&json["post_processor"], &ids)
}

fn vocabulary(vocab: &Value) -> Result<Ids<'_>, String> {
    let entries = vocab.as_object().into_iter().flatten();
    let mut taken: HashMap<u32, &str> = HashMap::new();
    let mut ids = Ids::new();
    for (token, id) in entries {
        let fits = id.as_u64().filter(|&id| id < MAX_TOKENS as u64);
        let id = fits.ok_or_else(|| {
            format!("the id of `{token}` is {id}, which is no number below {MAX_TOKENS}")
        })?;
        if let Some(other) = taken.insert(id as u32, token) {
            return Err(format!("`{other}` and `{token}` have one id, {id}"));
        }
        ids.insert(token, id as u32);
    }
    if ids.is_empty() {
        Err("its vocabulary is empty".into())
    } else {
        Ok(ids)
    }
}

/// Every merge joins two tokens into a third.
fn merged(merges: &Value, model: &Value, ids: &Ids) -> Found {
    let prefix = model["continuing_subword_prefix"]
        .as_str()
        .unwrap_or_default();
    for (number, merge) in merges.as_array().into_iter().flatten().enumerate() {
        let pair = match merge.as_str() {
            Some(line) if line.starts_with("#version") => continue,
            Some(line) => line.split_once(' '),
            None => merge[0].as_str().zip(merge[1].as_str()),
        };
        let Some((left, right)) = pair else { continue };
        let number = number + 1;
        let Some(rest) = right.strip_prefix(prefix) else {
            return Err(format!(
                "merge {number} is `{left}` with `{right}`, which does not start with `{prefix}`"
            ));
        };
        let joined = format!("{left}{rest}");
        if let Some(missing) = [left, right, &joined]
            .into_iter()
            .find(|token| !ids.contains_key(token))
        {
            return Err(format!(
                "merge {number} is `{left}` with `{right}`, and the vocabulary lacks `{missing}`"
            ));
        }
    }
    Ok(())
}

/// WordPiece needs a token for what it cannot spell.
fn unknown(model: &Value, ids: &Ids) -> Found {
    match model["unk_token"].as_str() {
        Some(token) if !ids.contains_key(token) => {
            Err(format!("the vocabulary lacks its unknown token, `{token}`"))
        }
        _ => Ok(()),
    }
}

/// Added tokens are in the vocabulary under the same id, or follow it without a gap.
fn added<'a>(tokens: &'a Value, ids: &mut Ids<'a>) -> Found {
    let mut next = ids.len() as u64;
    for token in tokens.as_array().into_iter().flatten() {
        let (Some(content), Some(id)) = (token["content"].as_str(), token["id"].as_u64()) else {
            continue;
        };
        let expected = ids.get(content).copied().map_or(next, u64::from);
        if id != expected {
            return Err(format!(
                "the added token `{content}` has id {id} and the vocabulary gives it {expected}"
            ));
        }
        if ids.insert(content, id as u32).is_none() {
            next += 1;
        }
    }
    Ok(())
}

fn processor(processor: &Value, ids: &Ids) -> Found {
    match processor["type"].as_str() {
        Some("RobertaProcessing" | "BertProcessing") => {
            let mut ends = ["cls", "sep"].into_iter().map(|end| &processor[end]);
            ends.try_for_each(|end| same_id(end[0].as_str(), end[1].as_u64(), ids))
        }
        Some("TemplateProcessing") => template(processor, ids),
        Some("Sequence") => processor["processors"]
            .as_array()
            .into_iter()
            .flatten()
            .try_for_each(|part| self::processor(part, ids)),
        _ => Ok(()),
    }
}

/// A template has its text once, between special tokens that it defines.
fn template(template: &Value, ids: &Ids) -> Found {
    let defined = template["special_tokens"].as_object();
    for special in defined.into_iter().flatten().map(|(_, special)| special) {
        let (names, numbers) = (special["tokens"].as_array(), special["ids"].as_array());
        let (names, numbers) = names
            .zip(numbers)
            .ok_or("its template defines a special token without ids")?;
        if names.len() != numbers.len() {
            return Err("its template gives a special token fewer names than ids".into());
        }
        names
            .iter()
            .zip(numbers)
            .try_for_each(|(name, id)| same_id(name.as_str(), id.as_u64(), ids))?;
    }
    let names: HashSet<&str> = defined
        .into_iter()
        .flatten()
        .map(|(name, _)| name.as_str())
        .collect();
    let (mut text, mut other) = (0, 0);
    for piece in template["single"].as_array().into_iter().flatten() {
        match (
            piece["SpecialToken"]["id"].as_str(),
            piece["Sequence"]["id"].as_str(),
        ) {
            (Some(name), _) if !names.contains(name) => {
                return Err(format!("its template uses `{name}` and does not define it"));
            }
            (None, Some("A")) => text += 1,
            (None, Some(_)) => other += 1,
            _ => {}
        }
    }
    if (text, other) == (1, 0) {
        Ok(())
    } else {
        Err("its template for one text does not hold that text once".into())
    }
}

fn same_id(name: Option<&str>, id: Option<u64>, ids: &Ids) -> Found {
    let (Some(name), Some(id)) = (name, id) else {
        return Ok(());
    };
    match ids.get(name) {
        Some(&known) if u64::from(known) == id => Ok(()),
        known => Err(format!(
            "it puts `{name}` around texts as id {id}, and the vocabulary has {known:?}"
        )),
    }
}
