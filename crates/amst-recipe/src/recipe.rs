//! The recipe: every setting that decides a result.

use std::ops::RangeInclusive;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::folder_name::dataset_of_recipe;
use crate::{
    BudgetSpec, MethodName, Modality, Precision, RecipeError, Section, SkipSpec, TextSpec,
};

/// A fully resolved training run. The defaults are the published ones (D4 and others in
/// docs/paper.md); small data sets override them in their descriptor.
///
/// Read from a file it may have sections that no method has: ask
/// [`Methods::known`](crate::Methods::known).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Recipe {
    /// The data set's name, for the run's folder and the table's heading.
    #[serde(deserialize_with = "dataset_of_recipe")]
    pub dataset: String,
    /// Which of the data set's splits is used, where its descriptor names several in `folds`; 0 is
    /// the first, and the only one where it names none.
    pub fold: usize,
    /// The modalities that take part, in training order.
    pub modalities: Vec<Modality>,
    /// The system that is trained.
    pub method: MethodName,
    /// How the joint module of `amst-full` is trained (D1).
    pub joint_mode: JointMode,
    /// Seed of initialisation, order and augmentation.
    pub seed: u64,
    /// Passes over the training split.
    pub epochs: usize,
    /// Samples a step; the last, smaller batch of an epoch is kept.
    pub batch_size: usize,
    /// Samples a step when evaluating; changes speed and memory only up to rounding.
    pub eval_batch_size: usize,
    /// How exactly convolutions and products are computed.
    pub precision: Precision,
    /// Optimiser and learning-rate schedule.
    pub optim: Optim,
    /// Which modality trains in which epoch (Eq. 1).
    pub skip: SkipSpec,
    /// Batches that every modality re-reads after each epoch to bring its BatchNorm statistics up
    /// to date, whatever the method; 0 leaves that to `skip.recalibrate` (a control, docs/paper.md
    /// §3.5).
    pub precise_bn: usize,
    /// Whether linear probes on detached embeddings are trained beside (docs/paper.md §2.3); they
    /// change nothing else.
    pub probes: bool,
    /// Whether the test split is evaluated after every epoch too. It is written down only: no epoch
    /// is chosen by it, and the weights are those of a run without it.
    pub test_every_epoch: bool,
    /// SHA-256 of the file of initial weights that `--init` names; empty where they are drawn from
    /// the seed.
    pub init: String,
    /// What the run may spend.
    pub budget: BudgetSpec,
    /// The methods' own settings, each in the section of its name.
    #[serde(flatten)]
    #[cfg_attr(feature = "schema", schemars(skip))]
    pub methods: Section,
    /// How sound becomes features and an embedding.
    pub audio: AudioSpec,
    /// How text becomes tokens and an embedding.
    pub text: TextSpec,
    /// How pictures become tensors and an embedding.
    pub visual: VisualSpec,
    /// The generator of `--dataset synthetic`.
    pub synthetic: SyntheticSpec,
}

impl Default for Recipe {
    fn default() -> Self {
        Self {
            dataset: String::new(),
            fold: 0,
            modalities: vec![Modality::Audio, Modality::Visual],
            method: MethodName::default(),
            joint_mode: JointMode::Joint,
            seed: 0,
            epochs: 100,
            batch_size: 64,
            eval_batch_size: 64,
            precision: Precision::F32,
            optim: Optim::default(),
            skip: SkipSpec::default(),
            precise_bn: 0,
            probes: false,
            test_every_epoch: false,
            init: String::new(),
            budget: BudgetSpec::default(),
            methods: Section::default(),
            audio: AudioSpec::default(),
            text: TextSpec::default(),
            visual: VisualSpec::default(),
            synthetic: SyntheticSpec::default(),
        }
    }
}

impl Recipe {
    /// The settings of one method; its defaults where the recipe does not have them.
    ///
    /// # Errors
    ///
    /// [`RecipeError::Value`] of the section: settings that the type does not read.
    pub fn own<T: DeserializeOwned + Default>(&self, section: &str) -> Result<T, RecipeError> {
        self.methods.get(section).map_or(Ok(T::default()), |own| {
            own.read()
                .map_err(|e| RecipeError::value(section, e.to_string()))
        })
    }

    /// The share of the run's steps that train a modality, as far as its schedule says; 1 where
    /// that is decided while training.
    pub fn trained_share(&self, modality: Modality) -> f64 {
        let schedule = self.skip.of(modality);
        schedule.share(self.epochs, self.skip.epoch_base)
    }

    /// Whether this recipe is another one with another number of epochs, and the same otherwise: the
    /// same training, longer or shorter, is another run of its own.
    pub fn differs_only_in_epochs(&self, other: &Self) -> bool {
        let with_its_epochs = Self {
            epochs: other.epochs,
            ..self.clone()
        };
        self.epochs != other.epochs && with_its_epochs == *other
    }

    /// Replaces the settings of one method.
    pub fn set_own(&mut self, section: &str, settings: &impl Serialize) {
        self.methods.set(section, Section::from_settings(settings));
    }
}

/// How the joint module inside `amst-full` learns (D1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum JointMode {
    /// One loss on the fused logits, as the paper says (Algorithm 2).
    Joint,
    /// One loss a modality on its part of the head, as the published code does.
    Alternating,
}

/// Stochastic gradient descent with momentum, weight decay and a step schedule (D4).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Optim {
    /// Learning rate of the first epochs.
    pub lr: f64,
    /// Momentum without dampening, not Nesterov's.
    pub momentum: f64,
    /// Added to every gradient as `weight_decay * parameter`, BatchNorm and biases included.
    pub weight_decay: f64,
    /// Epochs between two drops of the learning rate.
    pub lr_step: usize,
    /// Factor of each drop.
    pub lr_gamma: f64,
}

impl Default for Optim {
    fn default() -> Self {
        Self {
            lr: 1e-3,
            momentum: 0.9,
            weight_decay: 1e-4,
            lr_step: 70,
            lr_gamma: 0.1,
        }
    }
}

/// The first layers of a ResNet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Stem {
    /// 7×7 convolution of stride 2 and 3×3 max-pooling, as torchvision has it.
    Imagenet,
    /// 3×3 convolution of stride 1 and no pooling, for inputs of a few dozen pixels.
    Small,
}

/// Sound: filterbank and encoder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct AudioSpec {
    /// Mel bins.
    pub mels: usize,
    /// Frames after padding or truncation.
    pub target_frames: usize,
    /// Length of a frame in milliseconds.
    pub frame_length_ms: f32,
    /// Distance between frames in milliseconds.
    pub frame_shift_ms: f32,
    /// Whether the mean of the waveform is taken off first.
    pub remove_mean: bool,
    /// Rate in Hz, from 4000 to 192000, that every recording is resampled to before its filterbank,
    /// as `torchaudio.functional.resample` does it; `off` where each keeps its own rate.
    #[serde(with = "crate::resampling")]
    #[cfg_attr(feature = "schema", schemars(with = "crate::resampling::Written"))]
    pub resample: Option<u32>,
    /// Subtracted from every log-mel value that is not padding; 0 as published.
    pub mean: f32,
    /// Divides what is left; 1 as published.
    pub std: f32,
    /// Channels of the ResNet's first stage.
    pub width: usize,
    /// The ResNet's first layers.
    pub stem: Stem,
    /// Width of the embedding; 0 is the ResNet's own, 8 × `width`, without projection.
    pub embed: usize,
}

impl AudioSpec {
    /// The rates in Hz that `resample` takes.
    pub const RESAMPLE_HZ: RangeInclusive<u32> = 4_000..=192_000;
}

impl Default for AudioSpec {
    fn default() -> Self {
        Self {
            mels: 128,
            target_frames: 1024,
            frame_length_ms: 25.0,
            frame_shift_ms: 10.0,
            remove_mean: true,
            resample: None,
            mean: 0.0,
            std: 1.0,
            width: 64,
            stem: Stem::Imagenet,
            embed: 0,
        }
    }
}

/// Pictures: transforms and encoder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct VisualSpec {
    /// Height and width that the encoder sees, in pixels.
    pub size: [usize; 2],
    /// 3 for colour, 1 for grey.
    pub channels: usize,
    /// Frames a sample.
    pub frames: usize,
    /// Mean of each channel, of values in 0..1.
    pub mean: Vec<f32>,
    /// Standard deviation of each channel.
    pub std: Vec<f32>,
    /// Range of the random crop's area; empty switches the crop off.
    pub crop_scale: Vec<f32>,
    /// Range of the random crop's width-to-height ratio.
    pub crop_ratio: [f32; 2],
    /// Probability of a horizontal flip; 0 where left and right differ, as in digits.
    pub flip: f32,
    /// Channels of the ResNet's first stage.
    pub width: usize,
    /// The ResNet's first layers.
    pub stem: Stem,
    /// Width of the embedding; 0 is the ResNet's own, 8 × `width`, without projection.
    pub embed: usize,
}

impl Default for VisualSpec {
    fn default() -> Self {
        Self {
            size: [224, 224],
            channels: 3,
            frames: 3,
            mean: vec![0.485, 0.456, 0.406],
            std: vec![0.229, 0.224, 0.225],
            crop_scale: vec![0.08, 1.0],
            crop_ratio: [0.75, 4.0 / 3.0],
            flip: 0.5,
            width: 64,
            stem: Stem::Imagenet,
            embed: 0,
        }
    }
}

/// The generator behind `--dataset synthetic`: class-conditional samples whose modalities
/// are learnt at speeds that are set here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct SyntheticSpec {
    /// Number of classes.
    pub classes: usize,
    /// Training samples.
    pub train: usize,
    /// Validation samples.
    pub val: usize,
    /// Test samples.
    pub test: usize,
    /// How fast audio is learnt, from 0 (pure noise) to 1 (its class stands out at once).
    pub audio: f32,
    /// The same for text.
    pub text: f32,
    /// The same for pictures.
    pub visual: f32,
    /// Seed of the samples themselves, apart from the training seed.
    pub seed: u64,
}

impl Default for SyntheticSpec {
    fn default() -> Self {
        Self {
            classes: 4,
            train: 96,
            val: 32,
            test: 32,
            audio: 0.9,
            text: 0.6,
            visual: 0.4,
            seed: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_another_number_of_epochs_is_the_same_training_for_longer() {
        let two = Recipe {
            epochs: 2,
            ..Recipe::default()
        };
        let four = Recipe {
            epochs: 4,
            ..Recipe::default()
        };
        assert!(two.differs_only_in_epochs(&four) && four.differs_only_in_epochs(&two));
        assert!(!two.differs_only_in_epochs(&two));
        let other_seed = Recipe { seed: 1, ..four };
        assert!(!two.differs_only_in_epochs(&other_seed));
    }
}
