//! What a run leaves in its folder, and in which order.

use amst_recipe::EVENT_SCHEMA;
use amst_recipe::Modality;
use amst_train::{EventKind, Run, TrainError};

use crate::cells::{cell, events, train};

#[test]
fn events_are_one_start_each_epoch_once_in_order_and_one_end() {
    let runs = tempfile::tempdir().unwrap();
    let finished = train(&["method=amst-full", "epochs=4"], runs.path()).unwrap();
    let events = events(&finished.dir);
    assert!(events.iter().all(|event| event.schema == EVENT_SCHEMA));
    let EventKind::Start {
        cell,
        epochs: 4,
        steps: 6,
        ..
    } = &events[0].kind
    else {
        panic!("{:?}", events[0])
    };
    assert_eq!(*cell, finished.result.cell.to_string());
    let EventKind::Done {
        epoch,
        test_accuracy,
    } = &events[5].kind
    else {
        panic!("{:?}", events[5])
    };
    assert_eq!(*epoch, finished.result.selected.epoch);
    assert_eq!(
        *test_accuracy,
        finished.result.test.outputs["fused"].accuracy
    );
    for (number, event) in events[1..5].iter().enumerate() {
        let EventKind::Epoch { epoch, .. } = &event.kind else {
            panic!("{event:?}")
        };
        assert_eq!(*epoch, number);
    }
    assert_eq!(events.len(), 6);
}

#[test]
fn an_observer_sees_what_is_written_and_every_step() {
    let runs = tempfile::tempdir().unwrap();
    let finished = train(&["method=amst-alt"], runs.path()).unwrap();
    let is_step = |event: &&amst_train::Event| matches!(event.kind, EventKind::Step { .. });
    assert_eq!(finished.seen.iter().filter(is_step).count(), 2 * 6);
    let rest: String = finished
        .seen
        .iter()
        .filter(|e| !is_step(e))
        .map(|e| serde_json::to_string(e).unwrap() + "\n")
        .collect();
    assert_eq!(rest.as_bytes(), finished.file("events.jsonl"));
}

#[test]
fn a_skip_epoch_reports_only_what_trained_and_validates_everything() {
    let runs = tempfile::tempdir().unwrap();
    let finished = train(&["method=amst-alt"], runs.path()).unwrap();
    let EventKind::Epoch {
        active, train, val, ..
    } = &events(&finished.dir)[2].kind
    else {
        panic!()
    };
    assert_eq!(*active, [Modality::Visual]);
    assert_eq!(train.keys().collect::<Vec<_>>(), ["visual"]);
    assert_eq!(val.keys().collect::<Vec<_>>(), ["audio", "fused", "visual"]);
    // The result keeps the skipped modality's loss of the epoch in which it last trained.
    assert!(finished.result.last_train_loss.contains_key("audio"));
}

#[test]
fn the_number_of_parameters_counts_what_can_be_trained_and_no_statistics() {
    let runs = tempfile::tempdir().unwrap();
    let finished = train(&["method=amst-alt", "modalities=text"], runs.path()).unwrap();
    let EventKind::Start { parameters, .. } = events(&finished.dir)[0].kind else {
        panic!()
    };
    // 32 tokens of width 16, a layer of 16 x 16 + 16, a head of 16 x 4 + 4.
    assert_eq!(parameters, 32 * 16 + 16 * 16 + 16 + 16 * 4 + 4);
    let finished = train(&["method=amst-alt", "modalities=audio"], runs.path()).unwrap();
    let EventKind::Start { parameters, .. } = events(&finished.dir)[0].kind else {
        panic!()
    };
    assert_eq!(parameters, resnet(4) + 32 * 4 + 4);
}

/// Convolutions, and two numbers a channel in each BatchNorm, of a ResNet-18 with a 3x3 stem on one
/// channel.
fn resnet(width: usize) -> usize {
    let block = |input: usize, output: usize| {
        let shortcut = if input == output {
            0
        } else {
            input * output + 2 * output
        };
        9 * input * output + 9 * output * output + 4 * output + shortcut
    };
    let stage = |input: usize, output: usize| block(input, output) + block(output, output);
    let w = width;
    9 * w + 2 * w + stage(w, w) + stage(w, 2 * w) + stage(2 * w, 4 * w) + stage(4 * w, 8 * w)
}

/// Four validation samples, so that the best accuracy is reached more than once.
#[test]
fn the_earliest_of_equally_good_epochs_is_selected() {
    let runs = tempfile::tempdir().unwrap();
    let finished = train(
        &["method=amst-alt", "epochs=8", "synthetic.val=4"],
        runs.path(),
    )
    .unwrap();
    let mut accuracies = Vec::new();
    for event in events(&finished.dir) {
        if let EventKind::Epoch {
            val_accuracy, best, ..
        } = event.kind
        {
            assert_eq!(
                best,
                accuracies.iter().all(|earlier| *earlier < val_accuracy),
                "{accuracies:?} {val_accuracy}"
            );
            accuracies.push(val_accuracy);
        }
    }
    let best = accuracies.iter().copied().fold(0.0, f64::max);
    let as_good: Vec<_> = (0..accuracies.len())
        .filter(|epoch| accuracies[*epoch] == best)
        .collect();
    assert!(as_good.len() > 1, "no tie, nothing shown: {accuracies:?}");
    assert_eq!(finished.result.selected.epoch, as_good[0], "{accuracies:?}");
    assert_eq!(finished.result.selected.val_accuracy, best);
}

#[test]
fn a_finished_cell_is_found_again_and_another_is_not() {
    let runs = tempfile::tempdir().unwrap();
    let (this, _) = cell(&["method=amst-alt"]);
    assert_eq!(Run::finished(runs.path(), &this).unwrap(), None);
    let finished = train(&["method=amst-alt"], runs.path()).unwrap();
    let found = Run::finished(runs.path(), &this)
        .unwrap()
        .expect("it was finished");
    assert_eq!(
        found,
        serde_json::from_slice(&finished.file("result.json")).unwrap()
    );
    assert_eq!(
        (found.cell, found.selected.epoch),
        (finished.result.cell, finished.result.selected.epoch)
    );
    let (other, _) = cell(&["method=amst-alt", "optim.lr=0.03"]);
    assert_eq!(Run::finished(runs.path(), &other).unwrap(), None);
}

#[test]
fn a_result_that_is_not_this_cells_is_refused_and_left_alone() {
    let runs = tempfile::tempdir().unwrap();
    let finished = train(&["method=amst-alt"], runs.path()).unwrap();
    let (other, _) = cell(&["method=amst-alt", "seed=5"]);
    let there = runs.path().join(other.run_dir());
    std::fs::create_dir_all(&there).unwrap();
    let half = &finished.file("result.json")[..100];
    for content in [&finished.file("result.json")[..], half, b""] {
        std::fs::write(there.join("result.json"), content).unwrap();
        let error = Run::finished(runs.path(), &other).unwrap_err();
        assert!(matches!(error, TrainError::Foreign { .. }), "{error}");
        assert_eq!(error.exit_code(), 5);
        assert!(
            error.to_string().contains("move the folder aside"),
            "{error}"
        );
        assert_eq!(std::fs::read(there.join("result.json")).unwrap(), content);
    }
}

#[test]
fn the_events_of_a_run_that_left_no_checkpoint_are_kept_aside() {
    let runs = tempfile::tempdir().unwrap();
    let (cell, lock) = cell(&["method=amst-alt"]);
    let run = Run::create(runs.path(), &cell, &lock).unwrap();
    std::fs::write(run.dir().join("events.1.jsonl"), "first\n").unwrap();
    std::fs::write(run.dir().join("events.jsonl"), "second\n").unwrap();
    drop(run);
    let finished = train(&["method=amst-alt"], runs.path()).unwrap();
    assert_eq!(finished.file("events.1.jsonl"), b"first\n");
    assert_eq!(finished.file("events.2.jsonl"), b"second\n");
    assert_eq!(events(&finished.dir).len(), 4);
}

#[test]
fn predictions_hold_every_test_sample_once_and_probabilities_that_add_up() {
    let runs = tempfile::tempdir().unwrap();
    let finished = train(&["method=amst-full"], runs.path()).unwrap();
    let predictions = finished.file("predictions.csv");
    let mut reader = csv::Reader::from_reader(&predictions[..]);
    let header = reader.headers().unwrap().clone();
    let column = |name: &str| header.iter().position(|h| h == name).unwrap();
    let (label, fused) = (column("label"), column("fused"));
    let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
    let ids: std::collections::BTreeSet<_> = rows.iter().map(|row| row[0].to_string()).collect();
    assert_eq!((rows.len(), ids.len()), (32, 32));
    let correct = rows.iter().filter(|row| row[label] == row[fused]).count();
    assert_eq!(
        correct as f64 / 32.0,
        finished.result.test.outputs["fused"].accuracy
    );
    for row in &rows {
        let probabilities: f64 = (0..4)
            .map(|c| row[column(&format!("p:{c}"))].parse::<f64>().unwrap())
            .sum();
        assert!((probabilities - 1.0).abs() < 1e-5, "{row:?}");
    }
}
