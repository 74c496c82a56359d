//! What there is to measure.

/// A bench of the workspace, and who does the same work in Python.
pub struct Group {
    /// Of `cargo bench --workspace --bench NAME`.
    pub name: &'static str,
    /// What it measures, in a line.
    pub about: &'static str,
    /// The other side.
    pub twin: Option<Twin>,
}

/// A script that does in Python what a bench does here, below the top folder.
pub enum Twin {
    /// Both sides print a line of JSON a workload when `AMST_BENCH_STEPS` is set, and take turns.
    Sides(&'static str),
    /// The script starts the bench itself, turn by turn: it wants its path and the number of
    /// rounds.
    Alternating(&'static str),
    /// The script measures its own side only; the bench runs before it.
    After(&'static str),
}

use Twin::{After, Alternating, Sides};

const fn group(name: &'static str, about: &'static str, twin: Option<Twin>) -> Group {
    Group { name, about, twin }
}

/// All of them: a bench is one line.
pub const GROUPS: [Group; 11] = [
    group(
        "encoders",
        "a ResNet-18's training step, small and as in the paper",
        Some(Sides("xtask/pytorch/encoders.py")),
    ),
    group(
        "fbank",
        "filterbanks of a clip",
        Some(After("crates/amst-fbank/benches/against_python.py")),
    ),
    group(
        "transforms",
        "a training frame",
        Some(Alternating("crates/amst-frames/benches/against_python.py")),
    ),
    group(
        "roberta",
        "a text encoder's step",
        Some(Alternating(
            "crates/amst-encoders/benches/against_pytorch.py",
        )),
    ),
    group(
        "tokens",
        "posts to token ids",
        Some(After("crates/amst-tokens/benches/against_python.py")),
    ),
    group("loader", "batches of the embedded data", None),
    group("methods", "each method's step beside Naive's", None),
    group("skipping", "what skipping saves", None),
    group(
        "recalibration",
        "validation accuracy by the tail that is read again",
        None,
    ),
    group(
        "gradient_check",
        "what it costs to look at every gradient",
        None,
    ),
    group("checkpoint", "what a checkpoint costs", None),
];

/// The group of a name.
pub fn find(name: &str) -> Option<&'static Group> {
    GROUPS.iter().find(|g| g.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::root;

    #[test]
    fn every_bench_is_in_the_table_and_every_script_is_there() {
        let mut benches = Vec::new();
        for entry in std::fs::read_dir(root().join("crates")).unwrap() {
            let Ok(text) = std::fs::read_to_string(entry.unwrap().path().join("Cargo.toml")) else {
                continue;
            };
            let manifest: toml::Table = text.parse().unwrap();
            let of_crate = manifest
                .get("bench")
                .and_then(toml::Value::as_array)
                .into_iter()
                .flatten();
            benches.extend(of_crate.map(|b| b["name"].as_str().unwrap().to_string()));
        }
        benches.sort();
        let mut named: Vec<_> = GROUPS.iter().map(|g| g.name.to_string()).collect();
        named.sort();
        assert_eq!(named, benches);
        for group in &GROUPS {
            if let Some(Sides(script) | Alternating(script) | After(script)) = group.twin {
                assert!(root().join(script).is_file(), "{script}");
            }
        }
    }
}
