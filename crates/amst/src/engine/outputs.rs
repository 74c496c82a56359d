//! What a network says about a batch, and the embeddings it says it from.

use amst_recipe::Modality;
use burn::tensor::Tensor;

/// The name of the logits over all modalities, the ones that a method is judged by.
pub const FUSED: &str = "fused";

/// Detached embeddings of a batch or a whole split: by branch, by modality in training
/// order, absent where the modality was not forwarded; each `[samples, D]`.
pub type Embeddings = Vec<Vec<Option<Tensor<2>>>>;

/// Named logits, each `[samples, classes]`: one of each modality and `fused`, or those of
/// several branches as `alt.audio`, `alt.fused`, `joint.audio`, … and `fused` over all.
#[derive(Clone, Debug, Default)]
pub struct Outputs(Vec<(String, Tensor<2>)>);

impl Outputs {
    /// No outputs.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one.
    pub fn push(&mut self, name: impl Into<String>, logits: Tensor<2>) {
        self.0.push((name.into(), logits));
    }

    /// Adds all of a branch's, under `branch.`.
    pub fn extend_under(&mut self, branch: &str, outputs: Outputs) {
        self.0.extend(
            outputs
                .0
                .into_iter()
                .map(|(name, logits)| (format!("{branch}.{name}"), logits)),
        );
    }

    /// Adds all of another's.
    pub fn extend(&mut self, outputs: Outputs) {
        self.0.extend(outputs.0);
    }

    /// Name and logits of each.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Tensor<2>)> {
        self.0.iter().map(|(name, logits)| (name.as_str(), logits))
    }

    /// The logits of one.
    pub fn get(&self, name: &str) -> Option<&Tensor<2>> {
        self.0
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, logits)| logits)
    }

    /// Logits over all modalities, the ones that a method is judged by.
    pub fn fused(&self) -> Option<&Tensor<2>> {
        self.get(FUSED)
    }

    /// Logits of one modality of a single-branch network.
    pub fn modality(&self, modality: Modality) -> Option<&Tensor<2>> {
        self.get(modality.name())
    }
}
