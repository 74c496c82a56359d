//! Names of outputs: which are drawn, and what they are called in a legend.

use std::collections::BTreeSet;

use amst_recipe::Modality;

/// The output of all modalities together.
pub(crate) const FUSED: &str = "fused";

/// The modules of the full system, before the dot of an output's name.
pub(crate) const MODULES: [&str; 2] = ["alt", "joint"];

/// Each modality's output and, if `with_fused`, the fused one, last. Where an output exists only
/// once a module (`alt.audio`, `joint.audio`), those of the modules.
pub(crate) fn usual(known: &BTreeSet<String>, with_fused: bool) -> Vec<String> {
    let mut bases: Vec<&str> = Modality::ALL.iter().map(|m| m.name()).collect();
    if with_fused {
        bases.push(FUSED);
    }
    let mut names = Vec::new();
    for base in bases {
        if known.contains(base) {
            names.push(base.to_string());
            continue;
        }
        for module in MODULES {
            let name = format!("{module}.{base}");
            if known.contains(&name) {
                names.push(name);
            }
        }
    }
    names
}

/// What a legend calls an output: `audio`, `overall`, `audio (joint)`.
pub(crate) fn label(output: &str) -> String {
    match output.rsplit_once('.') {
        None => word(output).into(),
        Some((module, base)) => format!("{} ({module})", word(base)),
    }
}

fn word(base: &str) -> &str {
    if base == FUSED { "overall" } else { base }
}

/// Names in a message: `` `audio`, `fused` ``.
pub(crate) fn listed<'a>(names: impl IntoIterator<Item = &'a String>) -> String {
    let quoted: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    if quoted.is_empty() {
        "nothing".into()
    } else {
        quoted.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modalities_then_overall() {
        let known = ["fused", "audio", "visual", "probe.audio"].map(String::from);
        let known = BTreeSet::from(known);
        assert_eq!(usual(&known, true), ["audio", "visual", "fused"]);
        assert_eq!(usual(&known, false), ["audio", "visual"]);
    }

    #[test]
    fn modules_of_the_full_system() {
        let known = ["fused", "alt.fused", "joint.audio", "alt.audio"].map(String::from);
        let known = BTreeSet::from(known);
        assert_eq!(usual(&known, true), ["alt.audio", "joint.audio", "fused"]);
        assert_eq!(label("joint.audio"), "audio (joint)");
        assert_eq!(label("fused"), "overall");
    }
}
