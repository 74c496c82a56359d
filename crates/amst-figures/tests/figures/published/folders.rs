//! Published logs as folders of runs.

use amst_figures::{
    CurveOptions, FigureError, Metric, Panel, PublishedLog, PublishedRecord, RunLog, Split,
    draw_curves, is_published,
};
use amst_recipe::{JointMode, ModalitySchedule};

use super::excerpt::alternating;
use crate::runs::{TWO_SEEDS, write};

#[test]
fn a_run_that_is_written_is_the_one_that_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("published/abc");
    let log = PublishedLog::parse("abc.log", &alternating()).unwrap();
    for _ in 0..2 {
        log.write_run(&run, &["abc-alt", "abc"]).unwrap();
        assert_eq!(
            RunLog::read(&run).unwrap(),
            log.run_log(&run, &["abc-alt", "abc"])
        );
    }
    let read = RunLog::read(&run).unwrap();
    assert_eq!(read.method().name(), "abc-alt");
    assert_eq!((read.dataset(), read.seed()), ("crema-d", 7));
    assert_eq!(read.recipe.skip.audio, ModalitySchedule::Every(2));
    assert_eq!(read.recipe.optim.lr_step, 3);
    assert_eq!(read.recipe.joint_mode, JointMode::Joint);
    assert!(read.recipe.probes);
    assert_eq!(read.result, None, "there is no result of a cell");

    assert!(is_published(&run));
    let record = PublishedRecord::read(&run).unwrap();
    assert_eq!(record, log.record());
    assert_eq!(record.source, "abc.log");
    assert_eq!(record.sha256, amst_files::sha256_hex(alternating()));
    assert_eq!(record.printed.unwrap().test, Some(0.625));
    assert_eq!(record.test_accuracy[&1]["fused"], 0.625);
    assert_eq!(record.arguments["random_seed"], "7");
}

#[test]
fn it_is_drawn_as_a_panel_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let log = PublishedLog::parse("abc.log", &alternating()).unwrap();
    log.write_run(folder.path(), &[]).unwrap();
    let run = RunLog::read(folder.path()).unwrap();
    let panel = Panel::new(log.title(), vec![run]).unwrap();
    let options = CurveOptions {
        metric: Metric::Accuracy,
        split: Split::Validation,
        ..CurveOptions::default()
    };
    let figure = draw_curves(&[panel], &options).unwrap();
    assert!(figure.svg.contains("(published)"));
    assert!(figure.csv.contains("fused,1,50,50,50,1"), "{}", figure.csv);
}

#[test]
fn a_run_that_was_trained_here_is_never_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let run = write(folder.path(), &TWO_SEEDS[0]);
    let before = std::fs::read(run.join("events.jsonl")).unwrap();
    let log = PublishedLog::parse("abc.log", &alternating()).unwrap();
    let error = log.write_run(&run, &[]).unwrap_err();
    assert!(matches!(error, FigureError::TakenFolder { .. }), "{error}");
    assert_eq!(std::fs::read(run.join("events.jsonl")).unwrap(), before);
    assert!(!is_published(&run));
}

#[test]
fn a_record_that_is_damaged_or_of_another_version_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let log = PublishedLog::parse("abc.log", &alternating()).unwrap();
    log.write_run(folder.path(), &[]).unwrap();
    let file = folder.path().join("published.json");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("\"schema\": 1", "\"schema\": 9")).unwrap();
    let error = PublishedRecord::read(folder.path()).unwrap_err();
    assert!(matches!(error, FigureError::OtherVersion { .. }), "{error}");
    std::fs::write(&file, "{").unwrap();
    let error = PublishedRecord::read(folder.path()).unwrap_err();
    assert!(matches!(error, FigureError::Damaged { .. }), "{error}");
}
