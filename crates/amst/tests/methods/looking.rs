//! Looking at the data before an epoch moves nothing.

use amst::methods::gradient_blending::BlendingSpec;
use amst::methods::pmr::{PmrSpec, PrototypeSplit};
use amst::{GradientBlending, Pmr};

use crate::toy::{Run, SETS, differing};

/// Not a weight, not a running statistic, not a velocity.
fn leaves_everything(mut run: Run) {
    run.epoch(0);
    let before = run.state();
    run.begin(1);
    assert_eq!(differing(&before, &run.state()), [""; 0]);
}

#[test]
fn making_prototypes_moves_nothing() {
    for modalities in SETS {
        for split in [PrototypeSplit::Train, PrototypeSplit::Val] {
            leaves_everything(Run::new(
                Pmr::new(
                    modalities,
                    &PmrSpec {
                        split,
                        ..PmrSpec::default()
                    },
                )
                .unwrap(),
            ));
        }
    }
}

#[test]
fn trying_out_every_loss_on_copies_moves_nothing() {
    for modalities in SETS {
        let spec = BlendingSpec { super_epoch: 1 };
        leaves_everything(Run::new(GradientBlending::new(modalities, &spec).unwrap()));
    }
}

/// In the second epoch of a super-epoch the weights are those of the first.
#[test]
fn weights_are_tried_out_once_a_super_epoch() {
    let weights = |run: &mut Run, epoch: usize| run.epoch(epoch)[0].balance.clone();
    for modalities in SETS {
        let mut run =
            Run::new(GradientBlending::new(modalities, &BlendingSpec { super_epoch: 2 }).unwrap());
        let first = weights(&mut run, 0);
        assert!(
            (first.iter().map(|(_, w)| w).sum::<f32>() - 1.0).abs() < 1e-6,
            "{first:?}"
        );
        assert_eq!(weights(&mut run, 1), first);
        assert_ne!(weights(&mut run, 2), first);
    }
}
