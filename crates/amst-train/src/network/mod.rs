//! A trained network in use.

mod export;
mod find;
mod predict;

use std::path::PathBuf;

use amst::{Method, Modality, Net};
use amst_encoders::{AnyEncoder, Renames, WeightsError};
use amst_recipe::{Recipe, TextModel};
use burn::module::Module;
use burn::tensor::Device;

pub use export::{ExportPart, Exported};
pub use find::{FoundNetwork, NetworkPath, find_network};
pub use predict::{Answer, Prediction, Predictor};

use crate::{Evaluation, Evaluator, TrainError, build};

/// A network with the weights that a run left behind, in evaluation mode.
///
/// ```
/// use std::collections::BTreeMap;
///
/// use amst_data::{Prepared, Source};
/// use amst::methods::built_in;
/// use amst_recipe::{DataLock, DatasetSpec, Modality, ResolvedDataset};
/// use amst_train::{NetworkPath, Run, SelectedNetwork, Trainer, find_network};
/// use burn::tensor::Device;
///
/// # let dataset = ResolvedDataset { spec: DatasetSpec::synthetic(), root: Default::default() };
/// # let set = ["epochs=1", "modalities=text", "method=unimodal", "text.vocabulary=258"].map(String::from);
/// # let recipe = built_in().resolve(&[dataset.spec.recipe.clone()], &set)?;
/// # let (data, lock) = (Prepared::synthetic(&recipe)?, DataLock::of(&dataset)?);
/// let runs = tempfile::tempdir()?;
/// let file = runs.path().join("weights.safetensors");
/// let run = Run::create(runs.path(), &built_in().cell(recipe, &lock), &lock)?;
/// let folder = run.dir().to_path_buf();
/// Trainer::new(run, data, Device::flex())?.keep_weights(&file)?.train(&mut |_| {})?;
///
/// let found = find_network(&NetworkPath::Weights { file, run: Some(folder) })?;
/// let classes = found.classes.clone().unwrap();
/// let network = SelectedNetwork::read(&found, &classes, None, &Device::flex())?;
/// let mut predictor = network.predictor()?;
/// predictor.add(&BTreeMap::from([(Modality::Text, Source::Text("drei".into()))]))?;
/// let predictions = predictor.finish()?;
/// let fused = predictions[0].fused();
/// println!("{} with {:.0} %", classes[fused.predicted], 100.0 * fused.probabilities[fused.predicted]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct SelectedNetwork {
    recipe: Recipe,
    classes: Vec<String>,
    text_model: Option<TextModel>,
    tokenizer: Option<PathBuf>,
    method: Box<dyn Method<AnyEncoder>>,
    net: Net<AnyEncoder>,
    names: Renames,
    device: Device,
}

impl SelectedNetwork {
    /// Reads a network's weights onto a device. `classes` are its classes by index, and
    /// `text_model` is the model of a recipe whose text encoder is pretrained.
    ///
    /// # Errors
    ///
    /// A file that cannot be read, or does not hold exactly the tensors of this recipe's network
    /// with so many classes.
    pub fn read(
        found: &FoundNetwork,
        classes: &[String],
        text_model: Option<&TextModel>,
        device: &Device,
    ) -> Result<Self, TrainError> {
        let mut built = build(
            &found.recipe,
            text_model,
            classes.len(),
            &device.clone().autodiff(),
        )?;
        built
            .read_weights(&found.weights)
            .map_err(|error| match error {
                TrainError::Weights(WeightsError::File { path, why }) => {
                    let why = format!("{why}; `amst train --weights FILE` writes such a file");
                    WeightsError::File { path, why }.into()
                }
                other => other,
            })?;
        Ok(Self {
            recipe: found.recipe.clone(),
            classes: classes.to_vec(),
            tokenizer: text_model
                .map(|model| model.folder().into())
                .or(found.tokenizer.clone()),
            text_model: text_model.cloned(),
            names: built.names(),
            net: built.net.valid(),
            method: built.method,
            device: device.clone(),
        })
    }

    /// The recipe it was trained by.
    pub fn recipe(&self) -> &Recipe {
        &self.recipe
    }

    /// Its classes, by index.
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// Names of its branches: one empty name, or `alt` and `joint`.
    pub fn branches(&self) -> Vec<&'static str> {
        self.method
            .branches()
            .into_iter()
            .map(|(name, _)| name)
            .collect()
    }

    /// In training order.
    pub fn modalities(&self) -> Vec<Modality> {
        self.method.modalities().to_vec()
    }

    /// Names of its outputs for a sample of which nothing is missing, in order: each modality and
    /// `fused`, of each branch.
    pub fn outputs(&self) -> Vec<String> {
        let modalities = self.modalities();
        let mut own: Vec<String> = modalities.iter().map(ToString::to_string).collect();
        own.push("fused".into());
        let branches = self.branches();
        if branches.len() == 1 {
            return own;
        }
        let mut outputs = Vec::new();
        for branch in branches {
            outputs.extend(own.iter().map(|name| format!("{branch}.{name}")));
        }
        outputs.push("fused".into());
        outputs
    }

    /// An evaluator of a split, for [`SelectedNetwork::evaluate`]; its batches are as large as in
    /// the run.
    ///
    /// # Errors
    ///
    /// A batch size of 0.
    pub fn evaluator(&self, split: amst_data::Split) -> Result<Evaluator, TrainError> {
        Evaluator::new(split, self.recipe.eval_batch_size, self.net.branches.len())
    }

    /// Evaluates a split.
    ///
    /// # Errors
    ///
    /// A sample that cannot be read.
    pub fn evaluate(&self, evaluator: &mut Evaluator) -> Result<Evaluation, TrainError> {
        evaluator.evaluate(self.method.as_ref(), &self.net, &self.device)
    }
}
