//! Objects into files, several at a time.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;

use super::Pointer;
use super::batch::{Action, Refusal, ask};
use crate::transfer::Client;
use crate::{FetchError, Source, Step, Token, Verified};

/// Objects asked for in one question; what `git lfs` does.
const AT_ONCE: usize = 100;
/// Downloads at a time.
const THREADS: usize = 4;
/// Addresses expire; objects that failed are asked for once more.
const ROUNDS: usize = 2;

/// An object and where it belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// What it is.
    pub pointer: Pointer,
    /// The file that it becomes.
    pub path: PathBuf,
}

/// Why one object is not here.
#[derive(Debug)]
pub struct ObjectFailure {
    /// The file that it would have become.
    pub path: PathBuf,
    /// Why, and what to do.
    pub error: FetchError,
}

/// Brings objects of a repository (`https://…/name.git`), those that are here only checked. One
/// that fails does not stop the others. The files in the order in which they were ready.
///
/// # Errors
/// The server does not answer, or not as the LFS specification says; [`FetchError::Objects`] with
/// every object that could not be had, once all others are here.
pub fn fetch(
    client: &Client,
    repository: &str,
    token: Option<&Token>,
    objects: &[Object],
    progress: &(dyn Fn(&Object, Step) + Sync),
) -> Result<Vec<Verified>, FetchError> {
    let mut done = Vec::new();
    let mut left = Vec::new();
    for object in objects {
        match client.present(object.pointer.expected(), &object.path, &mut |step| {
            progress(object, step)
        })? {
            Some(verified) => done.push(verified),
            None => left.push(object),
        }
    }
    if client.options().offline && !left.is_empty() {
        let failed = left
            .iter()
            .map(|object| offline(object, repository))
            .collect();
        return Err(FetchError::Objects {
            failed,
            fetched: done.len(),
        });
    }
    let mut failed = Vec::new();
    for _ in 0..ROUNDS {
        failed.clear();
        for some in left.chunks(AT_ONCE) {
            let pointers: Vec<_> = some.iter().map(|object| object.pointer).collect();
            let actions = ask(client, repository, token, &pointers)?;
            for (object, outcome) in several(client, some, &actions, progress) {
                match outcome {
                    Ok(verified) => done.push(verified),
                    Err(error) => failed.push(ObjectFailure {
                        path: object.path.clone(),
                        error,
                    }),
                }
            }
        }
        left.retain(|object| failed.iter().any(|failure| failure.path == object.path));
        if left.is_empty() {
            return Ok(done);
        }
    }
    Err(FetchError::Objects {
        failed,
        fetched: done.len(),
    })
}

fn offline(object: &Object, repository: &str) -> ObjectFailure {
    let error = FetchError::Offline {
        path: object.path.clone(),
        url: crate::transfer::shown_text(repository),
    };
    ObjectFailure {
        path: object.path.clone(),
        error,
    }
}

/// Downloads objects on several threads; the outcomes in the order in which they were ready.
fn several<'a>(
    client: &Client,
    objects: &[&'a Object],
    actions: &BTreeMap<String, Result<Action, Refusal>>,
    progress: &(dyn Fn(&Object, Step) + Sync),
) -> impl Iterator<Item = (&'a Object, Result<Verified, FetchError>)> + use<'a> {
    let next = AtomicUsize::new(0);
    let (sender, outcomes) = channel();
    std::thread::scope(|scope| {
        for _ in 0..THREADS.min(objects.len()) {
            let (next, sender) = (&next, sender.clone());
            scope.spawn(move || {
                while let Some(object) = objects.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let outcome = one(client, object, actions, progress);
                    // The receiver outlives these threads.
                    let _ = sender.send((*object, outcome));
                }
            });
        }
    });
    drop(sender);
    outcomes.into_iter()
}

fn one(
    client: &Client,
    object: &Object,
    actions: &BTreeMap<String, Result<Action, Refusal>>,
    progress: &(dyn Fn(&Object, Step) + Sync),
) -> Result<Verified, FetchError> {
    let oid = object.pointer.oid.to_string();
    let action = match actions.get(&oid) {
        Some(Ok(action)) => action,
        Some(Err(refusal)) => {
            return Err(FetchError::ObjectRefused {
                oid,
                code: refusal.code,
                message: refusal.message.clone(),
            });
        }
        None => {
            return Err(FetchError::ObjectRefused {
                oid,
                code: 0,
                message: "the server says nothing of it".into(),
            });
        }
    };
    let source = Source {
        headers: action.header.clone().into_iter().collect(),
        ..Source::new(&action.href, object.pointer.expected())
    };
    client.download(&source, &object.path, &mut |step| progress(object, step))
}
