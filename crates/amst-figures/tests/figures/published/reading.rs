//! What a log says.

use amst_figures::{EpochMetrics, PublishedLog};
use amst_recipe::Modality;

use super::excerpt::{EPOCHS, Rows, alternating, end, epoch_header, head, part, table, times};

#[test]
fn a_log_has_its_arguments_curves_and_best_epoch() {
    let log = PublishedLog::parse("abc.log", &alternating()).unwrap();
    let arguments = &log.arguments;
    assert_eq!(arguments.method, "ABC-ALT");
    assert_eq!((arguments.seed, arguments.batch_size), (7, 16));
    assert_eq!(arguments.printed["device_list"], "0 1");
    assert_eq!(arguments.printed["data_path"], "");
    assert_eq!(arguments.skip[&Modality::Audio], 2);
    assert_eq!(log.modalities(), [Modality::Audio, Modality::Visual]);
    assert_eq!(log.title(), "ABC-ALT on CREMAD, seed 7 (published)");

    assert_eq!(log.epochs.len(), EPOCHS);
    let first = &log.epochs[&0];
    let audio = EpochMetrics {
        loss: Some(1.25),
        accuracy: Some(0.5),
        confidence: Some(0.375),
        entropy: None,
    };
    assert_eq!(first.train["audio"], audio);
    assert_eq!(first.train["visual"].loss, None, "it is printed as nan");
    assert_eq!(first.validation["audio"].loss, Some(12.5));
    assert_eq!(first.validation["probe.visual"].accuracy, Some(0.25));
    let names: Vec<&String> = first.validation.keys().collect();
    assert_eq!(
        names,
        ["audio", "fused", "probe.audio", "probe.visual", "visual"]
    );

    let best = log.printed_best().unwrap();
    assert_eq!(
        (best.epoch, best.validation, best.test),
        (1, 0.5, Some(0.625))
    );
    let best = log.recomputed_best().unwrap();
    assert_eq!(
        (best.epoch, best.validation, best.test),
        (1, 0.5, Some(0.625))
    );
    assert_eq!(log.test.keys().copied().collect::<Vec<_>>(), [0, 1]);
    assert_eq!(log.seconds[&3], 2.5);
    assert!(!log.was_cut);
}

#[test]
fn skip_factors_and_the_schedule_say_what_was_trained_and_how_fast() {
    let log = PublishedLog::parse("abc.log", &alternating()).unwrap();
    let both = [Modality::Audio, Modality::Visual];
    let active: Vec<Vec<Modality>> = log
        .epochs
        .values()
        .map(|epoch| epoch.active.iter().copied().collect())
        .collect();
    assert_eq!(active, [&both[..], &both[1..], &both[..], &both[1..]]);
    let rates: Vec<f64> = log.epochs.values().map(|e| e.learning_rate).collect();
    assert_eq!(rates, [0.01, 0.01, 0.01, 0.01 * 0.1]);
}

#[test]
fn the_full_system_has_outputs_of_its_modules() {
    let outputs: Rows = &[
        ("f", "1.0", "0.5", "0.5"),
        ("alt", "1.0", "0.25", "0.5"),
        ("joint", "1.0", "0.75", "0.5"),
        ("alt_a", "1.0", "0.5", "0.5"),
        ("joint_v", "1.0", "0.5", "0.5"),
    ];
    let probes: Rows = &[("alt_a_h", "1.0", "0.5", "0.5")];
    let log = one_epoch(&[
        ("Fusion, and each modality acc:", outputs),
        ("Helper acc:", probes),
    ]);
    let names: Vec<&String> = log.epochs[&0].train.keys().collect();
    assert_eq!(
        names,
        [
            "alt.audio",
            "alt.fused",
            "alt.probe.audio",
            "fused",
            "joint.fused",
            "joint.visual"
        ]
    );
}

#[test]
fn prototypes_and_weightings_are_outputs_of_other_names() {
    let fused: Rows = &[("f", "1.0", "0.5", "0.5")];
    let prototypes: Rows = &[("v", "1.5", "0.25", "0.5")];
    let weightings: Rows = &[("a50_v50", "0.000", "0.5", "0.5")];
    let log = one_epoch(&[
        ("Fusion, and each modality acc:", fused),
        ("Prototypical classification acc:", prototypes),
        ("Weighted fusion classification acc:", weightings),
    ]);
    let outputs = &log.epochs[&0].validation;
    assert_eq!(outputs["prototype.visual"].loss, Some(1.5));
    assert_eq!(outputs["weighted.a50_v50"].loss, None, "it is not measured");
    assert_eq!(outputs["weighted.a50_v50"].accuracy, Some(0.5));
}

#[test]
fn of_several_weightings_the_even_one_is_the_fused_output() {
    let log = one_epoch(&[(
        "Fusion, and each modality acc:",
        &[("f", "1.0", "0.5", "0.5")],
    )]);
    assert_eq!(log.printed.len(), 3);
    let best = log.printed_best().unwrap();
    assert_eq!(best.selected_by, "weighted.a50_v50");
    assert_eq!(
        (best.epoch, best.validation, best.test),
        (0, 0.5, Some(0.4321))
    );
}

/// A log of one epoch with the same tables for both splits, and the best epoch of three weightings.
fn one_epoch(tables: &[(&str, Rows)]) -> PublishedLog {
    let tables: String = tables
        .iter()
        .map(|(title, rows)| table(title, rows))
        .collect();
    let border = "+----------+---------+----------+-------+\n";
    let rows = "| a30_v70  |  0.7500 |  0.6250  |   0   |\n| a50_v50  |  0.5000 |  0.4321  |   0   |\n\
                | entropy  |  0.5000 |  0.5000  |   0   |\n";
    let head_of_best = "| F method | Val Acc | Test Acc | Epoch |\n";
    let best = format!("{border}{head_of_best}{border}{rows}{border}");
    let mut log = head("XYZ", "") + &epoch_header(0);
    log += &(part("Training") + "Prototypes are updated\n" + &tables);
    log += &(part("Validation") + &tables + &part("Epoch Summary") + &best + times());
    log += &(part("Final Summary") + &best + end());
    let log = PublishedLog::parse("xyz.log", &log).unwrap();
    assert!(!log.was_cut);
    log
}
