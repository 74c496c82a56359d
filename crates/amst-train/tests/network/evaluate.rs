//! A network that was read back is worth what it was worth, and damage shows.

use amst_data::Damage;
use amst_recipe::Modality;

use crate::trained::{ALL, Trained};

#[test]
fn an_evaluation_of_the_test_split_is_the_runs_result_to_the_last_digit() {
    let systems: [&[&str]; 5] = [
        &["method=amst-full", ALL],
        &["method=amst-joint", "probes=true"],
        &["method=mla", "mla.fusion=entropy"],
        &["method=early-stopping"],
        &["method=agm", ALL],
    ];
    for system in systems {
        let trained = Trained::new(system);
        let network = trained.network();
        let evaluation = network
            .evaluate(&mut network.evaluator(trained.test()).unwrap())
            .unwrap();
        assert_eq!(
            evaluation.metrics, trained.result.test.outputs,
            "{system:?}"
        );
    }
}

#[test]
fn damage_of_one_modality_moves_its_output_and_the_fused_one_and_no_other() {
    let trained = Trained::new(&["method=amst-alt", ALL]);
    let network = trained.network();
    let clean = &trained.result.test.outputs;
    let with = |strength: f64| {
        let damage = Damage::new(&[(Modality::Visual, strength)], 0).unwrap();
        let mut evaluator = network
            .evaluator(trained.test())
            .unwrap()
            .damaged(&damage)
            .unwrap();
        network.evaluate(&mut evaluator).unwrap().metrics
    };
    assert_eq!(with(0.0), *clean);
    let damaged = with(1.0);
    assert_eq!(damaged, with(1.0), "damage is a function of its seed");
    for (name, metrics) in &damaged {
        let is_concerned = ["visual", "fused"].contains(&name.as_str());
        assert_eq!(metrics != &clean[name], is_concerned, "{name}");
    }
}

#[test]
fn a_dropped_modality_has_no_output_and_leaves_the_others_as_they_are() {
    let trained = Trained::new(&["method=amst-full"]);
    let network = trained.network();
    let mut evaluator = network
        .evaluator(trained.test())
        .unwrap()
        .without(&[Modality::Audio])
        .unwrap();
    let metrics = network.evaluate(&mut evaluator).unwrap().metrics;
    let names: Vec<&str> = metrics.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "alt.fused",
            "alt.visual",
            "fused",
            "joint.fused",
            "joint.visual"
        ]
    );
    // One modality alone is what its branch fuses to.
    assert_eq!(metrics["alt.fused"], metrics["alt.visual"]);
    assert_eq!(
        metrics["alt.visual"],
        trained.result.test.outputs["alt.visual"]
    );
}
