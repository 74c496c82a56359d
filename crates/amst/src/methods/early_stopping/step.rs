//! docs/paper.md §4.7 and the paper's Section 3.1: a modality stops once it has converged.

use std::path::Path;

use crate::{
    Batch, EpochPlan, EpochScores, HeadKind, Method, MethodError, MethodState, Modality, Net,
    StepContext, StepReport, alternating_step, training_order,
};
use amst_encoders::{Encoder, Renames, held_tensors, replace_all};
use burn::tensor::Device;

use super::StoppingSpec;

/// The alternating module, each modality of which stops for good once its validation loss
/// has not improved for some epochs: what Figure 4 (b) measures skipping against. A modality
/// that stopped is neither loaded nor forwarded in training again.
pub struct EarlyStopping<E> {
    modalities: Vec<Modality>,
    spec: StoppingSpec,
    watches: Vec<Watch<E>>,
}

/// One modality's validation loss over the epochs.
struct Watch<E> {
    modality: Modality,
    best: f64,
    since: usize,
    stopped: bool,
    /// Its encoder in the best epoch.
    kept: Option<E>,
}

impl<E: Encoder> EarlyStopping<E> {
    /// The method for these modalities, all of them running.
    ///
    /// # Errors
    ///
    /// No modality.
    pub fn new(modalities: &[Modality], spec: &StoppingSpec) -> Result<Self, MethodError> {
        let modalities = training_order(modalities)?;
        let mut watches = Vec::new();
        for modality in &modalities {
            watches.push(Watch {
                modality: *modality,
                best: f64::INFINITY,
                since: 0,
                stopped: false,
                kept: None,
            });
        }
        Ok(Self {
            modalities,
            spec: spec.clone(),
            watches,
        })
    }

    fn running(&self) -> Vec<Modality> {
        let running = self.watches.iter().filter(|watch| !watch.stopped);
        running.map(|watch| watch.modality).collect()
    }
}

impl<E> Watch<E> {
    /// Takes an epoch's loss in; whether it is the best one yet.
    fn improves(&mut self, loss: f64, patience: usize) -> bool {
        let better = loss < self.best;
        if better {
            (self.best, self.since) = (loss, 0);
        } else {
            self.since += 1;
            self.stopped = self.since >= patience;
        }
        better
    }
}

impl<E: Encoder> Method<E> for EarlyStopping<E> {
    fn branches(&self) -> Vec<(&'static str, HeadKind)> {
        vec![("", HeadKind::Shared)]
    }

    fn modalities(&self) -> &[Modality] {
        &self.modalities
    }

    fn plan(&self, epoch: usize) -> EpochPlan {
        EpochPlan::only(epoch, self.running())
    }

    fn is_finished(&self) -> bool {
        self.running().is_empty()
    }

    fn state(&self) -> MethodState {
        let mut state = MethodState::new();
        for watch in &self.watches {
            let Watch {
                modality,
                best,
                since,
                stopped,
                kept,
            } = watch;
            state = state.with_numbers(
                format!("watch.{modality}"),
                &[*best, *since as f64, f64::from(*stopped)],
            );
            let encoder = kept
                .iter()
                .flat_map(|kept| held_tensors(kept, &names()).expect("fixed names"));
            state.tensors.extend(encoder.map(|tensor| {
                let name = format!("kept.{modality}.{}", tensor.name());
                tensor.named(name)
            }));
        }
        state
    }

    fn restore(
        &mut self,
        mut state: MethodState,
        net: &Net<E>,
        _: &Device,
    ) -> Result<(), MethodError> {
        for (watch, encoder) in self.watches.iter_mut().zip(&net.branches[0].encoders) {
            let modality = watch.modality;
            let [best, since, stopped] = state.take(&format!("watch.{modality}"))?;
            (watch.best, watch.since, watch.stopped) = (best, since as usize, stopped != 0.0);
            let kept = state.take_below(&format!("kept.{modality}"));
            watch.kept = (!kept.is_empty()).then(|| encoder.valid());
            if let Some(encoder) = &mut watch.kept {
                replace_all(encoder, kept, Path::new("the kept encoder"), &names())
                    .map_err(|e| MethodError::State { why: e.to_string() })?;
            }
        }
        state.end()
    }

    fn step(
        &mut self,
        net: &mut Net<E>,
        batch: &Batch,
        context: &mut StepContext<'_>,
    ) -> StepReport {
        alternating_step(&mut net.branches[0], &self.modalities, batch, context)
    }

    fn end_epoch(&mut self, net: &mut Net<E>, _: usize, scores: &EpochScores) -> Vec<Modality> {
        let encoders = &mut net.branches[0].encoders;
        let mut restored = Vec::new();
        for (encoder, watch) in encoders
            .iter_mut()
            .zip(&mut self.watches)
            .filter(|(_, watch)| !watch.stopped)
        {
            let loss = scores
                .validation
                .get(watch.modality.name())
                .map_or(f64::INFINITY, |score| score.loss);
            if watch.improves(loss, self.spec.patience) {
                watch.kept = self.spec.restore.then(|| encoder.valid());
            } else if watch.stopped
                && let Some(best) = watch.kept.take()
            {
                *encoder = best.train();
                restored.push(watch.modality);
            }
        }
        restored
    }
}

/// What an encoder's tensors are called where it is kept.
fn names() -> Renames {
    Renames::torchvision().and(Renames::hugging_face())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_modality_stops_after_as_many_epochs_without_improvement_as_patience_says() {
        let mut watch = Watch::<()> {
            modality: Modality::Audio,
            best: f64::INFINITY,
            since: 0,
            stopped: false,
            kept: None,
        };
        let losses = [
            (2.0, true),
            (1.0, true),
            (1.0, false),
            (0.5, true),
            (0.6, false),
        ];
        for (loss, better) in losses {
            assert_eq!(watch.improves(loss, 2), better, "{loss}");
            assert!(!watch.stopped);
        }
        assert!(!watch.improves(0.5, 2), "equal is no improvement");
        assert!(watch.stopped && watch.best == 0.5);
    }
}
