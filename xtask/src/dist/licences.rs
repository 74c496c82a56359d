//! Licences of the crates that the program links, which a program that is handed out must bring.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, bail};
use serde::Deserialize;

use super::payload::read;
use crate::workspace::cargo;

/// Beginnings of the names of files that a crate's licence is in.
const NAMES: [&str; 5] = ["LICENSE", "LICENCE", "COPYING", "NOTICE", "UNLICENSE"];

/// What `cargo metadata` prints, as far as it is read.
#[derive(Deserialize)]
struct Metadata {
    packages: Vec<CratePackage>,
    resolve: Resolve,
}

#[derive(Deserialize)]
struct CratePackage {
    id: String,
    name: String,
    version: String,
    license: Option<String>,
    manifest_path: String,
    /// Of a crate from a registry.
    source: Option<String>,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    pkg: String,
    dep_kinds: Vec<DependencyKind>,
}

#[derive(Deserialize)]
struct DependencyKind {
    /// `dev`, `build`, or nothing for what is linked.
    kind: Option<String>,
}

/// One text: which crates are under which licences, then every licence text once, with the crates
/// that bring it.
///
/// # Errors
///
/// cargo does not know the crates, or their sources are not on this machine.
pub fn texts() -> anyhow::Result<String> {
    let output = cargo()
        .args(["metadata", "--format-version=1", "--locked"])
        .args(["--filter-platform", "x86_64-unknown-linux-gnu"])
        .output()
        .context("cannot start cargo, which knows what the program links")?;
    if !output.status.success() {
        bail!(
            "cargo does not say what the program links: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    let metadata: Metadata =
        serde_json::from_slice(&output.stdout).context("cargo metadata is not understood")?;
    let linked = linked(&metadata, "amst-cli");
    written(
        metadata
            .packages
            .iter()
            .filter(|p| linked.contains(p.id.as_str())),
    )
}

/// Ids of the packages that a package links, directly or not.
fn linked<'a>(metadata: &'a Metadata, package: &str) -> BTreeSet<&'a str> {
    let nodes: BTreeMap<&str, &Node> = metadata
        .resolve
        .nodes
        .iter()
        .map(|node| (node.id.as_str(), node))
        .collect();
    let mut open: Vec<&str> = metadata
        .packages
        .iter()
        .filter(|p| p.name == package)
        .map(|p| p.id.as_str())
        .collect();
    let mut linked = BTreeSet::new();
    while let Some(id) = open.pop() {
        if !linked.insert(id) {
            continue;
        }
        for dependency in nodes.get(id).into_iter().flat_map(|node| &node.deps) {
            if dependency.dep_kinds.iter().any(|kind| kind.kind.is_none()) {
                open.push(&dependency.pkg);
            }
        }
    }
    linked
}

fn written<'a>(packages: impl Iterator<Item = &'a CratePackage>) -> anyhow::Result<String> {
    let mut list = String::new();
    let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for package in packages.filter(|package| package.source.is_some()) {
        let name = format!("{} {}", package.name, package.version);
        let licence = package.license.as_deref().unwrap_or("see its text below");
        list += &format!("{name}: {licence}\n");
        let folder = Path::new(&package.manifest_path).with_file_name("");
        for text in licence_files(&folder)? {
            texts.entry(text).or_default().push(name.clone());
        }
    }
    let mut all = format!("The program amst links these crates.\n\n{list}");
    for (text, crates) in texts {
        let rule = "-".repeat(80);
        all += &format!("\n{rule}\n{}:\n\n{}\n", crates.join(", "), text.trim());
    }
    Ok(all)
}

/// The texts of the licence files at the top of a crate's sources.
fn licence_files(folder: &Path) -> anyhow::Result<Vec<String>> {
    let entries = std::fs::read_dir(folder)
        .with_context(|| format!("cannot list {}: run `cargo fetch`", folder.display()))?;
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let is_licence = NAMES
            .iter()
            .any(|start| name.to_uppercase().starts_with(start));
        if is_licence && path.is_file() {
            paths.push(path);
        }
    }
    paths.sort();
    let texts = paths.iter().map(|path| {
        let text = String::from_utf8_lossy(&read(path)?).replace("\r\n", "\n");
        anyhow::Ok(text)
    });
    texts.collect()
}
