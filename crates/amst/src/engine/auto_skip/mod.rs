//! Skip parameters that are adapted while training (`skip.MODALITY = "auto"`), the future work of
//! the paper.
//!
//! A rule gives each modality a signal after each epoch; s grows by one where the signal is high,
//! and shrinks by one where it is low. Nothing of the test split is seen.

mod accuracy_gap;
mod plateau;

use std::collections::BTreeMap;

use amst_recipe::{AutoRule, AutoSpec, Modality};

use self::accuracy_gap::AccuracyGap;
use self::plateau::Plateau;
use crate::{MethodError, MethodState, Score};

/// Scores of each modality's own output in an epoch.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OwnScores {
    /// Over the epoch's steps, of the modalities that were forwarded.
    pub training: BTreeMap<Modality, Score>,
    /// After the epoch.
    pub validation: BTreeMap<Modality, Score>,
}

/// What was decided about a modality after an epoch in which it trained.
#[derive(Clone, Debug, PartialEq)]
pub struct SkipDecision {
    /// Counted from 0.
    pub epoch: usize,
    /// Whose s.
    pub modality: Modality,
    /// What the signal is.
    pub rule: AutoRule,
    /// The larger, the longer the modality may rest.
    pub signal: f64,
    /// The numbers that the signal was made of: `mean_accuracy.audio`, `loss`, …
    pub numbers: BTreeMap<String, f64>,
    /// s before.
    pub before: u32,
    /// s from now on.
    pub after: u32,
}

/// A signal and the numbers that it was made of.
struct Signal {
    value: f64,
    numbers: BTreeMap<String, f64>,
}

/// What gives the signal.
#[derive(Clone, Debug, PartialEq)]
enum Rule {
    AccuracyGap(AccuracyGap),
    Plateau(Plateau),
}

impl Rule {
    fn new(spec: &AutoSpec) -> Self {
        match spec.rule {
            AutoRule::AccuracyGap => Self::AccuracyGap(AccuracyGap::new(&spec.accuracy_gap)),
            AutoRule::Plateau => Self::Plateau(Plateau::default()),
        }
    }

    /// Takes in an epoch's scores.
    fn observe(&mut self, trained: &[Modality], scores: &OwnScores) {
        match self {
            Self::AccuracyGap(rule) => rule.observe(scores),
            Self::Plateau(rule) => rule.observe(trained, &scores.validation),
        }
    }

    /// The signal of a modality; `None` before there is anything to compare with.
    fn signal(&self, modality: Modality) -> Option<Signal> {
        match self {
            Self::AccuracyGap(rule) => rule.signal(modality),
            Self::Plateau(rule) => rule.signal(modality),
        }
    }

    /// By name, what the rule has seen.
    fn numbers(&self) -> BTreeMap<String, Vec<f64>> {
        match self {
            Self::AccuracyGap(rule) => rule.numbers(),
            Self::Plateau(rule) => rule.numbers(),
        }
    }

    fn set(&mut self, name: &str, numbers: Vec<f64>) -> bool {
        match self {
            Self::AccuracyGap(rule) => rule.set(name, numbers),
            Self::Plateau(rule) => rule.set(name, numbers),
        }
    }
}

/// The modalities whose s is adapted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AutoSkip {
    spec: AutoSpec,
    rule: Option<Rule>,
    adapted: Vec<Adapted>,
    /// Epochs that have ended.
    ended: usize,
}

/// A modality whose s is adapted.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Adapted {
    modality: Modality,
    s: u32,
    /// The last epoch that trained it, counted from 0.
    last_trained: Option<usize>,
}

impl Adapted {
    /// Epochs since it was trained; so many that it is due where it never was.
    fn waits(&self, epoch: usize) -> usize {
        self.last_trained
            .map_or(usize::MAX, |last| epoch.saturating_sub(last))
    }
}

/// What the names of a schedule's numbers in a checkpoint begin with.
const STATE: &str = "skip.auto.";

impl AutoSkip {
    /// The modalities, in training order, before the first epoch.
    pub fn new(spec: &AutoSpec, modalities: &[Modality]) -> Self {
        let adapted = modalities.iter().map(|modality| Adapted {
            modality: *modality,
            s: spec.min,
            last_trained: None,
        });
        Self {
            rule: (!modalities.is_empty()).then(|| Rule::new(spec)),
            adapted: adapted.collect(),
            spec: spec.clone(),
            ended: 0,
        }
    }

    /// Whether no s is adapted.
    pub fn is_empty(&self) -> bool {
        self.adapted.is_empty()
    }

    /// The adapted modalities that train in an epoch that has not ended, if no s changes before it.
    ///
    /// A modality trains when `s` epochs have passed since it last did. Where that leaves an epoch
    /// without any modality, the one that has waited longest trains. `others_train` says whether
    /// modalities with other schedules train in an epoch.
    pub fn active(&self, epoch: usize, others_train: impl Fn(usize) -> bool) -> Vec<Modality> {
        let mut adapted = self.adapted.clone();
        let mut due = Vec::new();
        for epoch in self.ended.min(epoch)..=epoch {
            due.clear();
            due.extend(
                adapted
                    .iter()
                    .enumerate()
                    .filter(|(_, a)| a.waits(epoch) >= a.s as usize)
                    .map(|(index, _)| index),
            );
            if due.is_empty() && !others_train(epoch) {
                // The first of those that waited equally long.
                let indices = (0..adapted.len()).rev();
                due.extend(indices.max_by_key(|index| adapted[*index].waits(epoch)));
            }
            for index in &due {
                adapted[*index].last_trained = Some(epoch);
            }
        }
        due.iter().map(|index| adapted[*index].modality).collect()
    }

    /// Adapts s after an epoch's validation.
    pub fn end_epoch(
        &mut self,
        epoch: usize,
        trained: &[Modality],
        scores: &OwnScores,
    ) -> Vec<SkipDecision> {
        self.ended = epoch + 1;
        let Some(rule) = &mut self.rule else {
            return Vec::new();
        };
        rule.observe(trained, scores);
        let mut decisions = Vec::new();
        let of_trained = |a: &&mut Adapted| trained.contains(&a.modality);
        for adapted in self.adapted.iter_mut().filter(of_trained) {
            adapted.last_trained = Some(epoch);
            let Some(signal) = rule.signal(adapted.modality) else {
                continue;
            };
            if epoch + 1 < self.spec.warm_up {
                continue;
            }
            let before = adapted.s;
            if signal.value >= self.spec.rest_at() {
                adapted.s = (before + 1).min(self.spec.max);
            } else if signal.value <= self.spec.train_at() {
                adapted.s = (before - 1).max(self.spec.min);
            }
            decisions.push(SkipDecision {
                epoch,
                modality: adapted.modality,
                rule: self.spec.rule,
                signal: signal.value,
                numbers: signal.numbers,
                before,
                after: adapted.s,
            });
        }
        decisions
    }

    /// What it would have to know to go on in another process.
    pub fn state(&self) -> MethodState {
        let mut state = MethodState::new();
        let Some(rule) = &self.rule else {
            return state;
        };
        state = state.with_numbers(format!("{STATE}ended"), &[self.ended as f64]);
        for adapted in &self.adapted {
            let last = adapted.last_trained.map_or(-1.0, |epoch| epoch as f64);
            let name = format!("{STATE}{}", adapted.modality);
            state = state.with_numbers(name, &[f64::from(adapted.s), last]);
        }
        for (name, numbers) in rule.numbers() {
            state = state.with_numbers(format!("{STATE}{name}"), &numbers);
        }
        state
    }

    /// Takes what [`AutoSkip::state`] gave out of a method's state.
    ///
    /// # Errors
    ///
    /// The state of another schedule.
    pub fn restore(&mut self, state: &mut MethodState) -> Result<(), MethodError> {
        let Some(rule) = &mut self.rule else {
            return Ok(());
        };
        let [ended] = state.take(&format!("{STATE}ended"))?;
        self.ended = ended as usize;
        for adapted in &mut self.adapted {
            let [s, last] = state.take(&format!("{STATE}{}", adapted.modality))?;
            adapted.s = s as u32;
            adapted.last_trained = (last >= 0.0).then_some(last as usize);
        }
        let names: Vec<String> = state
            .numbers
            .keys()
            .filter_map(|name| name.strip_prefix(STATE).map(str::to_string))
            .collect();
        for name in names {
            let numbers = state.take_all(&format!("{STATE}{name}"))?;
            if !rule.set(&name, numbers) {
                return Err(MethodError::State {
                    why: format!("`{STATE}{name}` belongs to another rule"),
                });
            }
        }
        Ok(())
    }
}
