//! The program `amst-fetch`, as `cargo xtask fetch` starts it.

use std::path::Path;
use std::process::{Command, Output};
use std::sync::{Arc, OnceLock};

use amst_fetch::hub::{ModelFile, model};
use amst_fetch::{Content, Message, Step};

use crate::server::{Reply, Server};

const SECRET: &str = "hf_ThisMustNotBeSeen";

fn run(
    server: &Server,
    home: &Path,
    name: &str,
    settings: &[(&str, &str)],
) -> (Output, Vec<Message>) {
    let mut command = program();
    command
        .args(["model", name])
        .env("HF_HOME", home)
        .env("HF_ENDPOINT", server.url())
        .envs(settings.iter().copied());
    said(&mut command)
}

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_amst-fetch"));
    for name in [
        "AMST_OFFLINE",
        "HF_HUB_OFFLINE",
        "HF_HUB_CACHE",
        "HF_HUB_DISABLE_IMPLICIT_TOKEN",
        "HF_TOKEN",
    ] {
        command.env_remove(name);
    }
    command
}

fn said(command: &mut Command) -> (Output, Vec<Message>) {
    let output = command.output().unwrap();
    for text in [&output.stdout, &output.stderr] {
        assert!(
            !String::from_utf8_lossy(text).contains(SECRET),
            "{}",
            String::from_utf8_lossy(text)
        );
    }
    let lines = String::from_utf8(output.stdout.clone()).unwrap();
    let messages = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    (output, messages)
}

/// A Hub whose files of a model that is known without hashes hold their own names.
fn hub() -> Server {
    Server::new(|request| {
        let files = &model("distilroberta-base").unwrap().files;
        if request.path.contains("paths-info") {
            let describe = |file: &ModelFile| {
                let content = Content::of_bytes(file.name.as_bytes());
                serde_json::json!({ "type": "file", "path": file.name, "size": content.size, "oid": content.git_blob })
            };
            let body: Vec<_> = files.iter().map(describe).collect();
            return Reply::new(200, serde_json::to_string(&body).unwrap())
                .with("Content-Type", "application/json");
        }
        let name = request.path.rsplit('/').next().unwrap();
        Reply::new(200, name).with("ETag", "\"x\"")
    })
}

#[test]
fn it_says_what_it_does_and_where_the_files_are() {
    let (server, home) = (hub(), tempfile::tempdir().unwrap());
    std::fs::write(home.path().join("token"), SECRET).unwrap();
    let (output, messages) = run(&server, home.path(), "distilroberta-base", &[]);
    assert!(output.status.success(), "{messages:?}");
    let Some(Message::Done {
        folder,
        files,
        received,
        unchecked,
    }) = messages.last()
    else {
        panic!("{messages:?}");
    };
    let known = model("distilroberta-base").unwrap();
    let place = format!(
        "hub/models--distilbert--distilroberta-base/snapshots/{}",
        known.revision
    );
    assert_eq!(*folder, home.path().join(place));
    assert_eq!((files.len(), unchecked.len()), (known.files.len(), 0));
    assert_eq!(
        *received,
        known
            .files
            .iter()
            .map(|file| file.name.len() as u64)
            .sum::<u64>()
    );
    for file in files {
        assert_eq!(
            std::fs::read_to_string(file).unwrap(),
            file.file_name().unwrap().to_str().unwrap()
        );
    }
    let bearer = format!("Bearer {SECRET}");
    assert!(
        server
            .seen()
            .iter()
            .all(|request| request.header("authorization") == Some(&bearer))
    );
}

#[test]
fn it_fails_with_a_reason_and_the_code_of_its_kind() {
    let home = tempfile::tempdir().unwrap();
    let refusing = Server::new(|_| Reply::new(401, SECRET).with("X-Error-Message", SECRET));
    for (name, settings, code, reason) in [
        (
            "roberta-base",
            &[("HF_TOKEN", SECRET)][..],
            1,
            "does not take the token",
        ),
        (
            "roberta-base",
            &[("HF_TOKEN", "hf_This Must")],
            2,
            "check HF_TOKEN",
        ),
        (
            "roberta-base",
            &[("HF_HUB_OFFLINE", "1")],
            3,
            "model.safetensors",
        ),
        ("bert", &[], 2, "known are roberta-base"),
    ] {
        let (output, messages) = run(&refusing, home.path(), name, settings);
        let [Message::Failed { message, exit_code }] = messages.as_slice() else {
            panic!("{messages:?}");
        };
        assert!(message.contains(reason), "{message}");
        assert_eq!(
            (output.status.code(), *exit_code),
            (Some(code), u8::try_from(code).unwrap())
        );
    }
    assert_eq!(refusing.seen().len(), 1);
}

#[test]
fn a_data_set_comes_with_its_lists_and_its_objects() {
    let address = Arc::new(OnceLock::<String>::new());
    let own = address.clone();
    let server = Server::new(move |request| match request.path.as_str() {
        "/list.txt" => Reply::new(200, "a.flv Sad\n"),
        "/name.git/info/lfs/objects/batch" => {
            let question: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
            let oid = &question["objects"][0]["oid"];
            let href = format!("{}/object", own.get().unwrap());
            let object =
                serde_json::json!({ "oid": oid, "actions": { "download": { "href": href } } });
            Reply::new(200, serde_json::json!({ "objects": [object] }).to_string())
        }
        "/object" => Reply::new(200, "RIFF sound"),
        _ => Reply::new(404, ""),
    });
    address.set(server.url()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (list, sound) = (
        Content::of_bytes(b"a.flv Sad\n"),
        Content::of_bytes(b"RIFF sound"),
    );
    let recipe = format!(
        "name = 'x'\ntitle = 'X'\nlicence = 'MIT'\naccess = 'open'\nhome = 'h'\n\
         [repository]\nurl = '{0}/name.git'\ncommit = '{1}'\nobjects = ['w/*.wav']\n\
         [[file]]\npath = 'splits/list.txt'\nurl = '{0}/list.txt'\nsha256 = '{2}'\n",
        server.url(),
        list.git_blob,
        list.sha256,
    );
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("recipe.toml"), recipe).unwrap();
    std::fs::create_dir_all(path("pointers/w")).unwrap();
    let pointer = format!(
        "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize 10\n",
        sound.sha256
    );
    std::fs::write(path("pointers/w/a.wav"), pointer).unwrap();
    let mut command = program();
    command
        .arg("dataset")
        .args([path("recipe.toml"), path("raw"), path("pointers")]);
    let (output, messages) = said(&mut command);
    assert!(output.status.success(), "{messages:?}");
    assert_eq!(
        std::fs::read_to_string(path("raw/w/a.wav")).unwrap(),
        "RIFF sound"
    );
    assert_eq!(
        std::fs::read_to_string(path("raw/splits/list.txt")).unwrap(),
        "a.flv Sad\n"
    );
    let received = Message::Step {
        file: "w/a.wav".into(),
        step: Step::Received {
            done: 10,
            total: Some(10),
        },
    };
    assert!(messages.contains(&received), "{messages:?}");
    assert!(
        matches!(messages.last(), Some(Message::Done { received: 20, .. })),
        "{messages:?}"
    );

    std::fs::write(path("pointers/w/b.wav"), "RIFF, no pointer").unwrap();
    let (output, messages) = said(&mut command);
    assert_eq!(output.status.code(), Some(3));
    assert!(
        matches!(&messages[..], [.., Message::Failed { message, .. }] if message.contains("b.wav")),
        "{messages:?}"
    );
}
