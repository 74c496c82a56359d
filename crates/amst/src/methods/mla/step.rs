//! docs/paper.md §4.6: alternating unimodal adaptation.

use crate::{
    Batch, Embeddings, FUSED, HeadKind, Method, MethodError, MethodState, Modality, Net, Outputs,
    StepContext, StepReport, alternating_step_with, training_order,
};
use amst_encoders::Encoder;
use amst_kernels::sums::{log_softmax, softmax, sum_last};
use burn::tensor::{Device, Tensor};

use super::{MlaFusion, MlaModification, MlaSpec, MlaTarget};

/// Every modality in every epoch, one after the other, through one head, whose gradients may
/// be kept away from what other modalities use; at test time logits are fused evenly, by
/// fixed shares or by certainty. With even fusion and untouched gradients it is AMST's
/// alternating module without skipping (D19).
pub struct Mla {
    modalities: Vec<Modality>,
    spec: MlaSpec,
    protection: Protection,
}

impl Mla {
    /// The method for these modalities.
    ///
    /// # Errors
    ///
    /// No modality.
    pub fn new(modalities: &[Modality], spec: &MlaSpec) -> Result<Self, MethodError> {
        Ok(Self {
            modalities: training_order(modalities)?,
            spec: spec.clone(),
            protection: Protection {
                target: spec.target,
                ..Default::default()
            },
        })
    }

    /// Replaces the even fusion of the head by this method's, where the head fused at all.
    fn fuse(&self, outputs: Outputs) -> Outputs {
        if self.spec.fusion == MlaFusion::Even || outputs.fused().is_none() {
            return outputs;
        }
        let mut present = Vec::new();
        let mut logits = Vec::new();
        for modality in &self.modalities {
            if let Some(own) = outputs.modality(*modality) {
                present.push(*modality);
                logits.push(own.clone());
            }
        }
        let shares = if self.spec.fusion == MlaFusion::Entropy {
            certainties(&logits)
        } else {
            let [samples, _] = logits[0].dims();
            let mut columns = Vec::new();
            for share in self.shares(&present) {
                columns.push(Tensor::full([samples, 1], share, &logits[0].device()));
            }
            columns
        };
        let weighed = logits.into_iter().zip(shares).map(|(o, share)| o * share);
        let fused = weighed.reduce(|a, b| a + b);
        let mut own = Outputs::new();
        for (name, logits) in outputs.iter().filter(|(name, _)| *name != FUSED) {
            own.push(name, logits.clone());
        }
        own.push(FUSED, fused.expect("there is at least one modality"));
        own
    }

    /// Fixed shares of the modalities that are there. If some are missing, the others keep their
    /// ratios and have the same sum as all together; where theirs are 0, they count evenly.
    fn shares(&self, present: &[Modality]) -> Vec<f64> {
        let own: Vec<f64> = present.iter().map(|m| self.spec.shares.of(*m)).collect();
        if present.len() == self.modalities.len() {
            return own;
        }
        let all: f64 = self
            .modalities
            .iter()
            .map(|m| self.spec.shares.of(*m))
            .sum();
        let left: f64 = own.iter().sum();
        if left > 0.0 {
            own.into_iter().map(|share| share * all / left).collect()
        } else {
            vec![all / present.len() as f64; present.len()]
        }
    }
}

/// How much each modality counts for each sample, `[batch, 1]` each: `exp(max_j H_j − H_m)`,
/// normalised over the modalities, with H the entropy of the predicted classes.
fn certainties(logits: &[Tensor<2>]) -> Vec<Tensor<2>> {
    let entropy = |o: &Tensor<2>| sum_last(softmax(o.clone()) * log_softmax(o.clone())).neg();
    let entropies = Tensor::cat(logits.iter().map(entropy).collect(), 1);
    let shares = softmax(entropies.neg());
    (0..logits.len())
        .map(|m| shares.clone().narrow(1, m, 1))
        .collect()
}

impl<E: Encoder> Method<E> for Mla {
    fn branches(&self) -> Vec<(&'static str, HeadKind)> {
        vec![("", HeadKind::Shared)]
    }

    fn modalities(&self) -> &[Modality] {
        &self.modalities
    }

    fn state(&self) -> MethodState {
        let Protection {
            projection,
            previous,
            ..
        } = &self.protection;
        let remembered = [("projection", projection), ("previous", previous)];
        let there = remembered
            .into_iter()
            .filter_map(|(name, tensor)| Some((name, tensor.as_ref()?)));
        there.fold(MethodState::new(), |state, (name, tensor)| {
            state.with_tensor(name, tensor)
        })
    }

    fn restore(
        &mut self,
        mut state: MethodState,
        _: &Net<E>,
        device: &Device,
    ) -> Result<(), MethodError> {
        self.protection.projection = state.take_tensor("projection", device)?;
        self.protection.previous = state.take_tensor("previous", device)?;
        state.end()
    }

    fn step(
        &mut self,
        net: &mut Net<E>,
        batch: &Batch,
        context: &mut StepContext<'_>,
    ) -> StepReport {
        let share = context.step as f64 / context.steps as f64;
        let (modification, protection) = (self.spec.modification, &mut self.protection);
        let branch = &mut net.branches[0];
        let mut report = alternating_step_with(
            branch,
            &self.modalities,
            batch,
            context,
            &mut |seen, gradient| match modification {
                MlaModification::Off => gradient,
                MlaModification::Rls => protection.apply(share, seen, gradient),
            },
        );
        report.outputs = self.fuse(report.outputs);
        report
    }

    fn outputs(&self, net: &Net<E>, embeddings: &Embeddings) -> Outputs {
        self.fuse(net.branches[0].outputs(&self.modalities, &embeddings[0]))
    }

    /// Evenly, by the renormalised shares or by the certainty of the modalities that are there.
    fn outputs_of_present(&self, net: &Net<E>, embeddings: &Embeddings) -> Outputs {
        self.fuse(net.branches[0].outputs_of_present(&self.modalities, &embeddings[0]))
    }
}

/// Recursive least squares: P shrinks in the directions r that were seen, and the head's
/// gradient becomes G P. One P for the whole run.
struct Protection {
    target: MlaTarget,
    /// `[D, D]`, symmetric; the identity before the first direction.
    projection: Option<Tensor<2>>,
    /// Mean embedding of the modality that stepped before, `[D, 1]`.
    previous: Option<Tensor<2>>,
}

impl Default for Protection {
    fn default() -> Self {
        Self {
            target: MlaTarget::Current,
            projection: None,
            previous: None,
        }
    }
}

impl Protection {
    /// The modified gradient `[D, classes]`. `share` says how much of the epoch is over: the
    /// regulariser `0.1^(1 + share)` falls from 0.1 to 0.01. The first step of a run is left alone.
    fn apply(&mut self, share: f64, seen: &Tensor<2>, gradient: Tensor<2>) -> Tensor<2> {
        let now = seen.clone().mean_dim(0).transpose();
        let Some(before) = self.previous.replace(now.clone()) else {
            return gradient;
        };
        let r = match self.target {
            MlaTarget::Current => now,
            MlaTarget::Previous => before,
        };
        let [width, _] = r.dims();
        let p = self
            .projection
            .take()
            .unwrap_or_else(|| Tensor::eye(width, &r.device()));
        let q = p.clone().matmul(r.clone());
        let scale = r
            .transpose()
            .matmul(q.clone())
            .add_scalar(0.1f64.powf(1.0 + share));
        let p = p - q.clone().matmul(q.transpose()) / scale;
        self.projection = Some(p.clone());
        p.transpose().matmul(gradient)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(tensor: Tensor<2>) -> Vec<f32> {
        tensor.into_data().try_to_vec().unwrap()
    }

    #[test]
    fn fixed_shares_of_those_that_are_there_keep_their_ratio_and_their_sum() {
        use Modality::{Audio, Text, Visual};
        let spec = |audio, text, visual| MlaSpec {
            fusion: MlaFusion::Fixed,
            shares: amst_recipe::Rates {
                audio,
                text,
                visual,
            },
            ..MlaSpec::default()
        };
        let mla = |spec: MlaSpec| Mla::new(&[Audio, Text, Visual], &spec).unwrap();
        let some = mla(spec(0.5, 0.25, 0.25));
        assert_eq!(some.shares(&[Audio, Text, Visual]), [0.5, 0.25, 0.25]);
        assert_eq!(some.shares(&[Text, Visual]), [0.5, 0.5]);
        let shares = some.shares(&[Audio, Visual]);
        assert!(
            (shares[0] - 2.0 / 3.0).abs() < 1e-12 && (shares[1] - 1.0 / 3.0).abs() < 1e-12,
            "{shares:?}"
        );
        assert_eq!(mla(spec(1.0, 0.0, 0.0)).shares(&[Text, Visual]), [0.5, 0.5]);
    }

    #[test]
    fn a_direction_that_was_seen_is_damped_and_others_are_not() {
        // P = I, r = (1, 0), alpha = 0.1: q = (1, 0), P = diag(1 - 1/1.1, 1) = diag(1/11, 1).
        let device = Device::flex();
        let mut protection = Protection::default();
        let seen = Tensor::<2>::from_data([[2.0, 0.0], [0.0, 0.0]], &device); // mean (1, 0)
        let gradient = Tensor::<2>::from_data([[11.0, 22.0], [3.0, 4.0]], &device); // [D, classes]
        let first = protection.apply(0.0, &seen, gradient.clone());
        assert_eq!(
            values(first),
            [11.0, 22.0, 3.0, 4.0],
            "the first step is left alone"
        );
        let second = values(protection.apply(0.0, &seen, gradient.clone()));
        second
            .iter()
            .zip([1.0, 2.0, 3.0, 4.0])
            .for_each(|(got, want)| assert!((got - want).abs() < 1e-5, "{second:?}"));
        // Half an epoch later alpha = 0.1^1.5; q = (1/11, 0), r q = 1/11, P = 1/11 -
        // (1/121)/(0.1^1.5 + 1/11).
        let third = values(protection.apply(0.5, &seen, gradient));
        let p = 1.0 / 11.0 - (1.0 / 121.0) / (0.1f64.powf(1.5) + 1.0 / 11.0);
        assert!(
            (third[0] as f64 - 11.0 * p).abs() < 1e-5 && third[2] == 3.0,
            "{third:?}"
        );
    }

    #[test]
    fn the_previous_modality_is_the_one_that_stepped_before() {
        let device = Device::flex();
        let mut protection = Protection {
            target: MlaTarget::Previous,
            ..Protection::default()
        };
        let gradient = Tensor::<2>::from_data([[11.0], [11.0]], &device);
        protection.apply(
            0.0,
            &Tensor::from_data([[1.0, 0.0]], &device),
            gradient.clone(),
        );
        let second =
            values(protection.apply(0.0, &Tensor::from_data([[0.0, 1.0]], &device), gradient));
        assert!(
            (second[0] - 1.0).abs() < 1e-5 && second[1] == 11.0,
            "{second:?}: the first modality is damped"
        );
    }

    #[test]
    fn a_certain_modality_counts_more_in_its_own_sample_only() {
        // Sample 0: even against (9/10, 1/10); sample 1: the other way round. H = ln 2 and
        // 0.3250830.
        let device = Device::flex();
        let (even, sure) = ([0.0, 0.0], [9f32.ln(), 0.0]);
        let a = Tensor::<2>::from_data([even, sure], &device);
        let b = Tensor::<2>::from_data([sure, even], &device);
        let shares: Vec<Vec<f32>> = certainties(&[a, b]).into_iter().map(values).collect();
        let more = 1.0 / (1.0 + (-(std::f64::consts::LN_2 - 0.325_083)).exp());
        for (share, want) in shares
            .concat()
            .into_iter()
            .zip([1.0 - more, more, more, 1.0 - more])
        {
            assert!((share as f64 - want).abs() < 1e-5, "{share} is not {want}");
        }
    }
}
