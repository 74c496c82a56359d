//! What is computed beside the training and must not change it.

use std::collections::BTreeMap;

use crate::cells::{cell, families, train_to_weights};

type Weights = BTreeMap<String, Vec<u8>>;

fn without(weights: &Weights, part: &str) -> Weights {
    weights
        .iter()
        .filter(|(name, _)| !name.contains(part))
        .map(|(n, w)| (n.clone(), w.clone()))
        .collect()
}

#[test]
fn probes_change_nothing_but_their_own_outputs() {
    for system in families() {
        let runs = tempfile::tempdir().unwrap();
        let mut assignments: Vec<&str> = system.iter().map(String::as_str).collect();
        let (plain, weights) = train_to_weights(&assignments, runs.path());
        assignments.push("probes=true");
        let (probed, with_probes) = train_to_weights(&assignments, runs.path());
        assert_ne!(plain.result.cell, probed.result.cell);
        assert!(
            without(&with_probes, "probe.") == weights,
            "{system:?}: probes moved the network"
        );

        let is_probe = |name: &String| name.contains("probe.");
        let mut outputs = probed.result.test.outputs.clone();
        let probes: Vec<String> = outputs
            .keys()
            .filter(|name| is_probe(name))
            .cloned()
            .collect();
        outputs.retain(|name, _| !is_probe(name));
        assert_eq!(outputs, plain.result.test.outputs, "{system:?}");
        let branches = if system[0] == "method=amst-full" {
            2
        } else {
            1
        };
        assert_eq!(
            probes.len(),
            branches * probed.result.recipe.modalities.len(),
            "{system:?}: {probes:?}"
        );
        // What a probe says is neither chance nor what the network itself says.
        for probe in &probes {
            let told = &probed.result.test.outputs[probe];
            assert!(
                told.loss.is_finite() && told.loss != outputs[&probe.replace("probe.", "")].loss,
                "{probe}"
            );
        }
        let of_probes = with_probes.keys().filter(|name| is_probe(name)).count();
        assert_eq!(of_probes, 2 * probes.len(), "a weight and a bias each");
    }
}

/// In one epoch nothing that was validated can have fed back: weights are equal, statistics are
/// not.
#[test]
fn precise_batch_norm_moves_running_statistics_and_nothing_else() {
    let families: [&[&str]; 7] = [
        &["method=unimodal", "modalities=audio"],
        &["method=naive"],
        &["method=ogm-ge", "modalities=audio,text,visual"],
        &["method=mla", "mla.modification=rls"],
        &["method=amst-alt"],
        &["method=amst-joint", "skip.execution=official"],
        &["method=amst-full"],
    ];
    for family in families {
        let runs = tempfile::tempdir().unwrap();
        let mut assignments = [family, &["epochs=1"]].concat();
        let (_, plain) = train_to_weights(&assignments, runs.path());
        assignments.push("precise_bn=2");
        let (_, precise) = train_to_weights(&assignments, runs.path());
        assert!(
            without(&plain, "running_") == without(&precise, "running_"),
            "{family:?}: weights moved"
        );
        let moved = |name: &&String| plain[*name] != precise[*name];
        let statistics = || plain.keys().filter(|name| name.contains("running_"));
        assert!(
            statistics().count() > 0 && statistics().all(|name| moved(&name)),
            "{family:?}"
        );
    }
}

#[test]
fn precise_batch_norm_of_every_method_makes_another_cell_that_trains() {
    for method in ["pmr", "mslr", "gradient-blending", "agm", "early-stopping"] {
        let runs = tempfile::tempdir().unwrap();
        let method = format!("method={method}");
        let (precise, _) = train_to_weights(&[&method, "precise_bn=3"], runs.path());
        assert!(precise.result.test.outputs["fused"].loss.is_finite());
        assert_ne!(precise.result.cell, cell(&[&method]).0.id);
    }
}
