//! METHODS 4.5: a learning rate a modality.

use crate::{
    Batch, HeadKind, Method, MethodError, MethodState, Modality, Net, Scores, Skipping,
    StepContext, StepReport,
};
use amst_encoders::Encoder;
use burn::tensor::Device;

use crate::Naive;
use crate::methods::naive::rates;

use super::{MslrSpec, MslrStrategy};
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
        let naive = Naive::new(
            modalities,
            &NaiveSpec {
                head: spec.head,
                lr: spec.lr,
            },
        )?;
        let skipping = Skipping::never(modalities)?;
        let first = rates(&skipping, &spec.lr);
        let modalities = skipping.schedule.modalities();
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
        let before = self.seen.clone();
        self.seen.push(accuracies);
        match self.spec.strategy {
            MslrStrategy::Keep => {}
            MslrStrategy::DynamicAgm if before.len() >= window => {
                self.take(self.scaled(&self.first, &before[before.len() - window..]));
            }
            MslrStrategy::DynamicAmst
                if epoch > 0 && epoch.is_multiple_of(window) && self.seen.len() >= window =>
            {
                self.take(self.scaled(&self.present, &self.seen[self.seen.len() - window..]));
            }
            MslrStrategy::DynamicAgm | MslrStrategy::DynamicAmst => {}
        }
    }

    fn take(&mut self, rates: Vec<f64>) {
        self.naive.set_rates(&rates);
        (self.present, self.adapted) = (rates, true);
    }

    /// Rates times the latest accuracy over the mean of some epochs'.
    fn scaled(&self, rates: &[f64], epochs: &[Vec<f64>]) -> Vec<f64> {
        let now = self.seen.last().expect("an epoch was just seen");
        let ratio = |m: usize| {
            let mean =
                epochs.iter().map(|accuracies| accuracies[m]).sum::<f64>() / epochs.len() as f64;
            if mean > 0.0 { now[m] / mean } else { 1.0 }
        };
        rates
            .iter()
            .enumerate()
            .map(|(m, rate)| rate * ratio(m))
            .collect()
    }
}

impl<E: Encoder> Method<E> for Mslr {
    fn branches(&self) -> Vec<(&'static str, HeadKind)> {
        Method::<E>::branches(&self.naive)
    }

    fn skipping(&self) -> &Skipping {
        Method::<E>::skipping(&self.naive)
    }

    fn step(
        &mut self,
        net: Net<E>,
        batch: &Batch,
        context: &mut StepContext<'_>,
    ) -> (Net<E>, StepReport) {
        let (net, mut report) = self.naive.step(net, batch, context);
        let rate =
            |(m, rate): (&Modality, &f64)| (format!("lr.{m}"), (rate * context.decay) as f32);
        report.balance = self
            .modalities
            .iter()
            .zip(&self.present)
            .map(rate)
            .collect();
        (net, report)
    }

    fn state(&self) -> MethodState {
        let state = MethodState::new().with_numbers("present", &self.present);
        state
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
        self.seen = state
            .take_all("seen")?
            .chunks(count)
            .map(<[f64]>::to_vec)
            .collect();
        let present = state.take_some("present", count)?;
        if state.take::<1>("adapted")? != [0.0] {
            self.take(present);
        }
        state.end()
    }

    fn end_epoch(&mut self, _: &mut Net<E>, epoch: usize, validation: &Scores) -> Vec<Modality> {
        let accuracy = |m: &Modality| validation.get(m.name()).map_or(0.0, |score| score.accuracy);
        self.adapt(epoch, self.modalities.iter().map(accuracy).collect());
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
