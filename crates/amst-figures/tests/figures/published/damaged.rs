//! Logs that break off, and files that are none.

use amst_figures::{FigureError, PublishedLog};

use super::excerpt::{EPOCHS, alternating};

#[test]
fn a_log_may_break_off_anywhere() {
    let text = alternating();
    let whole = PublishedLog::parse("abc.log", &text).unwrap();
    let last_line = text.trim_end().rfind('\n').unwrap();
    let mut epochs = 0;
    for cut in 0..text.len() {
        match PublishedLog::parse("abc.log", &text[..cut]) {
            Ok(log) => {
                assert!(log.was_cut, "cut at {cut}");
                assert!(log.epochs.len() >= epochs, "cut at {cut}");
                epochs = log.epochs.len();
                for (epoch, numbers) in &log.epochs {
                    assert_eq!(*numbers, whole.epochs[epoch], "cut at {cut}");
                }
            }
            Err(FigureError::NoPublishedEpoch { .. }) => assert_eq!(epochs, 0, "cut at {cut}"),
            Err(other) => panic!("cut at {cut}: {other}"),
        }
    }
    assert_eq!(epochs, EPOCHS);
    assert!(last_line < text.len() - 1);
}

#[test]
fn an_epoch_that_is_cut_in_the_middle_of_a_table_is_left_out() {
    let text = alternating();
    let second = text.find("Epoch:  2").unwrap();
    let row = second + text[second..].find("|   v ").unwrap();
    let log = PublishedLog::parse("abc.log", &text[..row + 9]).unwrap();
    assert_eq!((log.epochs.len(), log.was_cut), (2, true));
    let best = log.printed_best().unwrap();
    assert_eq!((best.epoch, best.validation), (1, 0.5), "as printed so far");
}

#[test]
fn a_line_that_does_not_belong_there_is_named() {
    let text = alternating();
    for (found, instead, why) in [
        ("skip a at epoch 1", "skip a at epoch 3", "of another epoch"),
        ("skip a at epoch 1\n", "", "do not agree on epoch 1"),
        (
            "skip a at epoch 1",
            "skip q at epoch 1",
            "no known modality",
        ),
        (
            "Epoch:  2",
            "Epoch:  3",
            "epoch 3 where epoch 2 is expected",
        ),
        ("Epoch:  2", "Epoch:  x", "`x` is no whole number"),
        (
            "Best Epoch: 1",
            "Best Ep",
            "nothing that the published program prints",
        ),
        (
            "|   f    | 1.625 |",
            "|   f    | 1.6z5 |",
            "`1.6z5` is no number",
        ),
        (
            "|   f    | 1.625 |  0.375",
            "|   f    | 1.625 |  3.750",
            "not in 0..1",
        ),
        (
            "|   v    | 1.750 |  0.375",
            "|   f    | 1.750 |  0.375",
            "twice",
        ),
        (
            "|   v    | 1.750 |",
            "|   q    | 1.750 |",
            "no output that is known",
        ),
        ("|   v    | 1.750 |", "|   v    |", "3 cells"),
        (
            "Helper acc: ",
            "\u{0}\u{1}garbage",
            "nothing that the published program prints",
        ),
        (
            "-- Validation --",
            "-- Vali --",
            "nothing that the published program prints",
        ),
        (
            "-- Epoch Summary --",
            "-- Training --",
            "does not come here",
        ),
        (
            "Remaining Time(min): 0.100",
            "Remaining Time(min): soon",
            "no number",
        ),
        ("epochs: 4", "epochs: four", "a whole number is expected"),
        ("random_seed: 7", "random_seed 7", "`key: value`"),
        ("a_skip_factor", "q_skip_factor", "no known modality"),
        ("lr_decay_step: 3", "lr_decay_step: 0", "is 0"),
        (
            "END SKIP INFO",
            "END",
            "nothing that the published program prints",
        ),
    ] {
        assert!(text.contains(found), "{found}");
        let broken = text.replacen(found, instead, 1);
        let error = PublishedLog::parse("abc.log", &broken).unwrap_err();
        let message = error.to_string();
        assert!(
            matches!(error, FigureError::PublishedLine { .. }),
            "{message}"
        );
        assert!(message.starts_with("abc.log:"), "{message}");
        assert!(message.contains(why), "{instead}: {message}");
    }
}

#[test]
fn the_line_of_an_error_is_counted_from_one() {
    let text = alternating();
    let broken = text.replacen("Best Epoch: 0", "what is this", 1);
    let line = 1 + broken.lines().position(|l| l == "what is this").unwrap();
    let message = PublishedLog::parse("abc.log", &broken)
        .unwrap_err()
        .to_string();
    assert!(
        message.starts_with(&format!("abc.log:{line}: ")),
        "{message}"
    );
}

#[test]
fn two_logs_in_one_file_and_files_that_are_no_log() {
    let text = alternating();
    let message = PublishedLog::parse("abc.log", &(text.clone() + &text))
        .unwrap_err()
        .to_string();
    assert!(message.contains("a second log begins here"), "{message}");
    for other in ["", "hello\n", "{\"kind\":\"epoch\"}\n", "\u{0}\n"] {
        let error = PublishedLog::parse("other", other).unwrap_err();
        assert!(
            matches!(error, FigureError::NoPublishedEpoch { .. }),
            "{error}"
        );
        assert!(error.to_string().contains("CSV"), "{error}");
    }
}
