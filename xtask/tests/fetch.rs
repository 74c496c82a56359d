//! `cargo xtask fetch`, with a stand-in for `amst-fetch` that says what a test wants.
#![cfg(unix)]

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use amst_fetch::hub::model;
use assert_cmd::Command;
use assert_cmd::assert::Assert;

struct Bench(tempfile::TempDir);

impl Bench {
    /// The stand-in prints `lines`, does `then`, and exits.
    fn new(lines: &[&str], then: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let said: String = lines
            .iter()
            .map(|line| format!("echo '{line}'\n"))
            .collect();
        let program = folder.path().join("amst-fetch");
        std::fs::write(
            &program,
            format!(
                "#!/bin/sh\necho \"$@\" >> {0}/calls\n{said}{then}\n",
                folder.path().display()
            ),
        )
        .unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        Self(folder)
    }

    fn fetch(&self, arguments: &[&str], settings: &[(&str, &str)]) -> Assert {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        for name in [
            "AMST_OFFLINE",
            "HF_HUB_OFFLINE",
            "HF_HUB_CACHE",
            "HF_ENDPOINT",
            "HF_TOKEN",
        ] {
            command.env_remove(name);
        }
        command
            .arg("fetch")
            .args(arguments)
            .arg("--downloader")
            .arg(self.0.path().join("amst-fetch"));
        command
            .env("HF_HOME", self.0.path())
            .envs(settings.iter().copied())
            .assert()
    }

    fn calls(&self) -> String {
        std::fs::read_to_string(self.0.path().join("calls")).unwrap_or_default()
    }

    fn snapshot(&self, name: &str) -> PathBuf {
        let model = model(name).unwrap();
        let repo = format!("models--{}", model.repo.replace('/', "--"));
        self.0
            .path()
            .join("hub")
            .join(repo)
            .join("snapshots")
            .join(&model.revision)
    }

    /// Puts files of a model there that no hash is known of.
    fn put(&self, name: &str) {
        let folder = self.snapshot(name);
        std::fs::create_dir_all(&folder).unwrap();
        for file in &model(name).unwrap().files {
            std::fs::write(folder.join(&file.name), "content").unwrap();
        }
    }
}

fn stdout(assert: &Assert) -> String {
    String::from_utf8(assert.get_output().stdout.clone()).unwrap()
}

fn stderr(assert: &Assert) -> String {
    String::from_utf8(assert.get_output().stderr.clone()).unwrap()
}

#[test]
fn the_list_says_what_is_here_and_what_is_missing() {
    let bench = Bench::new(&[], "exit 9");
    bench.put("distilroberta-base");
    std::fs::remove_file(bench.snapshot("distilroberta-base").join("vocab.json")).unwrap();
    let text = stdout(&bench.fetch(&["--list"], &[]).success());
    assert!(
        text.contains("roberta-base: RoBERTa, 12 layers")
            && text.contains("MIT, 478.30 MiB, open: "),
        "{text}"
    );
    assert!(
        text.contains("missing: config.json, merges.txt, model.safetensors"),
        "{text}"
    );
    assert!(text.contains("missing: vocab.json\n"), "{text}");
    bench.put("distilroberta-base");
    let list: serde_json::Value =
        serde_json::from_str(&stdout(&bench.fetch(&["--list", "--json"], &[]).success())).unwrap();
    let present: Vec<_> = list["models"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| (&m["name"], &m["present"]))
        .collect();
    assert_eq!(
        present,
        [
            (&"roberta-base".into(), &false.into()),
            (&"distilroberta-base".into(), &true.into())
        ]
    );
    assert_eq!(bench.calls(), "");
}

#[test]
fn offline_says_which_files_to_put_where_and_starts_nothing() {
    for switch in ["AMST_OFFLINE", "HF_HUB_OFFLINE"] {
        let bench = Bench::new(&[], "exit 9");
        let assert = bench.fetch(&["roberta-base"], &[(switch, "1")]).code(3);
        let text = stderr(&assert);
        for file in &model("roberta-base").unwrap().files {
            let path = bench.snapshot("roberta-base").join(&file.name);
            let (size, sha256) = (file.expected.size.unwrap(), file.expected.sha256.unwrap());
            let lines = format!("  {}\n    {size} bytes, SHA-256 {sha256}\n", path.display());
            assert!(text.contains(&lines), "{lines} is not in\n{text}");
        }
        assert!(
            text.contains("`--set text.encoder=roberta-base` works"),
            "{text}"
        );
        assert_eq!(bench.calls(), "");
    }
}

#[test]
fn offline_checks_what_is_here() {
    let bench = Bench::new(&[], "exit 9");
    bench.put("distilroberta-base");
    let text = stdout(
        &bench
            .fetch(&["distilroberta-base"], &[("AMST_OFFLINE", "1")])
            .success(),
    );
    assert!(
        text.contains("could not be checked") && text.contains("text.encoder=distilroberta-base"),
        "{text}"
    );

    // A link whose name says another hash than the content has.
    let config = bench.snapshot("distilroberta-base").join("config.json");
    let blob = bench
        .0
        .path()
        .join("0123456789abcdef0123456789abcdef01234567");
    std::fs::write(&blob, "content").unwrap();
    std::fs::remove_file(&config).unwrap();
    std::os::unix::fs::symlink(&blob, &config).unwrap();
    let assert = bench
        .fetch(&["distilroberta-base"], &[("AMST_OFFLINE", "1")])
        .code(3);
    assert!(
        stderr(&assert).contains("config.json: its git blob hash is"),
        "{}",
        stderr(&assert)
    );
    assert!(config.exists(), "without a network nothing is taken away");
}

#[test]
fn what_the_program_brings_is_said() {
    let lines = [
        r#"{"kind":"step","file":"vocab.json","step":"retrying","wait_ms":1500,"why":"the server answers 503"}"#,
        r#"{"kind":"step","file":"vocab.json","step":"received","done":7,"total":7}"#,
        "words of a library",
        r#"{"kind":"done","folder":"f","files":[],"received":7,"unchecked":[]}"#,
    ];
    let stash = tempfile::tempdir().unwrap();
    let bench = Bench::new(
        &lines,
        &format!(
            "mv {}/vocab.json \"$HF_HOME\"/hub/*/snapshots/*/",
            stash.path().display()
        ),
    );
    bench.put("distilroberta-base");
    let vocabulary = bench.snapshot("distilroberta-base").join("vocab.json");
    std::fs::rename(&vocabulary, stash.path().join("vocab.json")).unwrap();
    let assert = bench.fetch(&["distilroberta-base"], &[]).success();
    let text = stdout(&assert);
    assert!(
        text.starts_with("distilroberta-base is here; 7 B came"),
        "{text}"
    );
    assert!(text.contains(&vocabulary.display().to_string()), "{text}");
    assert!(
        stderr(&assert).contains("vocab.json: the server answers 503; trying again in 1.5 s"),
        "{}",
        stderr(&assert)
    );
    assert_eq!(bench.calls(), "model distilroberta-base\n");
}

#[test]
fn what_the_program_fails_with_is_said_with_the_instruction_and_its_exit_code() {
    let failed =
        r#"{"kind":"failed","message":"the host is gone; check the connection","exit_code":1}"#;
    let bench = Bench::new(&[failed], "exit 1");
    let text = stderr(&bench.fetch(&["roberta-base"], &[]).code(1));
    assert!(
        text.contains("the host is gone; check the connection\n\n`roberta-base` is not here."),
        "{text}"
    );
    let assert = bench.fetch(&["roberta-base", "--json"], &[]).code(1);
    let outcome: serde_json::Value = serde_json::from_str(&stdout(&assert)).unwrap();
    assert_eq!(
        (&outcome["present"], &outcome["error"]),
        (
            &false.into(),
            &"the host is gone; check the connection".into()
        )
    );
    assert_eq!(outcome["missing"]["files"].as_array().unwrap().len(), 6);
    assert_eq!(outcome["missing"]["files"][2]["size"], 498_818_054);
}

#[test]
fn a_program_that_dies_is_an_error() {
    let bench = Bench::new(&["{\"kind\":\"step\"}"], "kill -9 $$");
    let text = stderr(&bench.fetch(&["roberta-base"], &[]).code(1));
    assert!(
        text.contains("stopped half-way") && text.contains("run the command again"),
        "{text}"
    );
}

#[test]
fn an_unknown_name_is_a_mistake_on_the_command_line() {
    let bench = Bench::new(&[], "exit 9");
    let text = stderr(&bench.fetch(&["bert"], &[]).code(2));
    assert!(
        text.contains(
            "nothing is called `bert`; known are roberta-base, distilroberta-base, crema-d, ave"
        ),
        "{text}"
    );
    bench.fetch(&[], &[]).code(2);
    assert!(!Path::new("calls").exists());
}
