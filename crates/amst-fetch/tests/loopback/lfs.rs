//! A server that plays Git LFS.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock};

use amst_fetch::lfs::{Object, Pointer, fetch};
use amst_fetch::{Client, Content, FetchError, Step, Verified};
use serde_json::{Value, json};

use crate::bench::{Bench, content};
use crate::server::{Reply, Request, Server, file};

const LFS: &str = "application/vnd.git-lfs+json";
const BATCH: &str = "/owner/name.git/info/lfs/objects/batch";

/// The nth object's bytes.
fn bytes(n: usize) -> Vec<u8> {
    content(100 + n)
}

fn oid(n: usize) -> String {
    Content::of_bytes(&bytes(n)).sha256.to_string()
}

/// What a good server answers to a batch, at an address of its own.
fn batch(request: &Request, storage: &str) -> Value {
    let question: Value = serde_json::from_slice(&request.body).unwrap();
    assert_eq!(
        (&question["operation"], &question["transfers"]),
        (&json!("download"), &json!(["basic"]))
    );
    assert_eq!(
        (request.header("accept"), request.header("content-type")),
        (Some(LFS), Some(LFS))
    );
    let action = |object: &Value| {
        let href = format!("{storage}/{}", object["oid"].as_str().unwrap());
        let header = json!({ "X-Ticket": "ticket" });
        let download = json!({ "href": href, "header": header, "expires_in": 3600 });
        json!({ "oid": object["oid"], "size": object["size"], "actions": { "download": download } })
    };
    let objects: Vec<_> = question["objects"]
        .as_array()
        .unwrap()
        .iter()
        .map(action)
        .collect();
    json!({ "transfer": "basic", "objects": objects })
}

fn answer(value: &Value) -> Reply {
    Reply::new(200, value.to_string()).with("Content-Type", LFS)
}

fn stored(count: usize) -> impl Fn(&Request) -> Reply {
    let objects: BTreeMap<_, _> = (0..count)
        .map(|n| (format!("/{}", oid(n)), bytes(n)))
        .collect();
    move |request| match objects.get(&request.path) {
        Some(object) => file(request, object, "\"x\""),
        None => Reply::new(404, ""),
    }
}

struct Stage {
    bench: Bench,
    server: Server,
    steps: Mutex<Vec<Step>>,
}

impl Stage {
    fn new(handler: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        Self {
            bench: Bench::new(),
            server: Server::new(handler),
            steps: Mutex::default(),
        }
    }

    /// A good server of so many objects, whose batch answers a test may change.
    fn with(count: usize, change: impl Fn(&Request, &mut Value) + Send + Sync + 'static) -> Self {
        let address = Arc::new(OnceLock::<String>::new());
        let (own, store) = (address.clone(), stored(count));
        let stage = Self::new(move |request| match request.path.as_str() {
            BATCH => {
                let mut value = batch(request, own.get().unwrap());
                change(request, &mut value);
                answer(&value)
            }
            _ => store(request),
        });
        address.set(stage.server.url()).unwrap();
        stage
    }

    fn objects(&self, count: usize) -> Vec<Object> {
        let object = |n| {
            let content = Content::of_bytes(&bytes(n));
            let pointer = Pointer {
                oid: content.sha256,
                size: content.size,
            };
            Object {
                pointer,
                path: self.bench.folder().join(format!("AudioWAV/{n:04}.wav")),
            }
        };
        (0..count).map(object).collect()
    }

    fn fetch(&self, count: usize) -> Result<Vec<Verified>, FetchError> {
        let client = Client::new(self.bench.options.clone());
        let tell = |_: &Object, step: Step| self.steps.lock().unwrap().push(step);
        fetch(
            &client,
            &format!("{}/owner/name.git", self.server.url()),
            None,
            &self.objects(count),
            &tell,
        )
    }

    fn batches(&self) -> usize {
        self.server
            .seen()
            .iter()
            .filter(|request| request.path == BATCH)
            .count()
    }
}

#[test]
fn many_objects_arrive_in_a_few_questions() {
    let stage = Stage::with(230, |_, _| ());
    let done = stage.fetch(230).unwrap();
    assert_eq!((done.len(), stage.batches()), (230, 3));
    for (n, object) in stage.objects(230).iter().enumerate() {
        assert_eq!(std::fs::read(&object.path).unwrap(), bytes(n));
    }
    let tickets = stage
        .server
        .seen()
        .iter()
        .filter(|request| request.header("x-ticket") == Some("ticket"))
        .count();
    assert_eq!(tickets, 230);

    // Once more: all is read, nothing is asked.
    let asked = stage.server.seen().len();
    let again = stage.fetch(230).unwrap();
    assert_eq!((again.len(), stage.server.seen().len()), (230, asked));
    assert!(again.iter().all(|verified| verified.received == 0));
}

#[test]
fn one_that_fails_does_not_stop_the_others_and_all_are_named() {
    let stage = Stage::with(5, |_, value| {
        let objects = value["objects"].as_array_mut().unwrap();
        for object in objects.iter_mut().filter(|object| object["oid"] == oid(1)) {
            object.as_object_mut().unwrap().remove("actions");
            object["error"] = json!({ "code": 404, "message": "Object does not exist" });
        }
        objects.retain(|object| object["oid"] != oid(3));
    });
    let error = stage.fetch(5).unwrap_err();
    let FetchError::Objects { failed, fetched } = &error else {
        panic!("{error}")
    };
    assert_eq!((failed.len(), *fetched, error.exit_code()), (2, 3, 3));
    let text = error.to_string();
    for part in [
        "2 of 5 files",
        "0001.wav",
        "Object does not exist (404)",
        "0003.wav",
        "says nothing of it",
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    assert!(stage.objects(5)[4].path.is_file());
    assert_eq!(stage.batches(), 2, "what failed is asked for once more");
}

#[test]
fn an_address_that_expired_is_asked_for_again() {
    let stage = Stage::with(2, |request, value| {
        if request.nth == 0 {
            value["objects"][0]["actions"]["download"]["href"] =
                json!("http://127.0.0.1:1/expired");
        }
    });
    assert_eq!(stage.fetch(2).unwrap().len(), 2);
    assert_eq!(stage.batches(), 2);
}

#[test]
fn an_object_that_is_another_one_is_put_aside() {
    let address = Arc::new(OnceLock::<String>::new());
    let own = address.clone();
    let stage = Stage::new(move |request| match request.path.as_str() {
        BATCH => answer(&batch(request, own.get().unwrap())),
        _ => Reply::new(200, [0; 100]),
    });
    address.set(stage.server.url()).unwrap();
    let error = stage.fetch(1).unwrap_err();
    assert!(
        error.to_string().contains("its SHA-256 is") && error.exit_code() == 3,
        "{error}"
    );
    assert!(
        stage
            .bench
            .folder()
            .join("AudioWAV/0000.wav.quarantine")
            .is_file()
    );
}

#[test]
fn a_busy_server_is_asked_again_when_it_says() {
    let address = Arc::new(OnceLock::<String>::new());
    let (own, store) = (address.clone(), stored(1));
    let stage = Stage::new(move |request| match (request.path.as_str(), request.nth) {
        (BATCH, 0) => Reply::new(429, "").with("Retry-After", "9"),
        (BATCH, _) => answer(&batch(request, own.get().unwrap())),
        _ => store(request),
    });
    address.set(stage.server.url()).unwrap();
    stage.fetch(1).unwrap();
    assert_eq!(stage.bench.waits(), [9_000]);
}

#[test]
fn a_server_that_is_no_lfs_server_is_an_error_and_no_panic() {
    for (reply, reason) in [
        (Reply::new(200, ""), "no batch answer"),
        (Reply::new(200, "<html>"), "no batch answer"),
        (Reply::new(200, "{\"objects\": 1}"), "no batch answer"),
        (
            Reply::new(200, "{\"objects\": [{\"oid\": \"../../etc\"}]}"),
            "no batch answer",
        ),
        (
            Reply::new(200, "{\"transfer\": \"ssh\", \"objects\": []}"),
            "it offers the transfer `ssh`",
        ),
        (Reply::new(200, "{\"objects\": []}"), "says nothing of it"),
        (Reply::new(404, ""), "is not there (404)"),
        (
            Reply::new(307, "").with("Location", "http://127.0.0.1:1/"),
            "redirects to http://127.0.0.1:1/",
        ),
    ] {
        let error = Stage::new(move |_| reply.clone())
            .fetch(1)
            .unwrap_err()
            .to_string();
        assert!(error.contains(reason), "{reason} is not in {error}");
    }
}

#[test]
fn offline_checks_and_opens_no_socket() {
    let mut stage = Stage::with(2, |_, _| ());
    stage.bench.options.offline = true;
    let error = stage.fetch(2).unwrap_err();
    assert!(
        matches!(&error, FetchError::Objects { failed, .. } if failed.len() == 2),
        "{error}"
    );
    assert_eq!((stage.server.seen().len(), error.exit_code()), (0, 3));
}
