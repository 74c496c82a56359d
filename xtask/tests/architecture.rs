//! The invariants that docs/architecture.md states.

#[path = "architecture/density.rs"]
mod density;
#[path = "architecture/module_graph.rs"]
mod module_graph;
#[path = "architecture/source.rs"]
mod source;

use std::path::{Path, PathBuf};
use std::process::Command;

use source::{ProductFile, product_files};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .into()
}

fn read(path: impl AsRef<Path>) -> String {
    let path = path.as_ref();
    std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut names: Vec<_> = entries
        .map(|e| e.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// Every crate's folder.
fn crates() -> Vec<PathBuf> {
    let folder = root().join("crates");
    names(&folder)
        .into_iter()
        .map(|n| folder.join(n))
        .filter(|f| f.join("Cargo.toml").is_file())
        .collect()
}

fn name(krate: &Path) -> String {
    krate.file_name().unwrap().to_string_lossy().into_owned()
}

fn manifest(krate: &Path) -> toml::Table {
    read(krate.join("Cargo.toml"))
        .parse()
        .unwrap_or_else(|e| panic!("{}: {e}", krate.display()))
}

/// Every Rust file under a folder, tests and benches included.
fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for name in names(folder) {
        let path = folder.join(&name);
        if path.is_dir() && name != "target" {
            files.extend(rust_files(&path));
        } else if name.ends_with(".rs") {
            files.push(path);
        }
    }
    files
}

/// Source files of a crate that are part of the product.
fn sources(krate: &Path) -> Vec<PathBuf> {
    rust_files(&krate.join("src"))
}

/// The code of a file before its tests, without comments.
fn code(file: &Path) -> String {
    let text = read(file);
    let product = text.split("#[cfg(test)]").next().unwrap_or_default();
    product
        .lines()
        .filter(|l| !l.trim_start().starts_with("//"))
        .map(|l| format!("{l}\n"))
        .collect()
}

/// The packages that a crate links, by cargo's own account.
fn links(package: &str) -> Vec<String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let arguments = [
        "tree",
        "--package",
        package,
        "--edges",
        "normal",
        "--prefix",
        "none",
        "--format",
        "{p}",
    ];
    let output = Command::new(cargo)
        .args(arguments)
        .current_dir(root())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines()
        .filter_map(|l| l.split(' ').next())
        .map(String::from)
        .collect()
}

#[test]
fn planning_and_preprocessing_never_link_burn() {
    let packages = [
        "xtask",
        "amst-recipe",
        "amst-report",
        "amst-reproduce",
        "amst-figures",
        "amst-html-report",
        "amst-watch",
        "amst-annotations",
        "amst-fbank",
        "amst-fetch",
        "amst-files",
        "amst-frames",
        "amst-lease",
        "amst-tokens",
        "amst-data",
    ];
    for package in packages {
        let allowed = |p: &str| package == "amst-data" && p == "burn-dataset";
        let burn: Vec<_> = links(package)
            .into_iter()
            .filter(|p| p.starts_with("burn") && !allowed(p))
            .collect();
        assert!(burn.is_empty(), "{package} links {burn:?}");
    }
}

/// What every crate may use: files, hashes, hexadecimal digits.
const FILES: &str = "amst-files";

#[test]
fn the_leaves_depend_on_no_other_crate_but_files() {
    let leaves = [
        "amst-annotations",
        "amst-recipe",
        "amst-fbank",
        "amst-fetch",
        FILES,
        "amst-frames",
        "amst-kernels",
        "amst-lease",
        "amst-tokens",
    ];
    for leaf in leaves {
        let others: Vec<_> = links(leaf)
            .into_iter()
            .filter(|p| p.starts_with("amst") && p != leaf && p != FILES)
            .collect();
        assert!(others.is_empty(), "{leaf} depends on {others:?}");
    }
}

#[test]
fn the_method_knows_neither_files_nor_recipes_of_data() {
    for package in ["amst", "amst-encoders"] {
        for other in [
            "amst-data",
            "amst-fbank",
            "amst-frames",
            "amst-train",
            "amst-report",
        ] {
            assert!(
                !links(package).contains(&other.to_string()),
                "{package} depends on {other}"
            );
        }
    }
}

/// What is known of a method stands in its folder, and everything else asks there.
#[test]
fn a_method_is_named_in_its_own_folder_only() {
    let own = root().join("crates/amst/src/methods");
    for folder in crates().into_iter().chain([root().join("xtask")]) {
        for file in sources(&folder).iter().filter(|f| !f.starts_with(&own)) {
            for name in amst::methods::built_in().names() {
                let is_named = code(file).contains(&format!("\"{name}\""));
                assert!(!is_named, "{} names `{name}`", file.display());
            }
        }
    }
}

/// One loop trains: the recorded PyTorch runs hold it, so no other may appear beside it.
#[test]
fn only_the_session_steps_a_method() {
    let session = root().join("crates/amst/src/engine/session.rs");
    for folder in crates().into_iter().chain([root().join("xtask")]) {
        for file in rust_files(&folder).iter().filter(|f| **f != session) {
            if file.ends_with("tests/architecture.rs") {
                continue;
            }
            for call in ["method.step(", "Method::step("] {
                let calls = code(file).contains(call);
                assert!(!calls, "{} calls {call}", file.display());
            }
        }
    }
    assert!(
        code(&session).contains("method.step("),
        "the session itself does"
    );
}

/// The crate that knows devices; its public functions take tensors like those of the others.
const KERNELS: &str = "amst-kernels";

#[test]
fn there_is_no_backend_type_parameter() {
    for krate in crates() {
        let inside = |file: &Path| {
            name(&krate) == KERNELS && !file.ends_with("src/lib.rs") && !file.ends_with("mod.rs")
        };
        for file in rust_files(&krate).into_iter().filter(|f| !inside(f)) {
            let code = code(&file);
            assert!(
                !code.contains("B: Backend") && !code.contains(": AutodiffBackend"),
                "{}",
                file.display()
            );
        }
    }
}

/// Operations beside burn's own, and what of them is unsafe, lie in one crate whose public functions
/// take tensors.
#[test]
fn only_the_kernels_extend_backends_and_are_unsafe() {
    for krate in crates().into_iter().filter(|c| name(c) != KERNELS) {
        for file in sources(&krate) {
            let code = code(&file);
            // A store is mapped into memory, and that of long recordings has large pages.
            let allowed = match name(&krate).as_str() {
                "amst-data" => Some("unsafe { Mmap::map("),
                "amst-fbank" => Some("unsafe { madvise("),
                _ => None,
            };
            let other = allowed.map_or_else(|| code.clone(), |call| code.replace(call, ""));
            assert!(
                !other.contains("unsafe "),
                "unsafe code in {}",
                file.display()
            );
            for word in ["backend_extension", "burn::backend"] {
                assert!(!code.contains(word), "{word} in {}", file.display());
            }
        }
    }
    let manifest = manifest(&root().join("crates").join(KERNELS));
    let features = manifest["features"].as_table().unwrap();
    assert_eq!(
        features.keys().collect::<Vec<_>>(),
        ["cube", "cuda", "flex", "fusion", "tch", "wgpu"],
        "a kernel for every device that is named, no other; `cube` is what wgpu's and CUDA's share"
    );
}

#[test]
fn only_the_command_line_program_names_a_backend() {
    let backends = [
        "flex", "cuda", "tch", "wgpu", "vulkan", "metal", "rocm", "ndarray", "cpu", "simd",
    ];
    for krate in crates() {
        let manifest = manifest(&krate);
        if name(&krate) == "amst-cli" {
            let features = manifest["features"].as_table().unwrap();
            for feature in ["default", "flex", "cuda", "tch", "wgpu"] {
                assert!(
                    features.contains_key(feature),
                    "amst-cli has no feature {feature}"
                );
            }
            continue;
        }
        let own = manifest
            .get("features")
            .and_then(toml::Value::as_table)
            .filter(|_| name(&krate) != KERNELS);
        // Benches and tests of these run on LibTorch too; a program that uses them asks the
        // kernels.
        let is_tests_own =
            |key: &str| ["amst", "amst-train"].contains(&name(&krate).as_str()) && key == "tch";
        let own = own
            .into_iter()
            .flat_map(|f| f.keys())
            .filter(|k| backends.contains(&k.as_str()) && !is_tests_own(k));
        let own: Vec<_> = own.collect();
        assert!(own.is_empty(), "{} has features {own:?}", name(&krate));
        for (dependency, value) in manifest
            .get("dependencies")
            .and_then(toml::Value::as_table)
            .into_iter()
            .flatten()
        {
            let asked = value
                .get("features")
                .and_then(toml::Value::as_array)
                .into_iter()
                .flatten();
            let asked: Vec<_> = asked
                .filter_map(toml::Value::as_str)
                .filter(|f| backends.contains(f))
                .collect();
            // The tensors of cubecl's devices, which their kernels take.
            let is_kernels_own = name(&krate) == KERNELS && dependency == "burn-cubecl";
            let is_backend = dependency.starts_with("burn-")
                && !is_kernels_own
                && ![
                    "burn-dataset",
                    "burn-store",
                    "burn-tensor",
                    "burn-core",
                    "burn-nn",
                ]
                .contains(&dependency.as_str());
            assert!(!is_backend, "{} depends on {dependency}", name(&krate));
            assert!(
                !dependency.starts_with("burn") || asked.is_empty(),
                "{} asks for {asked:?}",
                name(&krate)
            );
        }
    }
}

#[test]
fn every_crate_says_what_it_is_and_shows_it() {
    for krate in crates().into_iter().chain([root().join("xtask")]) {
        let manifest = manifest(&krate);
        let package = manifest["package"].as_table().unwrap();
        assert!(
            package["description"].as_str().unwrap().len() > 20,
            "{} has no description",
            name(&krate)
        );
        assert!(
            package.contains_key("license"),
            "{} has no license",
            name(&krate)
        );
        if !krate.join("src/lib.rs").is_file() {
            assert!(
                krate.join("src/main.rs").is_file(),
                "{} is neither library nor program",
                name(&krate)
            );
            continue;
        }
        let lib = read(krate.join("src/lib.rs"));
        assert!(
            lib.contains("#![warn(missing_docs)]"),
            "{} does not warn of missing docs",
            name(&krate)
        );
        // The README is the first part of the overview, so that its example is compiled and run.
        assert!(
            lib.contains("#![doc = include_str!(\"../README.md\")]"),
            "the overview of {} does not begin with its README.md",
            name(&krate)
        );
        let readme = read(krate.join("README.md"));
        assert!(
            readme.contains("```rust"),
            "README.md of {} has no example",
            name(&krate)
        );
        let lines = lib.lines().filter_map(|l| l.strip_prefix("//! "));
        let fences: Vec<_> = readme
            .lines()
            .chain(lines)
            .filter_map(|l| l.strip_prefix("```"))
            .collect();
        let runs = |f: &&str| {
            !["text", "ignore", "no_run", "toml", "sh", "compile_fail"]
                .iter()
                .any(|k| f.contains(k))
        };
        let has_doctest = fences.iter().step_by(2).any(runs);
        assert!(
            has_doctest,
            "the overview of {} shows no example that runs",
            name(&krate)
        );
    }
}

#[test]
fn a_file_is_small_and_its_name_says_what_is_in_it() {
    for file in crates()
        .iter()
        .chain([&root().join("xtask")])
        .flat_map(|c| rust_files(c))
    {
        let lines = read(&file).lines().count();
        assert!(lines < 700, "{} has {lines} lines", file.display());
        let stem = file.file_stem().unwrap().to_string_lossy().into_owned();
        let vague = [
            "util", "utils", "common", "helper", "helpers", "helper2", "manager", "misc",
        ];
        assert!(
            !vague.contains(&stem.as_str()),
            "{} says nothing about what is in it",
            file.display()
        );
        for line in code(&file).lines().filter_map(|l| l.split("fn ").nth(1)) {
            let function = line.split(['(', '<']).next().unwrap_or_default();
            assert!(
                !vague.contains(&function),
                "`{function}` in {} says nothing",
                file.display()
            );
        }
    }
}

/// The product's files of every crate and of xtask.
fn product() -> Vec<ProductFile> {
    let folders = crates().into_iter().chain([root().join("xtask")]);
    folders
        .flat_map(|krate| product_files(&krate.join("src")))
        .collect()
}

/// `crates/amst/src/lib.rs:12`, for a message.
fn place(file: &ProductFile, line: usize) -> String {
    let path = file.path.strip_prefix(root()).unwrap();
    format!("{}:{line}", path.display())
}

/// A message's list, one entry a line.
fn listed(entries: &[String]) -> String {
    entries
        .iter()
        .map(|entry| format!("\n    {entry}"))
        .collect()
}

#[test]
fn only_fetching_opens_a_socket() {
    for krate in crates().into_iter().filter(|c| name(c) != "amst-fetch") {
        for file in sources(&krate) {
            for word in [
                "TcpStream",
                "TcpListener",
                "UdpSocket",
                "ureq",
                "hf_hub",
                "reqwest",
            ] {
                assert!(!code(&file).contains(word), "{word} in {}", file.display());
            }
        }
    }
}

/// Looking up what is here must not cost the minutes that network libraries take to build.
#[test]
fn only_the_program_that_fetches_links_a_network_library() {
    let network = ["hf-hub", "hyper", "reqwest", "rustls", "tokio", "ureq"];
    for package in ["xtask", "amst-cli"] {
        let linked: Vec<_> = links(package)
            .into_iter()
            .filter(|p| network.contains(&p.as_str()))
            .collect();
        assert!(linked.is_empty(), "{package} links {linked:?}");
    }
    assert!(links("amst-fetch").contains(&"ureq".to_string()));
}

#[test]
fn only_frames_reproduce_and_xtask_start_processes() {
    let starting = ["amst-frames", "amst-reproduce"];
    let others = crates()
        .into_iter()
        .filter(|c| !starting.contains(&name(c).as_str()));
    for krate in others {
        for file in sources(&krate) {
            assert!(
                !code(&file).contains("process::Command"),
                "{} starts a process",
                file.display()
            );
        }
    }
}

#[test]
fn only_the_trainer_names_the_files_of_a_run() {
    // A replay answers a recorded case in a folder of its own; its result.json is another file.
    for krate in crates()
        .into_iter()
        .filter(|c| !["amst-train", "amst-replay"].contains(&name(c).as_str()))
    {
        for file in sources(&krate) {
            let code = code(&file);
            let writes = code.contains("fs::write") || code.contains("File::create");
            for run_file in ["\"result.json\"", "\"events.jsonl\"", "\"timing.json\""] {
                assert!(
                    !(writes && code.contains(run_file)),
                    "{} writes {run_file}",
                    file.display()
                );
            }
        }
    }
}

#[test]
fn every_deviation_is_explained() {
    let paper = read(root().join("docs/paper.md"));
    let starts_it = |line: &str, id: &str| {
        let line = line.trim_start_matches(['#', '|', ' ', '*', '-']);
        line.strip_prefix(id)
            .is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_digit()))
    };
    for number in 1..=22 {
        let id = format!("D{number}");
        assert!(
            paper.lines().any(|l| starts_it(l, &id)),
            "docs/paper.md has no heading or row for {id}"
        );
    }
}

#[test]
fn the_top_level_is_fixed() {
    let fixed = [
        "Cargo.lock",
        "Cargo.toml",
        "LICENSE-APACHE",
        "LICENSE-MIT",
        "README.md",
        "crates",
        "datasets",
        "docs",
        "xtask",
    ];
    let configuration = [
        ".ci",
        ".cargo",
        ".github",
        ".gitattributes",
        ".gitignore",
        "deny.toml",
        "clippy.toml",
    ];
    let output = Command::new("git")
        .args(["ls-files"])
        .current_dir(root())
        .output();
    let Some(output) = output.ok().filter(|o| o.status.success()) else {
        return; // An unpacked archive, without git: there is no telling what belongs to it.
    };
    let tracked = String::from_utf8(output.stdout).unwrap();
    let mut top: Vec<&str> = tracked
        .lines()
        .filter_map(|l| l.split('/').next())
        .collect();
    top.dedup();
    for entry in &top {
        assert!(
            fixed.contains(entry) || configuration.contains(entry),
            "`{entry}` at the top level"
        );
    }
    for entry in fixed {
        assert!(
            top.contains(&entry),
            "`{entry}` is missing at the top level"
        );
    }
}
