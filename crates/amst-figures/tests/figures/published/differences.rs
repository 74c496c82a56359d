//! Our runs beside a published log.

use amst_figures::{LogArguments, PublishedLog, RunLog, compare_with_runs};

use crate::runs::{TWO_SEEDS, write};

/// Validation accuracies of the runs are 0.25 in each of the epochs 0 to 3, and 0.5 on the test
/// split. The selected epoch is 3.
fn runs(folder: &std::path::Path) -> Vec<RunLog> {
    TWO_SEEDS
        .iter()
        .map(|numbers| RunLog::read(&write(folder, numbers)).unwrap())
        .collect()
}

fn published() -> PublishedLog {
    let text = "epoch,val_accuracy,val_text_accuracy,test_accuracy\n\
                0,0.25,0.5,\n1,0.75,0.5,0.625\n2,0.5,0.5,\n9,0.5,0.5,\n";
    PublishedLog::from_csv("c.csv", text, LogArguments::default()).unwrap()
}

#[test]
fn best_epoch_accuracies_and_distances_of_curves() {
    let folder = tempfile::tempdir().unwrap();
    let differences = compare_with_runs(&published(), &runs(folder.path()));
    assert_eq!(differences.runs, 2);
    assert_eq!(differences.best_epoch.published, Some(1.0));
    assert_eq!(differences.best_epoch.difference(), Some(2.0));
    assert_eq!(differences.validation_accuracy.difference(), Some(-0.5));
    assert_eq!(differences.test_accuracy.difference(), Some(-0.125));
    assert_eq!(differences.test_accuracy.ours.unwrap().n, 2);
    // Shared epochs are 0, 1 and 2; the runs have no text.
    let [fused] = &differences.curves[..] else {
        panic!("{:?}", differences.curves);
    };
    assert_eq!((fused.output.as_str(), fused.epochs), ("fused", 3));
    assert_eq!((fused.mean, fused.largest), (0.25, 0.5));
}

#[test]
fn published_runs_are_never_part_of_a_mean() {
    let folder = tempfile::tempdir().unwrap();
    let mut all = runs(folder.path());
    let imported = folder.path().join("imported");
    published().write_run(&imported, &[]).unwrap();
    all.push(RunLog::read(&imported).unwrap());
    let with = compare_with_runs(&published(), &all);
    assert_eq!(with, compare_with_runs(&published(), &all[..2]));
}

#[test]
fn of_an_unfinished_run_the_best_epoch_so_far_counts() {
    let folder = tempfile::tempdir().unwrap();
    let mut run = runs(folder.path()).remove(0);
    run.result = None;
    let differences = compare_with_runs(&published(), std::slice::from_ref(&run));
    assert_eq!(
        differences.best_epoch.ours.unwrap().mean,
        0.0,
        "the first of equals"
    );
    assert_eq!(differences.test_accuracy.ours, None);
    assert_eq!(differences.test_accuracy.difference(), None);
    let none = compare_with_runs(&published(), &[]);
    assert_eq!((none.runs, none.best_epoch.ours), (0, None));
    assert!(none.curves.is_empty());
}
