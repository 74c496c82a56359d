//! Event files, as far as bytes tell; `read_tensorboard.py` reads them as TensorBoard does.

use amst_figures::tensorboard_events;

use crate::runs::two_seeds;

fn holds(file: &[u8], part: &str) -> bool {
    let part = part.as_bytes();
    file.windows(part.len()).any(|window| window == part)
}

#[test]
fn a_run_gives_the_same_bytes_each_time_and_has_its_settings() {
    let folder = tempfile::tempdir().unwrap();
    for run in two_seeds(folder.path(), "Joint").runs() {
        let file = tensorboard_events(run);
        assert!(file == tensorboard_events(run));
        for part in [
            "hparams",
            "_hparams_/experiment",
            "_hparams_/session_start_info",
            "optim.lr",
            "batch_size",
            "skip.visual",
            "val/fused/accuracy",
        ] {
            assert!(holds(&file, part), "{part}");
        }
    }
}

#[test]
fn only_a_finished_run_has_a_test_accuracy_and_an_end() {
    let folder = tempfile::tempdir().unwrap();
    let mut run = two_seeds(folder.path(), "Joint").runs()[0].clone();
    let is_finished = |file: &[u8]| {
        let count = file
            .windows(26)
            .filter(|w| *w == b"result/test/fused/accuracy")
            .count();
        (count, holds(file, "_hparams_/session_end_info"))
    };
    assert!(run.result.is_some());
    // Once in the list of metrics.
    assert_eq!(is_finished(&tensorboard_events(&run)), (2, true));
    run.result = None;
    assert_eq!(is_finished(&tensorboard_events(&run)), (1, false));
}
