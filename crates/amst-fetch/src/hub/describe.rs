//! What the Hub says of a revision's files, asked through `hf-hub`.
//!
//! `hf-hub` 1.0 neither resumes nor checks plain files, has no deadline, and its question about a
//! single file follows redirects away from the headers that hold the answer; so it is asked for
//! descriptions only.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use hf_hub::repository::RepoTreeEntry;
use hf_hub::{HFClient, HFError, split_id};

use super::{Model, Settings};
use crate::transfer::{Failure, Options, shown_text};
use crate::{Expected, FetchError, Token};

/// A file as the Hub describes it: by SHA-256 where it is large, by git's hash where it is small.
pub(crate) type Descriptions = BTreeMap<String, Expected>;

/// Asks for the files of a model's revision, as often as the options allow.
pub(crate) fn describe(
    model: &Model,
    settings: &Settings,
    options: &Options,
) -> Result<Descriptions, FetchError> {
    let url = format!("{}/{}", settings.endpoint, model.repo);
    options.attempts(&url, || once(model, settings, options))
}

/// One question, in a thread of its own because `hf-hub` would wait for ever.
fn once(model: &Model, settings: &Settings, options: &Options) -> Result<Descriptions, Failure> {
    let (sender, answer) = channel();
    let (asked_model, asked_settings) = (model.clone(), settings.clone());
    std::thread::spawn(move || sender.send(ask(&asked_model, &asked_settings)));
    let deadline = options.connect_timeout + options.stall_timeout;
    match answer.recv_timeout(deadline) {
        Ok(Ok(entries)) => Ok(entries.into_iter().filter_map(description).collect()),
        Ok(Err(error)) => Err(failure(&error, model, settings)),
        Err(RecvTimeoutError::Timeout) => Err(Failure::passing(format!(
            "no answer for {} s",
            deadline.as_secs_f64()
        ))),
        Err(RecvTimeoutError::Disconnected) => Err(Failure::passing("hf-hub stopped half-way")),
    }
}

fn ask(model: &Model, settings: &Settings) -> Result<Vec<RepoTreeEntry>, HFError> {
    let client = HFClient::builder()
        .endpoint(&settings.endpoint)
        .cache_dir(&settings.cache)
        .retry_max_attempts(0);
    let client = match &settings.token {
        Some(token) => client.token(token.reveal()),
        None => client,
    };
    let (owner, name) = split_id(&model.repo);
    let paths = model.files.iter().map(|file| file.name.clone()).collect();
    client
        .build_sync()?
        .model(owner, name)
        .get_paths_info()
        .paths(paths)
        .revision(&model.revision)
        .send()
}

fn description(entry: RepoTreeEntry) -> Option<(String, Expected)> {
    let RepoTreeEntry::File {
        oid,
        size,
        path,
        lfs,
        ..
    } = entry
    else {
        return None;
    };
    // For a large file `oid` names the pointer, not the content.
    let (sha256, git_blob) = match lfs {
        Some(lfs) => (lfs.sha256.and_then(|hash| hash.parse().ok()), None),
        None => (None, oid.parse().ok()),
    };
    let size = Some(size);
    Some((
        path,
        Expected {
            size,
            sha256,
            git_blob,
        },
    ))
}

fn failure(error: &HFError, model: &Model, settings: &Settings) -> Failure {
    let url = shown_text(&format!("{}/{}", settings.endpoint, model.repo));
    let token_sent = settings.token.is_some();
    let why = Token::cut(settings.token.as_ref(), reason(error));
    match error {
        HFError::AuthRequired { .. } => FetchError::Unauthorised { url, token_sent }.into(),
        HFError::Forbidden { .. } => FetchError::Forbidden { url, token_sent }.into(),
        HFError::RepoNotFound { .. }
        | HFError::RevisionNotFound { .. }
        | HFError::EntryNotFound { .. } => FetchError::NotFound { url, status: 404 }.into(),
        HFError::RateLimited { retry_after, .. } => Failure::Passing {
            why,
            retry_after: retry_after.map(|wait: Duration| (429, wait)),
        },
        HFError::Request { source, .. } if !is_nonsense(source) => Failure::passing(why),
        HFError::Http { context }
            if matches!(context.status.as_u16(), 408 | 500 | 502 | 503 | 504) =>
        {
            Failure::passing(why)
        }
        _ => FetchError::Metadata {
            endpoint: shown_text(&settings.endpoint),
            repo: model.repo.clone(),
            why,
        }
        .into(),
    }
}

/// The library's message; of a request that failed, that of its cause, because it repeats the
/// address at each level.
fn reason(error: &HFError) -> String {
    match error {
        HFError::Request { source, .. } => causes(source)
            .last()
            .map_or_else(String::new, ToString::to_string),
        other => other.to_string(),
    }
}

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn Error + 'static)| {
        (*error).source()
    })
}

/// Whether all of an answer came and is no description; a cut looks the same but for its cause.
fn is_nonsense(error: &(dyn Error + 'static)) -> bool {
    causes(error).any(|error| error.is::<serde_json::Error>())
}
