//! `plateau`: a modality whose validation loss no longer falls may rest.
//!
//! The signal of a modality is its validation loss after an epoch that trained it, minus the lowest
//! of all such losses before, in nats. It is negative while the modality still gains, and positive
//! once it overfits. Other modalities play no part in it.

use std::collections::BTreeMap;

use amst_recipe::Modality;

use super::Signal;
use crate::Score;

/// The losses of every modality that was trained.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plateau {
    losses: BTreeMap<Modality, Losses>,
}

/// After epochs that trained the modality.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Losses {
    /// The lowest before the last; infinite after the first.
    lowest: f64,
    last: f64,
}

impl Plateau {
    pub fn observe(&mut self, trained: &[Modality], scores: &BTreeMap<Modality, Score>) {
        for (modality, score) in scores.iter().filter(|(m, _)| trained.contains(*m)) {
            let before = self.losses.get(modality);
            let lowest = before.map_or(f64::INFINITY, |losses| losses.lowest.min(losses.last));
            let last = score.loss;
            self.losses.insert(*modality, Losses { lowest, last });
        }
    }

    pub fn signal(&self, modality: Modality) -> Option<Signal> {
        let Losses { lowest, last } = *self.losses.get(&modality)?;
        let numbers = [("lowest_loss", lowest), ("loss", last)];
        lowest.is_finite().then(|| Signal {
            value: last - lowest,
            numbers: numbers.map(|(name, loss)| (name.to_string(), loss)).into(),
        })
    }

    pub fn numbers(&self) -> BTreeMap<String, Vec<f64>> {
        let named = self.losses.iter();
        named
            .map(|(m, losses)| (format!("losses.{m}"), vec![losses.lowest, losses.last]))
            .collect()
    }

    /// Whether the numbers of this name are the rule's.
    pub fn set(&mut self, name: &str, numbers: Vec<f64>) -> bool {
        let of_name = |m: &Modality| name == format!("losses.{m}");
        let modality = Modality::ALL.into_iter().find(of_name);
        let (Some(modality), [lowest, last]) = (modality, numbers.as_slice()) else {
            return false;
        };
        let (lowest, last) = (*lowest, *last);
        self.losses.insert(modality, Losses { lowest, last });
        true
    }
}
