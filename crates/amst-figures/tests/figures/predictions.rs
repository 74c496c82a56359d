//! Figures of single predictions: confusion and calibration.

use std::path::Path;

use amst_figures::{
    Calibration, CalibrationOptions, Confusion, ConfusionOptions, FigureError, Panel, RunLog,
    TestLogits, draw_calibration, draw_confusion,
};
use roxmltree::Document;

use crate::drawing::{assert_sound, of_class};
use crate::runs::{LABELS, TWO_SEEDS, two_seeds, write, write_logits};

fn panel(folder: &Path) -> Panel {
    let panel = two_seeds(folder, "Joint");
    for run in panel.runs() {
        write_logits(&run.folder, &LABELS, &["audio", "fused", "visual"]);
    }
    panel
}

#[test]
fn confusion_counts_the_samples_of_every_seed() {
    let folder = tempfile::tempdir().unwrap();
    let panel = panel(folder.path());
    let confusion = Confusion::of(&panel, "fused").unwrap();
    assert_eq!(confusion.class_names, ["calm", "loud, very", "odd"]);
    assert_eq!(confusion.counts, [[4, 0, 0], [0, 2, 0], [0, 2, 0]]);
    assert_eq!((confusion.share(2, 1), confusion.share(2, 2)), (1.0, 0.0));
    let figure = draw_confusion(&[panel], &ConfusionOptions::default()).unwrap();
    assert_sound(&figure.svg);
    assert!(
        figure.csv.contains("Joint,2,odd,1,\"loud, very\",2,1\n"),
        "{}",
        figure.csv
    );
    let document = Document::parse(&figure.svg).unwrap();
    let cells = of_class(document.root(), "cell");
    assert_eq!(cells.len(), 9);
    // The row of class 2: light, dark, light.
    let fills: Vec<&str> = cells[6..]
        .iter()
        .map(|c| c.attribute("fill").unwrap())
        .collect();
    assert_eq!(fills, ["#fefefe", "#0072b2", "#fefefe"]);
    assert!(
        figure
            .svg
            .contains("most often confused is odd, taken for loud, very in 100 %"),
        "{}",
        figure.svg
    );
}

/// One of three sure predictions is wrong: of each run (3·|2/3 − 1| + 1·|1 − 4/9|)/4 = 7/18.
#[test]
fn calibration_is_what_was_worked_out_by_hand() {
    let folder = tempfile::tempdir().unwrap();
    let panel = panel(folder.path());
    let calibration = Calibration::of(&panel, "fused").unwrap();
    let sure = calibration.bins[9];
    assert_eq!((sure.samples, sure.right), (6, 4));
    let toss = calibration.bins[4];
    assert_eq!((toss.samples, toss.right), (2, 2));
    assert!((calibration.error.mean - 7.0 / 18.0).abs() < 1e-6);
    assert_eq!(calibration.error.n, 2);
    let figure = draw_calibration(&[panel], &CalibrationOptions::default()).unwrap();
    assert_sound(&figure.svg);
    assert!(figure.svg.contains("overall 38.9 %"), "{}", figure.svg);
    assert!(
        figure.csv.contains("Joint,fused,0.9,1,6,1,0.666"),
        "{}",
        figure.csv
    );
    let document = Document::parse(&figure.svg).unwrap();
    assert_eq!(of_class(document.root(), "curve").len(), 3);
    assert_eq!(of_class(document.root(), "dot").len(), 6);
}

#[test]
fn runs_without_logits_or_with_broken_ones_are_named_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let panel = two_seeds(folder.path(), "Joint");
    let message = Confusion::of(&panel, "fused").unwrap_err().to_string();
    assert!(message.contains("logits.safetensors"), "{message}");
    assert!(message.contains("amst train --resolved"), "{message}");

    let run = &panel.runs()[0];
    for (labels, why) in [
        (&[0, 0, 1][..], "not of 3 samples"),
        (&[0, 0, 1, 3][..], "of class 3, of 3 classes"),
        (&[0, 0, 1, -1][..], "negative"),
    ] {
        write_logits(&run.folder, labels, &["fused"]);
        let message = TestLogits::read(run).unwrap_err().to_string();
        assert!(message.contains(why), "{message}");
        assert!(message.contains("train the run again"), "{message}");
    }
    write_logits(&run.folder, &LABELS, &["audio"]);
    let alone = Panel::new("Joint", vec![run.clone()]).unwrap();
    let message = Confusion::of(&alone, "fused").unwrap_err().to_string();
    assert!(message.contains("none of the outputs `fused`"), "{message}");
    std::fs::write(run.folder.join("logits.safetensors"), b"rubbish").unwrap();
    let error = TestLogits::read(run).unwrap_err();
    assert!(matches!(error, FigureError::Damaged { .. }), "{error}");
}

#[test]
fn an_unfinished_run_has_no_predictions() {
    let folder = tempfile::tempdir().unwrap();
    let run = write(folder.path(), &TWO_SEEDS[0]);
    std::fs::remove_file(run.join("result.json")).unwrap();
    let panel = Panel::new("Joint", vec![RunLog::read(&run).unwrap()]).unwrap();
    let error = draw_confusion(&[panel], &ConfusionOptions::default()).unwrap_err();
    assert!(matches!(error, FigureError::Unfinished { .. }), "{error}");
}
