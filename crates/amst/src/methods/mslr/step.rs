//! docs/paper.md §4.5: a learning rate a modality.

use crate::{
    Batch, EpochScores, HeadKind, Method, MethodError, MethodState, Modality, Net, StepContext,
    StepReport, training_order,
};
use amst_encoders::Encoder;
use burn::tensor::Device;

use super::{MslrSpec, MslrStrategy};
use crate::Naive;
use crate::methods::naive::NaiveSpec;

/// Naive, each encoder with the rate of its best unimodal run; kept, or scaled by how its
/// validation accuracy develops.
#[derive(Clone, Debug)]
pub struct Mslr {
    naive: Naive,
    spec: MslrSpec,
    modalities: Vec<Modality>,
    first: Vec<f64>,
    present: Vec<f64>,
    /// Whether the encoders go at the present rates, of which 0 is one, or still at the first, of
    /// which 0 means the common one.
    adapted: bool,
    /// Validation accuracies by epoch, by modality.
    seen: Vec<Vec<f64>>,
}

impl Mslr {
    /// The method at the given rates.
    ///
    /// # Errors
    ///
    /// No modality.
    pub fn new(modalities: &[Modality], spec: &MslrSpec) -> Result<Self, MethodError> {
        let joint = NaiveSpec {
            head: spec.head,
            lr: spec.lr,
        };
        let naive = Naive::new(modalities, &joint)?;
        let modalities = training_order(modalities)?;
        let first: Vec<f64> = modalities.iter().map(|m| spec.lr.of(*m)).collect();
        Ok(Self {
            naive,
            spec: spec.clone(),
            modalities,
            present: first.clone(),
            first,
            adapted: false,
            seen: Vec::new(),
        })
    }

    /// The rates of the next epoch, given the accuracies of this one.
    fn adapt(&mut self, epoch: usize, accuracies: Vec<f64>) {
        let window = self.spec.window;
        let before = self.seen.len();
        self.seen.push(accuracies);
        match self.spec.strategy {
            MslrStrategy::Keep => {}
            MslrStrategy::DynamicAgm => {
                if before >= window {
                    let rates = self.scaled(&self.first, &self.seen[before - window..before]);
                    self.set_rates(rates);
                }
            }
            MslrStrategy::DynamicAmst => {
                let seen = self.seen.len();
                if epoch > 0 && epoch.is_multiple_of(window) && seen >= window {
                    let rates = self.scaled(&self.present, &self.seen[seen - window..]);
                    self.set_rates(rates);
                }
            }
        }
    }

    fn set_rates(&mut self, rates: Vec<f64>) {
        self.naive.set_rates(&rates);
        self.present = rates;
        self.adapted = true;
    }

    /// Rates times the latest accuracy over the mean of some epochs'. A modality that got nothing
    /// right in them keeps its rate.
    fn scaled(&self, rates: &[f64], epochs: &[Vec<f64>]) -> Vec<f64> {
        let now = self.seen.last().expect("an epoch was just seen");
        let mut scaled = rates.to_vec();
        for (m, rate) in scaled.iter_mut().enumerate() {
            let sum: f64 = epochs.iter().map(|accuracies| accuracies[m]).sum();
            let mean = sum / epochs.len() as f64;
            if mean > 0.0 {
                *rate *= now[m] / mean;
            }
        }
        scaled
    }
}

impl<E: Encoder> Method<E> for Mslr {
    fn branches(&self) -> Vec<(&'static str, HeadKind)> {
        Method::<E>::branches(&self.naive)
    }

    fn modalities(&self) -> &[Modality] {
        &self.modalities
    }

    fn step(
        &mut self,
        net: &mut Net<E>,
        batch: &Batch,
        context: &mut StepContext<'_>,
    ) -> StepReport {
        let mut report = self.naive.step(net, batch, context);
        let mut rates = self.present.clone();
        rates
            .iter_mut()
            .for_each(|rate| *rate *= context.rate.decay);
        report.balance_by_modality("lr", &self.modalities, &rates);
        report
    }

    fn state(&self) -> MethodState {
        MethodState::new()
            .with_numbers("present", &self.present)
            .with_numbers("adapted", &[f64::from(self.adapted)])
            .with_numbers("seen", &self.seen.concat())
    }

    fn restore(
        &mut self,
        mut state: MethodState,
        _: &Net<E>,
        _: &Device,
    ) -> Result<(), MethodError> {
        let count = self.modalities.len();
        let seen = state.take_all("seen")?;
        self.seen = seen.chunks(count).map(<[f64]>::to_vec).collect();
        let present = state.take_some("present", count)?;
        if state.take::<1>("adapted")? != [0.0] {
            self.set_rates(present);
        }
        state.end()
    }

    fn end_epoch(&mut self, _: &mut Net<E>, epoch: usize, scores: &EpochScores) -> Vec<Modality> {
        let mut accuracies = Vec::new();
        for modality in &self.modalities {
            let score = scores.validation.get(modality.name());
            accuracies.push(score.map_or(0.0, |score| score.accuracy));
        }
        self.adapt(epoch, accuracies);
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use amst_recipe::{FusionHead, Rates};

    fn mslr(strategy: MslrStrategy) -> Mslr {
        let lr = Rates {
            audio: 1.0,
            visual: 10.0,
            text: 0.0,
        };
        let spec = MslrSpec {
            head: FusionHead::LateSum,
            strategy,
            lr,
            window: 2,
        };
        Mslr::new(&[Modality::Audio, Modality::Visual], &spec).unwrap()
    }

    #[test]
    fn keeping_keeps() {
        let mut mslr = mslr(MslrStrategy::Keep);
        (0..9).for_each(|epoch| mslr.adapt(epoch, vec![0.1 * epoch as f64, 0.5]));
        assert_eq!(mslr.present, [1.0, 10.0]);
    }

    #[test]
    fn agm_scales_the_first_rate_by_accuracy_over_the_previous_epochs() {
        let mut mslr = mslr(MslrStrategy::DynamicAgm);
        mslr.adapt(0, vec![0.2, 0.5]);
        mslr.adapt(1, vec![0.4, 0.5]);
        assert_eq!(mslr.present, [1.0, 10.0], "two are stored only now");
        mslr.adapt(2, vec![0.6, 0.25]); // 0.6 / 0.3 and 0.25 / 0.5
        assert_eq!(mslr.present, [0.6 / (0.6000000000000001 / 2.0), 5.0]);
        mslr.adapt(3, vec![0.5, 0.375]); // 0.5 / 0.5 and 0.375 / 0.375: the first rate again, not the last one
        assert_eq!(mslr.present, [1.0, 10.0]);
    }

    #[test]
    fn amst_scales_the_present_rate_every_window_epochs_by_accuracy_over_a_mean_with_itself() {
        let mut mslr = mslr(MslrStrategy::DynamicAmst);
        mslr.adapt(0, vec![0.25, 0.5]);
        mslr.adapt(1, vec![0.25, 0.5]);
        assert_eq!(mslr.present, [1.0, 10.0], "epoch 1 is no multiple of 2");
        mslr.adapt(2, vec![0.75, 0.5]); // 0.75 / 0.5
        assert_eq!(mslr.present, [1.5, 10.0]);
        mslr.adapt(3, vec![0.25, 0.5]);
        mslr.adapt(4, vec![0.75, 0.5]);
        assert_eq!(mslr.present, [2.25, 10.0], "on top of what it was");
    }

    #[test]
    fn a_modality_that_gets_nothing_right_keeps_its_rate() {
        let mut mslr = mslr(MslrStrategy::DynamicAgm);
        (0..4).for_each(|epoch| mslr.adapt(epoch, vec![0.0, 0.5]));
        assert_eq!(mslr.present, [1.0, 10.0]);
    }
}
