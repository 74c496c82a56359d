//! A run whose loss or gradient becomes NaN or infinite stops before it spoils anything that is
//! kept, with every method.

use amst_train::{Checkpoint, RunState, SaveEvery, TrainError, status};

use crate::cells::systems;
use crate::cut::{Made, checkpoints, short};

/// What made the run stop, without the running text.
fn place(error: &TrainError) -> (usize, usize, String) {
    match error {
        TrainError::Diverged {
            epoch,
            step,
            samples,
            ..
        }
        | TrainError::Gradient {
            epoch,
            step,
            samples,
            ..
        } => (*epoch, *step, samples.clone()),
        other => panic!("{other}"),
    }
}

#[test]
fn every_method_stops_before_the_update_and_its_last_checkpoint_is_whole_and_finite() {
    for system in systems() {
        let settings = short(
            &system
                .iter()
                .map(String::as_str)
                .chain(["optim.lr=1e18", "mslr.lr.audio=1e18"])
                .collect::<Vec<_>>(),
        );
        let runs = tempfile::tempdir().unwrap();
        let made = Made::new(&settings, runs.path()).every(SaveEvery::Steps(1));
        let error = made.train().unwrap_err();
        assert_eq!(error.exit_code(), 4, "{system:?}: {error}");
        let (epoch, step, samples) = place(&error);
        assert!(
            samples.contains("train-") || samples.contains("split"),
            "{samples}"
        );
        // Where an evaluation found it, its epoch is no checkpoint yet, and all steps before it
        // are.
        let newest = checkpoints(&made.dir()).pop();
        if let Some(newest) = newest {
            assert!(
                newest.as_str() <= format!("{epoch:05}-{:05}", step + 1).as_str(),
                "{system:?}: {newest} {epoch} {step}"
            );
            let checkpoint =
                Checkpoint::open(&made.dir().join("checkpoints").join(newest)).unwrap();
            checkpoint.verify().unwrap();
            for tensor in checkpoint.tensors("velocity.safetensors").unwrap() {
                let values: Vec<f32> = tensor.data().unwrap().try_to_vec().unwrap();
                assert!(
                    values.iter().all(|value| value.is_finite()),
                    "{system:?}: {}",
                    tensor.name()
                );
            }
        } else {
            assert_eq!((epoch, step), (0, 0), "{system:?}");
        }
        assert!(!made.dir().join("result.json").exists());
        assert!(
            matches!(status(runs.path())[0].state, RunState::Diverged { .. }),
            "{:?}",
            status(runs.path())
        );
        // The same command comes to the same end, and spoils nothing either.
        assert_eq!(
            place(&made.train().unwrap_err()),
            (epoch, step, samples),
            "{system:?}"
        );
    }
}
