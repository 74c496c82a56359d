//! Predictions of a network for files.

use std::collections::BTreeMap;

use amst::{Embeddings, Modality};
use amst_data::{HostInput, Preprocessor, Source};
use burn::tensor::{Int, Tensor, TensorData};

use super::SelectedNetwork;
use crate::metrics::{argmax, softmax};
use crate::{TrainError, upload};

/// The prediction for one sample.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// The modalities it was given, in training order.
    pub present: Vec<Modality>,
    /// Those it was trained with and not given.
    pub missing: Vec<Modality>,
    /// Each modality that is there alone, then `fused` over them; of several branches
    /// `alt.audio`, …, `joint.fused` and `fused` over all.
    pub outputs: Vec<Answer>,
}

/// One output for one sample.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// `audio`, `alt.fused`, `fused`, …
    pub name: String,
    /// Of each class.
    pub logits: Vec<f32>,
    /// Of each class: the logits' softmax, in double precision.
    pub probabilities: Vec<f64>,
    /// Of the probabilities, in nats: 0 when certain, ln C when all C classes are equally likely.
    pub entropy: f64,
    /// Index of the likeliest class, the first of equals.
    pub predicted: usize,
}

impl Answer {
    fn new(name: &str, logits: &[f32]) -> Self {
        let probabilities = softmax(logits);
        let entropy = probabilities
            .iter()
            .filter(|p| **p > 0.0)
            .map(|p| -p * p.ln())
            .sum();
        Self {
            name: name.into(),
            logits: logits.into(),
            entropy,
            predicted: argmax(logits),
            probabilities,
        }
    }
}

impl Prediction {
    /// The final output.
    pub fn fused(&self) -> &Answer {
        let fused = self.outputs.iter().find(|answer| answer.name == "fused");
        fused.expect("what is present is always fused")
    }
}

/// Takes samples one by one and predicts them together.
///
/// Inputs are embedded in batches of the recipe's `eval_batch_size` and then forgotten, so the
/// number of samples is limited by their embeddings only. Samples of which nothing is missing,
/// given in a split's order, get the very logits that the split's evaluation has.
pub struct Predictor<'a> {
    network: &'a SelectedNetwork,
    preprocessor: Preprocessor,
    /// Read and not yet embedded.
    waiting: BTreeMap<Modality, Vec<HostInput>>,
    /// By branch, by modality: batches of embeddings of the samples that have the modality.
    embedded: Vec<Vec<Vec<Tensor<2>>>>,
    /// Of each sample, by modality: its row among those embeddings, if it has the modality.
    samples: Vec<Vec<Option<usize>>>,
    /// By modality: how many samples have it.
    counts: Vec<usize>,
}

impl SelectedNetwork {
    /// A predictor without samples.
    ///
    /// # Errors
    ///
    /// Settings of the recipe that fit no data.
    pub fn predictor(&self) -> Result<Predictor<'_>, TrainError> {
        let preprocessor = Preprocessor::new(&self.recipe, self.tokenizer.as_deref())?;
        let modalities = self.modalities().len();
        Ok(Predictor {
            network: self,
            preprocessor,
            waiting: BTreeMap::new(),
            embedded: vec![vec![Vec::new(); modalities]; self.net.branches.len()],
            samples: Vec::new(),
            counts: vec![0; modalities],
        })
    }
}

impl Predictor<'_> {
    /// Reads one sample. After an error the predictor is as before.
    ///
    /// # Errors
    ///
    /// A file that cannot be read or used, a modality that the network was not trained with, or
    /// none at all.
    pub fn add(&mut self, sources: &BTreeMap<Modality, Source>) -> Result<(), TrainError> {
        let modalities = self.network.modalities();
        if let Some(other) = sources.keys().find(|m| !modalities.contains(m)) {
            let own: Vec<&str> = modalities.iter().map(|m| m.name()).collect();
            return Err(TrainError::Unfit(format!(
                "this network reads {} and no {other}: leave {other} out",
                own.join(", ")
            )));
        }
        if sources.is_empty() {
            return Err(TrainError::Unfit(
                "a sample without a single modality says nothing: give one".into(),
            ));
        }
        let mut inputs = Vec::new();
        for (modality, source) in sources {
            inputs.push((*modality, self.preprocessor.read(*modality, source)?));
        }
        let mut rows = Vec::new();
        for (modality, count) in modalities.iter().zip(&mut self.counts) {
            let is_present = sources.contains_key(modality);
            rows.push(is_present.then_some(*count));
            *count += usize::from(is_present);
        }
        self.samples.push(rows);
        for (modality, input) in inputs {
            let waiting = self.waiting.entry(modality).or_default();
            waiting.push(input);
            if waiting.len() == self.network.recipe.eval_batch_size {
                self.embed(modality)?;
            }
        }
        Ok(())
    }

    /// What was noticed since the last call of files that could be read all the same.
    pub fn notes(&self) -> Vec<String> {
        self.preprocessor.notes()
    }

    /// Embeds what is waiting of a modality.
    fn embed(&mut self, modality: Modality) -> Result<(), TrainError> {
        let waiting = self.waiting.remove(&modality).unwrap_or_default();
        if waiting.is_empty() {
            return Ok(());
        }
        let batch = self
            .preprocessor
            .batch(modality, &waiting.iter().collect::<Vec<_>>())?;
        let SelectedNetwork { net, device, .. } = self.network;
        let embeddings = net.embed(&self.network.modalities(), &upload(batch, device));
        for (kept, embedded) in self
            .embedded
            .iter_mut()
            .flatten()
            .zip(embeddings.into_iter().flatten())
        {
            kept.extend(embedded);
        }
        Ok(())
    }

    /// The prediction for every sample, in the order in which they were added.
    ///
    /// # Errors
    ///
    /// Settings of the recipe that fit no data.
    pub fn finish(mut self) -> Result<Vec<Prediction>, TrainError> {
        let modalities = self.network.modalities();
        for modality in &modalities {
            self.embed(*modality)?;
        }
        let mut embeddings: Embeddings = Vec::new();
        for branch in std::mem::take(&mut self.embedded) {
            let joined = branch.into_iter().map(|batches| {
                let is_read = !batches.is_empty();
                is_read.then(|| Tensor::cat(batches, 0))
            });
            embeddings.push(joined.collect());
        }
        let mut predictions: Vec<Option<Prediction>> = vec![None; self.samples.len()];
        for (has, members) in groups(&self.samples) {
            let (mut present, mut missing) = (Vec::new(), Vec::new());
            for (modality, has) in modalities.iter().zip(&has) {
                if *has {
                    present.push(*modality);
                } else {
                    missing.push(*modality);
                }
            }
            let outputs = self.outputs(&embeddings, &members);
            for (member, outputs) in members.iter().zip(outputs) {
                predictions[*member] = Some(Prediction {
                    present: present.clone(),
                    missing: missing.clone(),
                    outputs,
                });
            }
        }
        Ok(predictions.into_iter().flatten().collect())
    }

    /// The answers for samples that have the same modalities.
    fn outputs(&self, embeddings: &Embeddings, members: &[usize]) -> Vec<Vec<Answer>> {
        let own: Embeddings = embeddings
            .iter()
            .map(|branch| {
                let modalities = branch.iter().enumerate();
                modalities
                    .map(|(m, all)| self.embeddings_of(members, m, all.as_ref()?))
                    .collect()
            })
            .collect();
        let outputs = self
            .network
            .method
            .outputs_of_present(&self.network.net, &own);
        let mut answers = vec![Vec::new(); members.len()];
        for (name, logits) in outputs.iter() {
            let [_, classes] = logits.dims();
            let values: Vec<f32> = logits
                .clone()
                .into_data()
                .try_to_vec()
                .expect("logits are 32-bit floats");
            for (answers, row) in answers.iter_mut().zip(values.chunks_exact(classes)) {
                answers.push(Answer::new(name, row));
            }
        }
        answers
    }

    /// The embeddings of some samples among `all` of modality `m`; `None` if they lack it.
    fn embeddings_of(&self, members: &[usize], m: usize, all: &Tensor<2>) -> Option<Tensor<2>> {
        let rows = members.iter().map(|member| self.samples[*member][m]);
        let rows: Vec<i64> = rows.map(|row| Some(row? as i64)).collect::<Option<_>>()?;
        if all.dims()[0] == rows.len() {
            // All samples in order: there is nothing to select.
            return Some(all.clone());
        }
        let rows = TensorData::new(rows, [members.len()]);
        let rows = Tensor::<1, Int>::from_data(rows, &all.device());
        Some(all.clone().select(0, rows))
    }
}

/// Samples by which modalities they have, in order.
fn groups(samples: &[Vec<Option<usize>>]) -> BTreeMap<Vec<bool>, Vec<usize>> {
    let mut groups = BTreeMap::<Vec<bool>, Vec<usize>>::new();
    for (index, rows) in samples.iter().enumerate() {
        groups
            .entry(rows.iter().map(Option::is_some).collect())
            .or_default()
            .push(index);
    }
    groups
}
