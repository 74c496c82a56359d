//! Eq. 1: which modality trains in which epoch.

use std::collections::BTreeMap;

use amst::{
    AccuracyGapSpec, AutoRule, AutoSpec, GapSplit, MethodError, Modality, ModalitySchedule,
    OwnScores, Score, SkipSchedule,
};
use proptest::prelude::*;

use Modality::{Audio, Text, Visual};
use ModalitySchedule::Every;

const NEVER: ModalitySchedule = ModalitySchedule::Never;

fn one(s: u32, base: usize) -> SkipSchedule {
    SkipSchedule::new(&[(Audio, Every(s))], base).unwrap()
}

/// The paper's skip parameters over its 100 epochs.
#[test]
fn active_epochs_of_the_papers_settings_are_as_counted_by_hand() {
    for (s, from_zero, from_one) in [
        (1, 100, 100),
        (2, 50, 50),
        (4, 25, 25),
        (5, 20, 20),
        (6, 17, 16),
        (10, 10, 10),
    ] {
        assert_eq!(
            one(s, 0).active_epochs(Audio, 100),
            from_zero,
            "s = {s}, epochs from 0"
        );
        assert_eq!(
            one(s, 1).active_epochs(Audio, 100),
            from_one,
            "s = {s}, epochs from 1"
        );
    }
}

#[test]
fn from_zero_everything_trains_in_the_first_epoch_and_from_one_it_waits() {
    let schedule =
        |base| SkipSchedule::new(&[(Audio, Every(3)), (Visual, Every(1))], base).unwrap();
    let active = |base| {
        (0..4)
            .map(|e| schedule(base).is_active(Audio, e))
            .collect::<Vec<_>>()
    };
    assert_eq!(active(0), [true, false, false, true]);
    assert_eq!(active(1), [false, false, true, false]);
}

#[test]
fn never_means_in_no_epoch() {
    for base in [0, 1] {
        let schedule = SkipSchedule::new(&[(Audio, NEVER), (Visual, Every(1))], base).unwrap();
        assert_eq!(schedule.active_epochs(Audio, 1000), 0);
        assert_eq!(schedule.active(0), [Visual]);
        assert_eq!(
            schedule.modalities(),
            [Audio, Visual],
            "it is still part of the network"
        );
        assert!(!schedule.is_never_skipped(Audio));
    }
}

#[test]
fn a_modality_outside_the_schedule_is_never_active() {
    assert!(!one(1, 0).is_active(Text, 0));
    assert_eq!(one(1, 0).active_epochs(Text, 10), 0);
}

#[test]
fn a_skip_parameter_of_zero_is_refused_naming_its_key() {
    let refused = SkipSchedule::new(&[(Audio, Every(1)), (Visual, Every(0))], 0).unwrap_err();
    assert_eq!(refused, MethodError::ZeroSkip(Visual));
    let message = refused.to_string();
    assert!(
        message.contains("skip.visual") && message.contains("never"),
        "{message}"
    );
}

#[test]
fn a_schedule_without_a_modality_is_refused() {
    assert_eq!(SkipSchedule::new(&[], 0), Err(MethodError::NoModality));
}

#[test]
fn a_schedule_in_which_nothing_would_train_is_refused() {
    let never = SkipSchedule::new(&[(Audio, NEVER), (Visual, NEVER)], 0).unwrap();
    assert_eq!(
        never.check_trains(100),
        Err(MethodError::NothingTrains { epochs: 100 })
    );
    // From 1, s = 5 first trains in the fifth epoch.
    assert_eq!(
        one(5, 1).check_trains(4),
        Err(MethodError::NothingTrains { epochs: 4 })
    );
    assert_eq!(one(5, 1).check_trains(5), Ok(()));
    assert_eq!(one(5, 0).check_trains(1), Ok(()));
    let mixed = SkipSchedule::new(&[(Audio, NEVER), (Visual, Every(1))], 0).unwrap();
    assert_eq!(mixed.check_trains(1), Ok(()), "one modality is enough");
}

fn numbers(schedule: ModalitySchedule, base: usize) -> Vec<usize> {
    let schedule = SkipSchedule::new(&[(Audio, schedule), (Visual, Every(1))], base).unwrap();
    (0..10).filter(|e| schedule.is_active(Audio, *e)).collect()
}

#[test]
fn windows_and_lists_count_epochs_from_the_base() {
    let window = ModalitySchedule::Window { from: 2, to: 5 };
    assert_eq!(numbers(window.clone(), 0), [0, 1, 5, 6, 7, 8, 9]);
    assert_eq!(numbers(window, 1), [0, 4, 5, 6, 7, 8, 9]);
    let list = ModalitySchedule::Epochs(vec![1, 4]);
    assert_eq!(numbers(list.clone(), 0), [1, 4]);
    assert_eq!(numbers(list, 1), [0, 3]);
    assert_eq!(
        numbers(ModalitySchedule::EveryBatch(3), 0),
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
    );
}

/// Scores by accuracy, the same on both splits; the loss is of no interest.
fn accuracies(audio: f64, visual: f64) -> OwnScores {
    let scores: BTreeMap<Modality, Score> = [(Audio, audio), (Visual, visual)]
        .map(|(modality, accuracy)| {
            let loss = 1.0 - accuracy;
            (modality, Score { loss, accuracy })
        })
        .into();
    OwnScores {
        training: scores.clone(),
        validation: scores,
    }
}

fn auto(spec: AutoSpec) -> SkipSchedule {
    let both = [Audio, Visual].map(|m| (m, ModalitySchedule::Auto));
    SkipSchedule::new(&both, 0).unwrap().with_auto(&spec)
}

/// Epochs that train audio, and audio's s after each epoch that does.
fn audio_under(schedule: &mut SkipSchedule, scores: &[(f64, f64)]) -> Vec<(usize, u32)> {
    let mut trained = Vec::new();
    for (epoch, (audio, visual)) in scores.iter().enumerate() {
        let active = schedule.active(epoch);
        assert!(active.contains(&Visual), "the least accurate never rests");
        let decisions = schedule.end_epoch(epoch, &accuracies(*audio, *visual));
        if active.contains(&Audio) {
            let own = decisions.iter().find(|d| d.modality == Audio);
            trained.push((epoch, own.map_or(1, |decision| decision.after)));
        }
    }
    trained
}

#[test]
fn a_modality_that_is_ahead_rests_longer_and_longer_and_comes_back() {
    let spec = AutoSpec {
        rule: AutoRule::AccuracyGap,
        warm_up: 2,
        accuracy_gap: AccuracyGapSpec {
            mean_of: 1,
            ..AccuracyGapSpec::default()
        },
        max: 3,
        ..AutoSpec::default()
    };
    let mut schedule = auto(spec);
    let mut scores = vec![(0.5, 0.3); 10];
    // Visual catches up to within the threshold at which audio trains more often.
    scores.extend([(0.5, 0.49); 6]);
    let trained = audio_under(&mut schedule, &scores);
    assert_eq!(
        trained,
        [
            (0, 1),
            (1, 2),
            (3, 3),
            (6, 3),
            (9, 3),
            (12, 2),
            (14, 1),
            (15, 1)
        ]
    );
}

#[test]
fn between_the_thresholds_s_stays() {
    let mut schedule = auto(AutoSpec {
        rule: AutoRule::AccuracyGap,
        warm_up: 0,
        accuracy_gap: AccuracyGapSpec {
            mean_of: 1,
            ..AccuracyGapSpec::default()
        },
        ..AutoSpec::default()
    });
    let decisions = schedule.end_epoch(0, &accuracies(0.50, 0.44));
    assert_eq!(decisions[0].after, 2);
    schedule.end_epoch(1, &accuracies(0.50, 0.46));
    let decisions = schedule.end_epoch(2, &accuracies(0.50, 0.46));
    assert_eq!((decisions[0].before, decisions[0].after), (2, 2));
    assert!((decisions[0].signal - 0.04).abs() < 1e-12);
    assert_eq!(decisions[0].numbers["mean_accuracy.visual"], 0.46);
}

/// Audio fits the training samples and visual the others.
#[test]
fn the_gap_is_that_of_the_split_that_is_asked_for() {
    for (split, rests) in [(GapSplit::Train, Audio), (GapSplit::Val, Visual)] {
        let mut schedule = auto(AutoSpec {
            rule: AutoRule::AccuracyGap,
            warm_up: 0,
            accuracy_gap: AccuracyGapSpec {
                split,
                ..AccuracyGapSpec::default()
            },
            ..AutoSpec::default()
        });
        let scores = OwnScores {
            training: accuracies(0.9, 0.5).training,
            validation: accuracies(0.4, 0.6).validation,
        };
        let decisions = schedule.end_epoch(0, &scores);
        let grown = decisions.iter().filter(|decision| decision.after > 1);
        assert_eq!(grown.map(|d| d.modality).collect::<Vec<_>>(), [rests]);
    }
}

/// With fast execution nothing is measured of audio while it rests.
#[test]
fn a_modality_that_rests_keeps_the_training_accuracy_that_it_had() {
    let mut schedule = auto(AutoSpec {
        rule: AutoRule::AccuracyGap,
        warm_up: 0,
        ..AutoSpec::default()
    });
    schedule.end_epoch(0, &accuracies(0.9, 0.5));
    assert_eq!(schedule.active(1), [Visual]);
    let mut scores = accuracies(0.9, 0.7);
    scores.training.remove(&Audio);
    schedule.end_epoch(1, &scores);
    let decisions = schedule.end_epoch(2, &accuracies(0.9, 0.9));
    let audio = decisions.iter().find(|d| d.modality == Audio).unwrap();
    assert!((audio.signal - (0.9 - 0.7)).abs() < 1e-12, "{audio:?}");
}

#[test]
fn on_a_plateau_a_modality_rests_and_where_all_do_the_longest_waiting_trains() {
    let mut schedule = auto(AutoSpec {
        rule: AutoRule::Plateau,
        warm_up: 0,
        ..AutoSpec::default()
    });
    let mut trained = Vec::new();
    for epoch in 0..12 {
        let active = schedule.active(epoch);
        assert!(!active.is_empty(), "epoch {epoch} trains nothing");
        trained.push(active.len());
        // Neither ever improves on its first loss.
        schedule.end_epoch(epoch, &accuracies(0.5, 0.5));
    }
    assert!(trained[6..].contains(&1), "{trained:?}");
    assert!(trained.iter().sum::<usize>() < 18, "{trained:?}");
}

#[test]
fn an_automatic_schedule_goes_on_where_it_was_left() {
    for rule in [AutoRule::AccuracyGap, AutoRule::Plateau] {
        let spec = AutoSpec {
            rule,
            warm_up: 1,
            ..AutoSpec::default()
        };
        // Whatever: rising, with steps back.
        let score = |epoch: usize| {
            let at = epoch as f64;
            accuracies(0.9 - 0.8 / (at + 1.0), 0.3 + 0.02 * (at * 7.0 % 5.0))
        };
        let mut whole = auto(spec.clone());
        let mut resumed = auto(spec.clone());
        for epoch in 0..30 {
            // As a checkpoint keeps it, and another process begins.
            let mut state = resumed.state();
            resumed = auto(spec.clone());
            resumed.restore(&mut state).unwrap();
            assert!(state.is_empty());
            assert_eq!(resumed, whole);
            assert_eq!(resumed.active(epoch), whole.active(epoch));
            assert_eq!(
                resumed.end_epoch(epoch, &score(epoch)),
                whole.end_epoch(epoch, &score(epoch))
            );
        }
        let other = AutoSpec {
            rule: match rule {
                AutoRule::AccuracyGap => AutoRule::Plateau,
                AutoRule::Plateau => AutoRule::AccuracyGap,
            },
            ..AutoSpec::default()
        };
        assert!(auto(other).restore(&mut whole.state()).is_err());
    }
}

#[test]
fn a_window_before_the_first_epoch_skips_nothing() {
    let window = vec![(Audio, ModalitySchedule::Window { from: 0, to: 1 })];
    for (base, is_never_skipped) in [(0, false), (1, true)] {
        let schedule = SkipSchedule::new(&window, base).unwrap();
        assert_eq!(schedule.is_never_skipped(Audio), is_never_skipped);
        assert_eq!(schedule.is_active(Audio, 0), is_never_skipped);
    }
}

fn every() -> impl Strategy<Value = ModalitySchedule> {
    let window = (0usize..30, 1usize..30).prop_map(|(from, length)| ModalitySchedule::Window {
        from,
        to: from + length,
    });
    let list = proptest::collection::btree_set(0usize..100, 1..9)
        .prop_map(|epochs| ModalitySchedule::Epochs(epochs.into_iter().collect()));
    prop_oneof![8 => (1u32..40).prop_map(Every), 2 => window, 2 => list, 1 => Just(NEVER)]
}

/// Some of the modalities, in any order.
fn schedules() -> impl Strategy<Value = Vec<(Modality, ModalitySchedule)>> {
    let all = proptest::sample::subsequence(Modality::ALL.to_vec(), 1..=3).prop_shuffle();
    (all, proptest::collection::vec(every(), 3))
        .prop_map(|(all, every)| all.into_iter().zip(every).collect())
}

proptest! {
    #[test]
    fn epochs_from_zero_give_the_quotient_rounded_up(s in 1u32..200, epochs in 0usize..400) {
        prop_assert_eq!(one(s, 0).active_epochs(Audio, epochs), epochs.div_ceil(s as usize));
    }

    #[test]
    fn epochs_from_one_give_the_quotient_rounded_down(s in 1u32..200, epochs in 0usize..400) {
        prop_assert_eq!(one(s, 1).active_epochs(Audio, epochs), epochs / s as usize);
    }

    #[test]
    fn exactly_one_of_s_epochs_in_a_row_is_active(s in 1u32..50, start in 0usize..300, base in 0usize..2) {
        let active = (start..start + s as usize).filter(|e| one(s, base).is_active(Audio, *e)).count();
        prop_assert_eq!(active, 1);
    }

    #[test]
    fn active_modalities_come_in_training_order(every in schedules(), epoch in 0usize..100, base in 0usize..2) {
        let schedule = SkipSchedule::new(&every, base).unwrap();
        let active = schedule.active(epoch);
        prop_assert!(active.is_sorted());
        let asked: Vec<_> = Modality::ALL.into_iter().filter(|m| schedule.is_active(*m, epoch)).collect();
        prop_assert_eq!(active, asked);
    }

    #[test]
    fn the_order_in_which_modalities_are_given_does_not_matter(every in schedules(), base in 0usize..2) {
        let mut reversed = every.clone();
        reversed.reverse();
        prop_assert_eq!(SkipSchedule::new(&every, base), SkipSchedule::new(&reversed, base));
    }

    #[test]
    fn never_skipped_means_active_in_every_epoch(every in schedules(), base in 0usize..2) {
        let schedule = SkipSchedule::new(&every, base).unwrap();
        for modality in schedule.modalities().to_vec() {
            let always = schedule.active_epochs(modality, 100) == 100;
            prop_assert_eq!(schedule.is_never_skipped(modality), always);
        }
    }

    #[test]
    fn a_skip_of_zero_is_refused_for_every_modality(mut every in schedules(), at in 0usize..3) {
        let at = at % every.len();
        every[at].1 = Every(0);
        prop_assert_eq!(SkipSchedule::new(&every, 0), Err(MethodError::ZeroSkip(every[at].0)));
    }
}
