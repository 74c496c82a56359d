//! The batch API: many objects in one question.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Pointer;
use crate::transfer::{Client, shown_text};
use crate::{FetchError, Sha256, Token};

const MEDIA_TYPE: &str = "application/vnd.git-lfs+json";

/// The longest answer that is read: some 10,000 objects with long addresses.
const LONGEST_ANSWER: u64 = 32 << 20;

#[derive(Deserialize)]
struct Reply {
    #[serde(default)]
    transfer: Option<String>,
    objects: Vec<Described>,
}

#[derive(Deserialize)]
struct Described {
    oid: Sha256,
    #[serde(default)]
    actions: Actions,
    error: Option<Refusal>,
}

#[derive(Default, Deserialize)]
struct Actions {
    download: Option<Action>,
}

/// Where an object can be had, and with which headers.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Action {
    pub(crate) href: String,
    #[serde(default)]
    pub(crate) header: BTreeMap<String, String>,
}

/// Why the server does not hand out an object.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Refusal {
    pub(crate) code: u16,
    #[serde(default)]
    pub(crate) message: String,
}

/// Asks for the addresses of objects. What the server says nothing of is not in the answer.
pub(crate) fn ask(
    client: &Client,
    repository: &str,
    token: Option<&Token>,
    objects: &[Pointer],
) -> Result<BTreeMap<String, Result<Action, Refusal>>, FetchError> {
    let url = format!(
        "{}/info/lfs/objects/batch",
        repository.trim_end_matches('/')
    );
    let question = serde_json::json!({
        "operation": "download",
        "transfers": ["basic"],
        "objects": objects,
        "hash_algo": "sha256",
    });
    let wrong = |why: String| FetchError::Lfs {
        url: shown_text(&url),
        why,
    };
    let question = question.to_string().into_bytes();
    let answer = client.post(&url, MEDIA_TYPE, &question, token, LONGEST_ANSWER)?;
    let reply: Reply = serde_json::from_slice(&answer)
        .map_err(|error| wrong(format!("no batch answer ({error})")))?;
    if let Some(transfer) = reply.transfer.filter(|transfer| transfer != "basic") {
        return Err(wrong(format!(
            "it offers the transfer `{transfer}`, not `basic`"
        )));
    }
    let mut answers = BTreeMap::new();
    for object in reply.objects {
        let answer = match (object.actions.download, object.error) {
            (_, Some(refusal)) => Err(refusal),
            (Some(action), None) => Ok(action),
            (None, None) => Err(Refusal {
                code: 0,
                message: "the server gives no address".into(),
            }),
        };
        answers.insert(object.oid.to_string(), answer);
    }
    Ok(answers)
}
