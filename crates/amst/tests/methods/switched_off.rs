//! A balancing method that balances nothing is Naive.

use amst::Modality;
use amst::methods::agm::AgmSpec;
use amst::methods::naive::NaiveSpec;
use amst::methods::ogm_ge::OgmSpec;
use amst::methods::pmr::PmrSpec;
use amst::{Agm, Naive, Noise, OgmGe, Pmr};
use amst_recipe::FusionHead;

use crate::toy::{EPOCHS, Run, SETS, assert_apart, assert_same, normal};

const HEADS: [FusionHead; 3] = [
    FusionHead::LateSum,
    FusionHead::Concat,
    FusionHead::SharedSum,
];

fn naive(modalities: &[Modality], head: FusionHead) -> Run {
    Run::new(
        Naive::new(
            modalities,
            &NaiveSpec {
                head,
                ..NaiveSpec::default()
            },
        )
        .unwrap(),
    )
}

/// Drawn from only where noise is on.
fn no_noise() -> Noise {
    Box::new(|_, _| Box::new(|_| panic!("noise is off")))
}

fn some_noise() -> Noise {
    Box::new(|epoch, step| {
        let mut numbers = normal((10 * epoch + step) as u64);
        Box::new(move |count| (0..count).map(|_| numbers() as f32).collect())
    })
}

fn ogm(modalities: &[Modality], spec: OgmSpec) -> Run {
    let noise = if spec.noise { some_noise() } else { no_noise() };
    Run::new(OgmGe::new(modalities, &spec, noise).unwrap())
}

#[test]
fn ogm_ge_of_strength_zero_without_noise_is_naive() {
    for modalities in SETS {
        for head in HEADS {
            let spec = OgmSpec {
                head,
                alpha: 0.0,
                noise: false,
                ..OgmSpec::default()
            };
            assert_same(ogm(modalities, spec), naive(modalities, head));
        }
    }
}

#[test]
fn ogm_ge_outside_its_window_is_naive() {
    for modalities in SETS {
        let spec = OgmSpec {
            alpha: 0.8,
            start: EPOCHS,
            end: 50,
            ..OgmSpec::default()
        };
        assert_same(
            ogm(modalities, spec),
            naive(modalities, FusionHead::LateSum),
        );
    }
}

#[test]
fn ogm_ge_inside_its_window_is_not_naive_be_it_by_strength_or_by_noise() {
    for modalities in SETS {
        for (alpha, noise) in [(0.8, false), (0.0, true)] {
            let spec = OgmSpec {
                alpha,
                noise,
                ..OgmSpec::default()
            };
            assert_apart(
                ogm(modalities, spec),
                naive(modalities, FusionHead::LateSum),
            );
        }
    }
}

fn pmr(modalities: &[Modality], spec: PmrSpec) -> Run {
    Run::new(Pmr::new(modalities, &spec).unwrap())
}

#[test]
fn pmr_outside_its_window_is_naive() {
    for modalities in SETS {
        for head in HEADS {
            let spec = PmrSpec {
                head,
                start: EPOCHS,
                end: 70,
                ..PmrSpec::default()
            };
            assert_same(pmr(modalities, spec), naive(modalities, head));
        }
    }
}

#[test]
fn pmr_of_strength_zero_is_naive() {
    for modalities in SETS {
        let spec = PmrSpec {
            alpha: 0.0,
            ..PmrSpec::default()
        };
        assert_same(
            pmr(modalities, spec),
            naive(modalities, FusionHead::LateSum),
        );
    }
}

#[test]
fn pmr_inside_its_window_is_not_naive() {
    for modalities in SETS {
        assert_apart(
            pmr(modalities, PmrSpec::default()),
            naive(modalities, FusionHead::LateSum),
        );
    }
}

/// Epochs 1 and 2 of four.
#[test]
fn a_window_includes_its_first_and_its_last_epoch() {
    for modalities in SETS {
        let mut ogm = ogm(
            modalities,
            OgmSpec {
                start: 1,
                end: 2,
                ..OgmSpec::default()
            },
        );
        let mut pmr = pmr(
            modalities,
            PmrSpec {
                start: 1,
                end: 2,
                ..PmrSpec::default()
            },
        );
        for epoch in 0..4 {
            let inside = epoch == 1 || epoch == 2;
            assert!(
                ogm.epoch(epoch)
                    .iter()
                    .all(|report| report.balance.is_empty() != inside),
                "epoch {epoch}"
            );
            let weighs =
                |report: &amst::StepReport| report.balance.iter().any(|(_, weight)| *weight > 0.0);
            assert!(
                pmr.epoch(epoch)
                    .iter()
                    .all(|report| weighs(report) == inside),
                "epoch {epoch}"
            );
        }
    }
}

fn agm(modalities: &[Modality], alpha: f64, clip: f64) -> Run {
    Run::new(
        Agm::new(
            modalities,
            &AgmSpec {
                alpha,
                clip,
                ..AgmSpec::default()
            },
        )
        .unwrap(),
    )
}

#[test]
fn agm_of_strength_zero_without_clipping_is_naive() {
    for modalities in SETS {
        assert_same(
            agm(modalities, 0.0, 0.0),
            naive(modalities, FusionHead::LateSum),
        );
        assert_same(
            agm(modalities, 0.0, 1e6),
            naive(modalities, FusionHead::LateSum),
        );
    }
}

#[test]
fn agm_of_some_strength_or_with_clipping_is_not_naive() {
    for modalities in SETS {
        for (alpha, clip) in [(1.5, 0.0), (0.0, 1e-3)] {
            assert_apart(
                agm(modalities, alpha, clip),
                naive(modalities, FusionHead::LateSum),
            );
        }
    }
}
