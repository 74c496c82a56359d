//! A server that plays the Hub, and the cache that `huggingface_hub` reads too.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use amst_fetch::hub::{Fetched, Model, ModelFile, Settings, fetch, located_in};
use amst_fetch::{Content, Expected, FetchError, Options, Step, Token};

use crate::bench::{Bench, content};
use crate::server::{Reply, Request, Server, file};

const SECRET: &str = "hf_ThisMustNotBeSeen";
const REVISION: &str = "0123456789abcdef0123456789abcdef01234567";

fn weights() -> Vec<u8> {
    content(5000)
}

fn config() -> Vec<u8> {
    b"{\"hidden_size\": 8}".to_vec()
}

/// One large file with a known hash, one small file that only the Hub knows.
fn model() -> Model {
    let pinned = Expected::pinned(5000, Content::of_bytes(&weights()).sha256);
    let file = |name: &str, expected| ModelFile {
        name: name.into(),
        expected,
    };
    Model {
        name: "tiny".into(),
        about: "a model for tests".into(),
        licence: "MIT".into(),
        repo: "owner/tiny".into(),
        also: vec!["tiny".into()],
        revision: REVISION.into(),
        files: vec![
            file("config.json", Expected::default()),
            file("model.safetensors", pinned),
        ],
    }
}

/// What the Hub answers to a question about paths: git's hash for what is small, SHA-256 for what
/// is large.
fn described(weights: &[u8]) -> Reply {
    let (small, large) = (Content::of_bytes(&config()), Content::of_bytes(weights));
    let body = serde_json::json!([
        { "type": "file", "path": "config.json", "size": small.size, "oid": small.git_blob },
        { "type": "file", "path": "model.safetensors", "size": large.size, "oid": Content::of_bytes(b"pointer").git_blob,
          "lfs": { "oid": large.sha256, "sha256": large.sha256, "size": large.size, "pointerSize": 134 } },
    ]);
    Reply::new(200, body.to_string()).with("Content-Type", "application/json")
}

fn hub(request: &Request, storage: &str) -> Reply {
    let resolve = format!("/owner/tiny/resolve/{REVISION}");
    match request.path.strip_prefix(&resolve) {
        Some("/config.json") => file(request, &config(), "\"config\""),
        Some("/model.safetensors") => {
            Reply::new(302, "").with("Location", format!("{storage}/blob?Signature=sig"))
        }
        _ if request.path == format!("/api/models/owner/tiny/paths-info/{REVISION}") => {
            described(&weights())
        }
        _ => Reply::new(404, ""),
    }
}

struct Stage {
    bench: Bench,
    hub: Arc<Server>,
    storage: Arc<Server>,
    settings: Settings,
}

impl Stage {
    fn new(hub: impl Fn(&Request, &str) -> Reply + Send + Sync + 'static) -> Self {
        let storage = Arc::new(Server::new(|request| {
            let reply = file(request, &weights(), "\"weights\"");
            if request.nth == 0 {
                reply.cut(3000)
            } else {
                reply
            }
        }));
        let target = storage.url();
        let hub = Arc::new(Server::new(move |request| hub(request, &target)));
        let bench = Bench::new();
        let cache = bench.folder().join("hub");
        let token = Some(Token::new(SECRET).unwrap());
        let settings = Settings {
            endpoint: hub.url(),
            cache,
            token,
            offline: false,
        };
        Self {
            bench,
            hub,
            storage,
            settings,
        }
    }

    fn fetch(&self, steps: &mut Vec<(String, Step)>) -> Result<Fetched, FetchError> {
        fetch(
            &model(),
            &self.settings,
            &self.bench.options,
            &mut |file, step| steps.push((file.into(), step)),
        )
    }

    fn error(&self) -> FetchError {
        let error = self.fetch(&mut Vec::new()).unwrap_err();
        assert!(!format!("{error} {error:?}").contains(SECRET), "{error:?}");
        error
    }

    fn snapshot(&self, file: &str) -> PathBuf {
        self.settings
            .cache
            .join("models--owner--tiny/snapshots")
            .join(REVISION)
            .join(file)
    }
}

#[test]
fn a_model_arrives_in_the_layout_that_python_reads() {
    let stage = Stage::new(hub);
    let mut steps = Vec::new();
    let fetched = stage.fetch(&mut steps).unwrap();
    assert_eq!(fetched.received, 5000 + config().len() as u64, "{steps:?}");
    assert_eq!(
        fetched.folder.path,
        stage.snapshot("").components().collect::<PathBuf>()
    );
    assert_eq!(
        std::fs::read(stage.snapshot("model.safetensors")).unwrap(),
        weights()
    );
    let blobs = stage.settings.cache.join("models--owner--tiny/blobs");
    assert_eq!(
        std::fs::read(blobs.join(Content::of_bytes(&weights()).sha256.to_string())).unwrap(),
        weights()
    );
    assert_eq!(
        std::fs::read(blobs.join(Content::of_bytes(&config()).git_blob.to_string())).unwrap(),
        config()
    );
    assert_eq!(
        std::fs::read_dir(&blobs).unwrap().count(),
        2,
        "nothing unfinished stays"
    );
    if cfg!(unix) {
        let link = std::fs::read_link(stage.snapshot("config.json")).unwrap();
        assert_eq!(
            link,
            PathBuf::from(format!(
                "../../blobs/{}",
                Content::of_bytes(&config()).git_blob
            ))
        );
    }
    assert!(
        steps.contains(&("model.safetensors".into(), Step::Resuming { from: 3000 })),
        "{steps:?}"
    );
    assert_eq!(
        located_in(&model(), &stage.settings).unwrap(),
        fetched.folder
    );
}

#[test]
fn the_token_goes_to_the_hub_and_not_to_its_storage() {
    let stage = Stage::new(hub);
    stage.fetch(&mut Vec::new()).unwrap();
    let bearer = format!("Bearer {SECRET}");
    for request in stage.hub.seen() {
        assert_eq!(
            request.header("authorization"),
            Some(bearer.as_str()),
            "{}",
            request.path
        );
    }
    assert_eq!(stage.storage.seen().len(), 2);
    for request in stage.storage.seen() {
        assert!(!format!("{request:?}").contains(SECRET), "{request:?}");
    }
}

#[test]
fn what_is_here_is_read_again_and_nothing_is_asked() {
    let stage = Stage::new(hub);
    stage.fetch(&mut Vec::new()).unwrap();
    let asked = stage.hub.seen().len();
    let mut steps = Vec::new();
    let again = stage.fetch(&mut steps).unwrap();
    assert_eq!((again.received, stage.hub.seen().len()), (0, asked));
    assert_eq!(
        steps
            .iter()
            .filter(|(_, step)| *step == Step::Verifying)
            .count(),
        2
    );
}

#[test]
fn a_damaged_file_of_the_cache_is_put_aside_and_brought_again() {
    let stage = Stage::new(hub);
    stage.fetch(&mut Vec::new()).unwrap();
    for name in ["config.json", "model.safetensors"] {
        let mut damaged = std::fs::read(stage.snapshot(name)).unwrap();
        damaged[9] ^= 1;
        std::fs::write(stage.snapshot(name), damaged).unwrap();
    }
    let mut steps = Vec::new();
    stage.fetch(&mut steps).unwrap();
    assert_eq!(
        std::fs::read(stage.snapshot("model.safetensors")).unwrap(),
        weights()
    );
    assert_eq!(
        std::fs::read(stage.snapshot("config.json")).unwrap(),
        config()
    );
    assert_eq!(
        steps
            .iter()
            .filter(|(_, step)| matches!(step, Step::Quarantined { .. }))
            .count(),
        2
    );
}

#[test]
fn files_that_were_put_there_by_hand_are_taken_if_they_are_right() {
    let stage = Stage::new(hub);
    std::fs::create_dir_all(stage.snapshot("")).unwrap();
    std::fs::write(stage.snapshot("model.safetensors"), weights()).unwrap();
    std::fs::write(stage.snapshot("config.json"), b"{\"hidden_size\": 9}").unwrap();
    let fetched = stage.fetch(&mut Vec::new()).unwrap();
    assert_eq!(
        fetched.received,
        config().len() as u64,
        "the wrong one is replaced, the right one stays"
    );
    assert_eq!(
        std::fs::read(stage.snapshot("config.json")).unwrap(),
        config()
    );
    assert!(stage.storage.seen().is_empty());
}

#[test]
fn an_older_name_of_the_repository_counts() {
    let stage = Stage::new(hub);
    let folder = stage
        .settings
        .cache
        .join("models--tiny/snapshots")
        .join(REVISION);
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("model.safetensors"), weights()).unwrap();
    std::fs::write(folder.join("config.json"), config()).unwrap();
    let fetched = stage.fetch(&mut Vec::new()).unwrap();
    assert_eq!((fetched.folder.path, fetched.received), (folder, 0));
    assert_eq!(
        stage.hub.seen().len(),
        1,
        "asked for the hash of the file that has none here"
    );
}

#[test]
fn offline_says_exactly_what_to_put_where_and_opens_no_socket() {
    let mut stage = Stage::new(hub);
    stage.settings.offline = true;
    let error = stage.error();
    assert!(
        matches!(error, FetchError::Missing(_)) && error.exit_code() == 3,
        "{error}"
    );
    let text = error.to_string();
    for part in [
        stage.snapshot("config.json").display().to_string(),
        stage.snapshot("model.safetensors").display().to_string(),
        format!(
            "5000 bytes, SHA-256 {}",
            Content::of_bytes(&weights()).sha256
        ),
        format!(
            "{}/owner/tiny/resolve/{REVISION}/model.safetensors",
            stage.settings.endpoint
        ),
        "`--set text.encoder=tiny` works".into(),
    ] {
        assert!(text.contains(&part), "{part} is not in\n{text}");
    }
    std::fs::create_dir_all(stage.snapshot("")).unwrap();
    std::fs::write(stage.snapshot("model.safetensors"), weights()).unwrap();
    std::fs::write(stage.snapshot("config.json"), config()).unwrap();
    let fetched = stage.fetch(&mut Vec::new()).unwrap();
    assert_eq!(
        fetched.unchecked,
        [stage.snapshot("config.json")],
        "nothing here tells its hash"
    );
    assert!(stage.hub.seen().is_empty());
}

#[test]
fn a_file_of_another_length_is_named_where_the_instruction_is_given() {
    let mut stage = Stage::new(hub);
    stage.settings.offline = true;
    std::fs::create_dir_all(stage.snapshot("")).unwrap();
    std::fs::write(stage.snapshot("model.safetensors"), b"short").unwrap();
    let error = located_in(&model(), &stage.settings)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("what is there now is another file: 5 bytes"),
        "{error}"
    );
}

#[test]
fn a_hub_that_describes_another_file_than_the_known_one_is_not_believed() {
    let stage = Stage::new(
        |request, storage| match request.path.contains("paths-info") {
            true => described(&content(5001)[1..]),
            false => hub(request, storage),
        },
    );
    let error = stage.error();
    assert!(
        matches!(&error, FetchError::HubDiffers { file, .. } if file == "model.safetensors"),
        "{error}"
    );
    assert_eq!(error.exit_code(), 3);
    assert!(stage.storage.seen().is_empty(), "nothing is downloaded");
}

#[test]
fn the_hubs_refusals_say_what_to_do() {
    for (status, remedy) in [
        (401, "set HF_TOKEN"),
        (403, "accept the conditions"),
        (404, "check the name"),
    ] {
        // Once at the description, once at the file.
        for at in ["paths-info", "resolve"] {
            let stage = Stage::new(move |request, storage| match request.path.contains(at) {
                true => Reply::new(status, format!("{{\"error\": \"{SECRET}\"}}"))
                    .with("X-Error-Message", SECRET),
                false => hub(request, storage),
            });
            let error = stage.error().to_string();
            assert!(error.contains(remedy), "{at}: {error}");
        }
    }
}

#[test]
fn a_busy_hub_is_asked_again_when_it_says() {
    let stage = Stage::new(|request, storage| match request.nth {
        0 => Reply::new(429, "").with("Retry-After", "11"),
        1 => Reply::new(503, ""),
        _ => hub(request, storage),
    });
    stage.fetch(&mut Vec::new()).unwrap();
    assert_eq!(stage.bench.waits()[..2], [11_000, 1_000]);
}

#[test]
fn a_hub_that_does_not_answer_is_not_waited_for_for_ever() {
    let mut stage = Stage::new(|_, _| Reply::new(200, vec![b' '; 100]).stall(1));
    stage.bench.options.connect_timeout = Duration::from_millis(50);
    stage.bench.options.stall_timeout = Duration::from_millis(150);
    let quick = Options {
        retry: amst_fetch::Retry {
            attempts: 2,
            ..Default::default()
        },
        ..stage.bench.options.clone()
    };
    let error = fetch(&model(), &stage.settings, &quick, &mut |_, _| ()).unwrap_err();
    assert!(
        matches!(error, FetchError::Unreachable { attempts: 2, .. }),
        "{error}"
    );
    assert!(error.to_string().contains("no answer for 0.2 s"), "{error}");
}

#[test]
fn a_hub_that_is_not_there_is_named_once_with_the_cause() {
    let mut stage = Stage::new(hub);
    stage.settings.endpoint = Server::new(|_| Reply::new(200, "")).url();
    let text = stage.error().to_string();
    assert!(
        text.contains("refused") || text.contains("reset") || text.contains("closed"),
        "{text}"
    );
    assert_eq!(text.matches(&stage.settings.endpoint).count(), 1, "{text}");
}

#[test]
fn nonsense_from_the_hub_is_an_error_and_no_panic() {
    for body in [
        "",
        "null",
        "[]",
        "[{\"type\":\"file\"}]",
        "<html>",
        "[{\"type\":\"directory\",\"oid\":\"x\",\"path\":\"config.json\"}]",
    ] {
        let stage =
            Stage::new(move |_, _| Reply::new(200, body).with("Content-Type", "application/json"));
        let error = stage.error();
        assert!(
            matches!(
                error,
                FetchError::Metadata { .. } | FetchError::NotFound { .. }
            ),
            "{body}: {error}"
        );
    }
    let no_hash = r#"[{"type":"file","path":"config.json","size":18,"oid":"x"},
        {"type":"file","path":"model.safetensors","size":5000,"oid":"y","lfs":{"size":5000}}]"#;
    let stage =
        Stage::new(move |_, _| Reply::new(200, no_hash).with("Content-Type", "application/json"));
    assert!(
        stage
            .error()
            .to_string()
            .contains("gives no hash for config.json")
    );
}
