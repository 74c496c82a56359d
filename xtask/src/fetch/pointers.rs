//! The pointers of a Git LFS repository, checked out by git, which checks every byte against the
//! commit's hash.

use std::path::Path;
use std::process::{Command, Stdio};

use amst_fetch::datasets::Repository;
use anyhow::Context;

use crate::exit::Coded;

/// Checks out the wanted folders of the pinned commit, without the objects, unless that was done
/// before.
pub fn check_out(repository: &Repository, into: &Path) -> anyhow::Result<()> {
    let done = into.join(".git/amst-done");
    if std::fs::read_to_string(&done).is_ok_and(|commit| commit == repository.commit) {
        return Ok(());
    }
    std::fs::create_dir_all(into).with_context(|| format!("cannot make {}", into.display()))?;
    eprintln!("asking git for the pointers of {}", repository.url);
    git(into, &["init", "--quiet"], repository)?;
    git(
        into,
        &[
            "fetch",
            "--depth=1",
            "--no-tags",
            "--",
            &repository.url,
            &repository.commit,
        ],
        repository,
    )?;
    let mut checkout = vec!["checkout", "--quiet", "--force", &repository.commit, "--"];
    checkout.extend(folders(&repository.objects));
    git(into, &checkout, repository)?;
    std::fs::write(&done, &repository.commit)
        .with_context(|| format!("cannot write {}", done.display()))
}

/// The fixed part of each pattern, before its first star.
fn folders(patterns: &[String]) -> Vec<&str> {
    let fixed = patterns
        .iter()
        .filter_map(|pattern| pattern.split('*').next());
    fixed.map(|part| part.trim_end_matches('/')).collect()
}

fn git(folder: &Path, arguments: &[&str], repository: &Repository) -> anyhow::Result<()> {
    let mut command = Command::new("git");
    command.arg("-C").arg(folder);
    // Whatever git-lfs has put into the user's settings: pointers are wanted, not objects.
    for setting in [
        "filter.lfs.smudge=",
        "filter.lfs.process=",
        "filter.lfs.required=false",
    ] {
        command.args(["-c", setting]);
    }
    command
        .args(arguments)
        .env("GIT_LFS_SKIP_SMUDGE", "1")
        .env("GIT_TERMINAL_PROMPT", "0");
    for inherited in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"] {
        command.env_remove(inherited);
    }
    let output = command.stdin(Stdio::null()).stdout(Stdio::null()).output();
    let why = match output {
        Err(error) => format!("git does not start ({error})"),
        Ok(output) if output.status.success() => return Ok(()),
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr);
            let last = said.lines().rfind(|line| !line.trim().is_empty());
            format!(
                "git {} failed: {}",
                arguments[0],
                last.unwrap_or("it says nothing")
            )
        }
    };
    let (url, commit) = (&repository.url, &repository.commit);
    let text = format!(
        "{why}; clone {url} with Git LFS by hand (commit {commit}), and give its folder with --raw"
    );
    Err(Coded { code: 1, text }.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folders_are_what_stands_before_the_stars() {
        let patterns = [
            "AudioWAV/*.wav".to_string(),
            "a/b/*".into(),
            "one.txt".into(),
        ];
        assert_eq!(folders(&patterns), ["AudioWAV", "a/b", "one.txt"]);
    }
}
