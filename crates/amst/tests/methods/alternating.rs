//! What is the alternating module under another name.

use amst::methods::early_stopping::StoppingSpec;
use amst::methods::mla::{MlaModification, MlaSpec};
use amst::{Alternating, Execution, Modality, ModalitySchedule, Score, Scores, SkipSchedule};
use amst::{EarlyStopping, Mla};

use crate::toy::{
    Audio, EPOCHS, Run, SETS, Text, Visual, assert_apart, assert_same, differing, validated, values,
};

fn alternating(modalities: &[Modality]) -> Run {
    Run::new(Alternating::new(
        SkipSchedule::always(modalities).unwrap(),
        Execution::Fast,
    ))
}

fn mla(modalities: &[Modality], modification: MlaModification) -> Run {
    Run::new(
        Mla::new(
            modalities,
            &MlaSpec {
                modification,
                ..MlaSpec::default()
            },
        )
        .unwrap(),
    )
}

#[test]
fn mla_with_even_fusion_and_untouched_gradients_is_the_alternating_module_that_never_skips() {
    for modalities in SETS {
        assert_same(
            mla(modalities, MlaModification::Off),
            alternating(modalities),
        );
    }
}

#[test]
fn mla_that_protects_its_head_is_not() {
    for modalities in SETS {
        assert_apart(
            mla(modalities, MlaModification::Rls),
            alternating(modalities),
        );
    }
}

#[test]
fn a_skip_parameter_of_one_is_no_skipping_however_it_is_carried_out() {
    for modalities in SETS {
        let every: Vec<_> = modalities
            .iter()
            .map(|m| (*m, ModalitySchedule::Every(1)))
            .collect();
        let from_one = SkipSchedule::new(&every, 1).unwrap();
        assert_same(
            Run::new(Alternating::new(from_one, Execution::Official)),
            alternating(modalities),
        );
    }
}

fn early_stopping(modalities: &[Modality], patience: usize, restore: bool) -> Run {
    Run::new(EarlyStopping::new(modalities, &StoppingSpec { patience, restore }).unwrap())
}

#[test]
fn early_stopping_with_endless_patience_is_the_alternating_module_that_never_skips() {
    for modalities in SETS {
        for restore in [true, false] {
            assert_same(
                early_stopping(modalities, EPOCHS + 1, restore),
                alternating(modalities),
            );
        }
    }
}

fn losses(of: &[(Modality, f64)]) -> Scores {
    of.iter()
        .map(|(m, loss)| {
            (
                m.name().to_string(),
                Score {
                    loss: *loss,
                    accuracy: 0.0,
                },
            )
        })
        .collect()
}

/// Audio is best after epoch 0; the others get better all the time.
#[test]
fn a_modality_that_stopped_is_back_in_its_best_epoch_and_neither_loaded_nor_moved() {
    let mut run = early_stopping(&[Audio, Text, Visual], 2, true);
    let audio = |run: &Run| values(&run.net.branches[0].encoders[0]);
    let rest = |run: &Run| values(&run.net.branches[0].encoders[2]);
    let mut best = None;
    for (epoch, loss) in [1.0, 1.5, 1.0].into_iter().enumerate() {
        assert_eq!(run.plan(epoch).trains, [Audio, Text, Visual]);
        run.step(epoch, 0);
        best.get_or_insert_with(|| audio(&run));
        let others = 1.0 / (epoch + 1) as f64;
        let scores = losses(&[(Audio, loss), (Text, others), (Visual, others)]);
        let changed = run.end_epoch(epoch, &validated(scores));
        assert_eq!(
            changed,
            if epoch == 2 { vec![Audio] } else { Vec::new() },
            "epoch {epoch}"
        );
    }
    assert_eq!(
        (run.plan(3).trains, run.plan(3).reads),
        (vec![Text, Visual], vec![Text, Visual])
    );
    assert_eq!(differing(&audio(&run), best.as_ref().unwrap()), [""; 0]);
    let before = rest(&run);
    let report = run.step(3, 0);
    assert_eq!(
        differing(&audio(&run), best.as_ref().unwrap()),
        [""; 0],
        "a stopped encoder stays, statistics too"
    );
    assert_ne!(differing(&rest(&run), &before), [""; 0]);
    assert!(report.losses.iter().all(|(name, _)| name != "audio") && report.losses.len() == 2);
    assert!(!run.method.is_finished());
    for epoch in 3..5 {
        run.end_epoch(epoch, &validated(losses(&[(Text, 9.0), (Visual, 9.0)])));
    }
    assert!(run.method.is_finished(), "everything has stopped");
}
