//! `cargo xtask fetch` of data sets: a repository on this disk, and a stand-in for `amst-fetch`.
#![cfg(unix)]

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use assert_cmd::assert::Assert;

const HEAD: &str = "name = 'birds'\ntitle = 'Birds'\nlicence = 'MIT'\naccess = 'open'\nhome = 'h'\n\
                    steps = ['ask a friend', 'put it in {raw}']\nunpack = ['birds*.zip']\n";

/// A recipe with one sound, and a stand-in for the program that downloads.
struct Bench(tempfile::TempDir);

impl Bench {
    fn new(recipe: &str, program: &str) -> Self {
        let bench = Self(tempfile::tempdir().unwrap());
        let text = format!("{HEAD}{recipe}[[need]]\npath = 'w/*.wav'\ncount = 2\n");
        std::fs::write(bench.path("birds.toml"), text).unwrap();
        let script = format!(
            "#!/bin/sh\necho \"$@\" >> {}/calls\n{program}\n",
            bench.0.path().display()
        );
        std::fs::write(bench.path("amst-fetch"), script).unwrap();
        std::fs::set_permissions(
            bench.path("amst-fetch"),
            std::fs::Permissions::from_mode(0o755),
        )
        .unwrap();
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn put(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn fetch(&self, arguments: &[&str], settings: &[(&str, &str)]) -> Assert {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command
            .env_remove("AMST_OFFLINE")
            .env_remove("HF_HUB_OFFLINE")
            .envs(settings.iter().copied());
        command
            .arg("fetch")
            .arg(self.path("birds.toml"))
            .arg("--raw")
            .arg(self.path("raw"));
        command
            .arg("--downloader")
            .arg(self.path("amst-fetch"))
            .args(arguments)
            .assert()
    }
}

fn stdout(assert: &Assert) -> String {
    String::from_utf8(assert.get_output().stdout.clone()).unwrap()
}

fn stderr(assert: &Assert) -> String {
    String::from_utf8(assert.get_output().stderr.clone()).unwrap()
}

fn git(folder: &Path, arguments: &[&str]) -> String {
    let mut command = std::process::Command::new("git");
    command
        .arg("-C")
        .arg(folder)
        .args(["-c", "user.name=a", "-c", "user.email=b"])
        .args(arguments);
    for inherited in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"] {
        command.env_remove(inherited);
    }
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap().trim().into()
}

#[test]
fn pointers_are_checked_out_at_the_pinned_commit_and_given_to_the_program() {
    let home = tempfile::tempdir().unwrap();
    git(home.path(), &["init", "--quiet"]);
    git(
        home.path(),
        &["config", "uploadpack.allowAnySHA1InWant", "true"],
    );
    std::fs::create_dir_all(home.path().join("w")).unwrap();
    std::fs::create_dir_all(home.path().join("other")).unwrap();
    std::fs::write(
        home.path().join(".gitattributes"),
        "*.wav filter=lfs -text\n",
    )
    .unwrap();
    std::fs::write(home.path().join("w/a.wav"), "pointer").unwrap();
    std::fs::write(home.path().join("other/b"), "not wanted").unwrap();
    git(home.path(), &["add", "."]);
    git(home.path(), &["commit", "--quiet", "-m", "first"]);
    let commit = git(home.path(), &["rev-parse", "HEAD"]);
    std::fs::write(home.path().join("w/a.wav"), "later").unwrap();
    git(home.path(), &["commit", "--quiet", "-am", "second"]);

    let recipe = format!(
        "[repository]\nurl = 'file://{}'\ncommit = '{commit}'\nobjects = ['w/*.wav']\n",
        home.path().display()
    );
    let program = "mkdir -p $3/w && cp $4/w/a.wav $3/w/a.wav && cp $4/w/a.wav $3/w/b.wav\n\
                   echo '{\"kind\":\"done\",\"folder\":\"\",\"files\":[],\"received\":14,\"unchecked\":[]}'";
    let bench = Bench::new(&recipe, program);
    let text = stdout(&bench.fetch(&[], &[]).success());
    assert!(
        text.contains("14 B came") && text.contains("ok       2 of 2  w/*.wav"),
        "{text}"
    );
    assert_eq!(
        std::fs::read_to_string(bench.path("raw/w/a.wav")).unwrap(),
        "pointer"
    );
    assert!(
        !bench.path("raw/.pointers/other").exists(),
        "only what is wanted is checked out"
    );

    // Complete: nothing is asked any more, not even with the repository gone.
    drop(home);
    bench.fetch(&[], &[]).success();
    assert_eq!(
        std::fs::read_to_string(bench.path("calls"))
            .unwrap()
            .lines()
            .count(),
        1
    );
    // A file is lost: the pointers are still here.
    std::fs::remove_file(bench.path("raw/w/b.wav")).unwrap();
    bench.fetch(&[], &[]).success();
}

#[test]
fn a_commit_that_is_not_there_says_what_to_do_by_hand() {
    let home = tempfile::tempdir().unwrap();
    git(home.path(), &["init", "--quiet"]);
    let commit = "0123456789abcdef0123456789abcdef01234567";
    let url = home.path().display();
    let recipe =
        format!("[repository]\nurl = 'file://{url}'\ncommit = '{commit}'\nobjects = ['w/*.wav']\n");
    let text = stderr(&Bench::new(&recipe, "exit 9").fetch(&[], &[]).code(1));
    assert!(
        text.contains("git fetch failed: ")
            && text.contains("clone file://")
            && text.contains(commit),
        "{text}"
    );
    assert!(text.contains("1. ask a friend"), "{text}");
}

#[test]
fn what_is_missing_is_listed_with_the_steps() {
    let bench = Bench::new(
        "",
        "echo '{\"kind\":\"failed\",\"message\":\"no line\",\"exit_code\":1}'; exit 1",
    );
    bench.put("raw/w/a.wav", "RIFF");
    bench.put("raw/w/b.wav", "");
    let assert = bench.fetch(&[], &[("AMST_OFFLINE", "1")]).code(3);
    assert!(
        stdout(&assert).contains("MISSING  2 of 2  w/*.wav\n"),
        "{}",
        stdout(&assert)
    );
    assert!(
        stdout(&assert).contains("b.wav: it is empty"),
        "{}",
        stdout(&assert)
    );
    let steps = format!(
        "Birds is not complete in {0} (open):\n  1. ask a friend\n  2. put it in {0}",
        bench.path("raw").display()
    );
    assert!(stderr(&assert).contains(&steps), "{}", stderr(&assert));
    assert!(!bench.path("calls").exists());

    let assert = bench.fetch(&["--json"], &[]).code(1);
    let outcome: serde_json::Value = serde_json::from_str(&stdout(&assert)).unwrap();
    assert_eq!(
        (&outcome["complete"], &outcome["error"]),
        (&false.into(), &"no line".into())
    );
    assert_eq!(outcome["items"][0]["wrong"][0][1], "it is empty");
    assert_eq!(outcome["steps"].as_array().unwrap().len(), 2);
}

#[test]
fn an_archive_that_lies_there_is_unpacked_and_one_that_would_do_harm_is_not() {
    let bench = Bench::new("", "exit 9");
    std::fs::create_dir(bench.path("raw")).unwrap();
    // Two stored files, written by hand: the format is simple enough, and xtask need not link a
    // writer.
    std::fs::write(
        bench.path("raw/birds-v1.zip"),
        zip(&["birds/w/a.wav", "birds/w/../../../evil.wav"]),
    )
    .unwrap();
    let text = stderr(&bench.fetch(&[], &[("AMST_OFFLINE", "1")]).code(3));
    assert!(text.contains("leads out of the folder"), "{text}");
    assert!(!bench.path("evil.wav").exists());
    std::fs::write(
        bench.path("raw/birds-v1.zip"),
        zip(&["birds/w/a.wav", "birds/w/b.wav"]),
    )
    .unwrap();
    let assert = bench.fetch(&[], &[("AMST_OFFLINE", "1")]).success();
    assert!(
        stdout(&assert).contains("raw/birds\n") && stderr(&assert).contains("the archive can go"),
        "{assert}"
    );
    bench.fetch(&[], &[("AMST_OFFLINE", "1")]).success();
}

/// A zip archive whose files hold one letter each.
fn zip(names: &[&str]) -> Vec<u8> {
    // CRC-32 of "x".
    const CHECK: u32 = 0x8CDC_1683;
    let (mut local, mut central) = (Vec::new(), Vec::new());
    let common = |name: &str| {
        let mut common = vec![20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0];
        common.extend(CHECK.to_le_bytes());
        common.extend([1_u32, 1].map(u32::to_le_bytes).concat());
        common.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
        common.extend([0, 0]);
        common
    };
    for name in names {
        let offset = u32::try_from(local.len()).unwrap();
        local.extend(b"PK\x03\x04");
        local.extend(common(name));
        local.extend(name.as_bytes());
        local.extend(b"x");
        central.extend(b"PK\x01\x02\x14\0");
        central.extend(common(name));
        central.extend([0; 10]);
        central.extend(offset.to_le_bytes());
        central.extend(name.as_bytes());
    }
    let count = u16::try_from(names.len()).unwrap().to_le_bytes();
    let mut end = b"PK\x05\x06\0\0\0\0".to_vec();
    end.extend([count, count].concat());
    end.extend(u32::try_from(central.len()).unwrap().to_le_bytes());
    end.extend(u32::try_from(local.len()).unwrap().to_le_bytes());
    end.extend([0, 0]);
    [local, central, end].concat()
}

#[test]
fn the_papers_data_sets_say_what_to_do() {
    let raw = tempfile::tempdir().unwrap();
    for (name, step) in [
        (
            "crema-d",
            "clone https://github.com/CheyneyComputerScience/CREMA-D with Git LFS",
        ),
        (
            "ave",
            "download AVE_Dataset.zip: https://drive.google.com/open?id=1FjKwe79e0u96vdjIVwfRQ1V6SoDHe7kK",
        ),
        ("mvsa-single", "download MVSA-Single"),
        (
            "iemocap",
            "sign the licence form at https://sail.usc.edu/iemocap/",
        ),
        ("ur-funny", "download urfunny2_videos.zip"),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command
            .args(["fetch", name, "--raw"])
            .arg(raw.path())
            .env("AMST_OFFLINE", "1");
        let assert = command.assert().code(3);
        assert!(stderr(&assert).contains(step), "{}", stderr(&assert));
        assert!(
            stdout(&assert).contains("MISSING  0 of 1  splits/"),
            "{}",
            stdout(&assert)
        );
    }
}
