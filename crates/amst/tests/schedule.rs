//! Eq. 1: which modality trains in which epoch.

use amst::{Every, MethodError, Modality, Never, SkipSchedule};
use proptest::prelude::*;

use Every::Epochs;
use Modality::{Audio, Text, Visual};

const NEVER: Every = Every::Never(Never::Never);

fn one(s: u32, base: usize) -> SkipSchedule {
    SkipSchedule::new(&[(Audio, Epochs(s))], base).unwrap()
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
        |base| SkipSchedule::new(&[(Audio, Epochs(3)), (Visual, Epochs(1))], base).unwrap();
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
        let schedule = SkipSchedule::new(&[(Audio, NEVER), (Visual, Epochs(1))], base).unwrap();
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
    let refused = SkipSchedule::new(&[(Audio, Epochs(1)), (Visual, Epochs(0))], 0).unwrap_err();
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
    let mixed = SkipSchedule::new(&[(Audio, NEVER), (Visual, Epochs(1))], 0).unwrap();
    assert_eq!(mixed.check_trains(1), Ok(()), "one modality is enough");
}

fn every() -> impl Strategy<Value = Every> {
    prop_oneof![8 => (1u32..40).prop_map(Epochs), 1 => Just(NEVER)]
}

/// Some of the modalities, in any order.
fn schedules() -> impl Strategy<Value = Vec<(Modality, Every)>> {
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
        every[at].1 = Epochs(0);
        prop_assert_eq!(SkipSchedule::new(&every, 0), Err(MethodError::ZeroSkip(every[at].0)));
    }
}
