//! The logs that the paper's authors published, where they are at hand.

use std::path::PathBuf;

use amst_figures::PublishedLog;

/// Names the folder of the logs.
const FOLDER: &str = "AMST_PUBLISHED_LOGS";

/// File, best epoch, validation accuracy there and test accuracy there, as read from the logs by
/// hand.
const KNOWN: [(&str, usize, f64, f64); 8] = [
    ("AMST_ALT_CREMAD.log", 94, 0.795, 0.772),
    ("AMST_JOINT_CREMAD.log", 93, 0.791, 0.768),
    ("AMST_FULL_CREMAD.log", 80, 0.813, 0.799),
    ("AMST_FULL_AVE.log", 70, 0.689, 0.654),
    ("MLA_CREMAD.log", 70, 0.744, 0.771),
    ("MSLR_CREMAD.log", 84, 0.744, 0.743),
    ("OGM_CREMAD.log", 64, 0.644, 0.621),
    ("PMR_CREAMD.log", 51, 0.635, 0.641),
];

#[test]
fn the_published_logs_have_the_best_epochs_that_are_known() {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else {
        eprintln!("skipped: {FOLDER} does not name the folder of the published logs");
        return;
    };
    for (file, epoch, validation, test) in KNOWN {
        let text = std::fs::read_to_string(folder.join(file)).unwrap();
        let log = PublishedLog::parse(file, &text).unwrap();
        let printed = log.printed_best().unwrap();
        let recomputed = log.recomputed_best().unwrap();
        let most = log
            .test
            .values()
            .filter_map(|outputs| outputs["fused"].accuracy)
            .fold(0.0, f64::max);
        println!(
            "{file:22} {:3} epochs, printed {} {:.4} {:.4}, recomputed {} {:.3} {:.3}, largest \
             test {most:.3} of {}",
            log.epochs.len(),
            printed.epoch,
            printed.validation,
            printed.test.unwrap(),
            recomputed.epoch,
            recomputed.validation,
            recomputed.test.unwrap(),
            log.test.len(),
        );
        assert_eq!((log.epochs.len(), log.was_cut), (100, false), "{file}");
        assert_eq!(printed.epoch, epoch, "{file}");
        assert!((printed.validation - validation).abs() < 0.0006, "{file}");
        assert!((printed.test.unwrap() - test).abs() < 0.0006, "{file}");
        assert_eq!(recomputed.epoch, epoch, "{file}");
        assert!((recomputed.validation - validation).abs() < 1e-9, "{file}");
        assert!((recomputed.test.unwrap() - test).abs() < 1e-9, "{file}");
    }
}
