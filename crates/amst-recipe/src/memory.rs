//! How much memory a training run needs, roughly, before it starts.

use crate::operations::convolutions;
use crate::{MethodFacts, Modality, Recipe, RecipeError, TextEncoder};

/// Bytes of a number.
const NUMBER: f64 = 4.0;
/// Weights, their gradients, velocities, and the best network so far.
const COPIES: f64 = 4.0;
/// Numbers that are kept for the backward pass, for each that a convolution gives: itself, what
/// BatchNorm makes of it and what follows. From measured runs (docs/performance.md).
const KEPT: f64 = 4.0;
/// The same for each number of a transformer layer's output: queries, keys, values, four times as
/// many between the two matrices, norms and dropout.
const KEPT_OF_LAYER: f64 = 24.0;
/// Batches in memory at a time: those that are made ahead, one that was moved, one that is computed
/// on.
const BATCHES: f64 = 5.0;
/// The program itself.
const PROGRAM: f64 = 64.0 * 1024.0 * 1024.0;

/// What one modality's encoder keeps.
struct Need {
    parameters: f64,
    /// Numbers that are kept of one sample for the backward pass.
    kept: f64,
    /// Numbers of one sample's input.
    input: f64,
}

impl Recipe {
    /// Bytes that a training run needs at most, to a factor of two: parameters in four copies, what
    /// a batch leaves for the backward pass, and the batches in memory. Where losses take turns one
    /// encoder's part of that is there at a time, otherwise that of all.
    pub fn training_memory(&self, method: &dyn MethodFacts) -> u64 {
        let (fixed, sample) = self.memory_parts(method);
        (fixed + sample * self.batch_size as f64) as u64
    }

    /// The largest batch with which a run fits into so many bytes; 0 if none does.
    pub fn fitting_batch(&self, method: &dyn MethodFacts, bytes: u64) -> usize {
        let (fixed, sample) = self.memory_parts(method);
        ((bytes as f64 - fixed) / sample).max(0.0) as usize
    }

    /// Refuses a run that cannot fit: even half of the estimate, which is good to a factor of two, is
    /// more than `bytes`, what the machine or device has.
    ///
    /// # Errors
    ///
    /// [`RecipeError::Value`] of `batch_size`, with both numbers and the largest batch that fits by
    /// estimate.
    pub fn check_memory(&self, method: &dyn MethodFacts, bytes: u64) -> Result<(), RecipeError> {
        let needed = self.training_memory(method);
        if needed / 2 <= bytes {
            return Ok(());
        }
        let gib = |bytes: u64| format!("{:.1} GiB", bytes as f64 / f64::from(1 << 30));
        let remedy = match self.fitting_batch(method, bytes) {
            0 => {
                "no batch fits beside the network: use smaller inputs (`audio.target_frames`, \
                  `visual.size`, `text.max_length`), narrower encoders (`audio.width`, `visual.width`), \
                  or a machine with more memory"
                    .into()
            }
            fits => format!(
                "`--set batch_size={fits}` fits by estimate; it changes results, so give it to every \
                 run that is compared"
            ),
        };
        Err(RecipeError::value(
            "batch_size",
            format!(
                "{} samples a step need about {} of memory, and there are {}: {remedy}",
                self.batch_size,
                gib(needed),
                gib(bytes)
            ),
        ))
    }

    /// Bytes that do not depend on the batch, and bytes a sample.
    fn memory_parts(&self, method: &dyn MethodFacts) -> (f64, f64) {
        let needs: Vec<Need> = self.modalities.iter().map(|m| self.need(*m)).collect();
        let modules = method.branches().len() as f64;
        let parameters: f64 = modules * needs.iter().map(|need| need.parameters).sum::<f64>();
        let kept = needs.iter().map(|need| need.kept);
        let kept = if method.takes_turns() {
            kept.fold(0.0, f64::max)
        } else {
            kept.sum()
        };
        let input: f64 = needs.iter().map(|need| need.input).sum();
        (
            PROGRAM + NUMBER * COPIES * parameters,
            NUMBER * (kept + BATCHES * input),
        )
    }

    fn need(&self, modality: Modality) -> Need {
        match modality {
            Modality::Audio => {
                let a = &self.audio;
                self.resnet_need(modality, 1, [a.target_frames, a.mels], 1, (a.width, a.stem))
            }
            Modality::Visual => {
                let v = &self.visual;
                self.resnet_need(modality, v.channels, v.size, v.frames, (v.width, v.stem))
            }
            Modality::Text => self.text_need(),
        }
    }

    fn resnet_need(
        &self,
        modality: Modality,
        channels: usize,
        size: [usize; 2],
        pictures: usize,
        (width, stem): (usize, crate::Stem),
    ) -> Need {
        let (mut parameters, mut values) = (0.0, 0.0);
        convolutions(
            channels,
            size,
            width,
            stem,
            self.projection(modality),
            &mut |layer| {
                parameters += layer.weights() + 2.0 * layer.to as f64;
                values += layer.values();
            },
        );
        let input = [pictures, channels, size[0], size[1]].map(|n| n as f64);
        let input = input.iter().product();
        Need {
            parameters,
            kept: KEPT * pictures as f64 * values,
            input,
        }
    }

    fn text_need(&self) -> Need {
        let text = &self.text;
        let [length, width, layers, heads] =
            [text.max_length, text.width, text.layers, text.heads].map(|n| n as f64);
        let table = text.vocabulary as f64 * width;
        let trained = match text.encoder {
            TextEncoder::Bag => {
                return Need {
                    parameters: table + width * self.embed() as f64,
                    kept: length * width,
                    input: length,
                };
            }
            TextEncoder::Transformer => layers,
            TextEncoder::Pretrained(_) => text.unfrozen_layers as f64,
        };
        let kept = trained * (KEPT_OF_LAYER * length * width + 4.0 * heads * length * length);
        Need {
            parameters: table + layers * 12.0 * width * width,
            kept,
            input: 2.0 * length,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toy::{TOGETHER, TURNS, TWO_BRANCHES, toys};

    fn recipe(settings: &[&str]) -> Recipe {
        let settings: Vec<String> = settings.iter().map(|s| s.to_string()).collect();
        toys().resolve(&[], &settings).unwrap()
    }

    #[test]
    fn a_resnet_has_the_parameters_that_torchvision_counts() {
        // resnet18 without its classifier: 11,176,512.
        assert_eq!(recipe(&[]).need(Modality::Visual).parameters, 11_176_512.0);
    }

    #[test]
    fn the_estimate_is_near_what_a_measured_run_took() {
        // One ResNet-18 on 3×224×224, batch 16: 0.78 GB on flex.
        let one = recipe(&["modalities=visual", "visual.frames=1", "batch_size=16"]);
        let gigabytes = one.training_memory(&TOGETHER) as f64 / 1e9;
        assert!((0.39..1.56).contains(&gigabytes), "{gigabytes}");
    }

    #[test]
    fn a_batch_that_fits_is_the_largest() {
        let recipe = recipe(&[]);
        let fits = recipe.fitting_batch(&TOGETHER, 8 << 30);
        let with = |batch_size: usize| {
            Recipe {
                batch_size,
                ..recipe.clone()
            }
            .training_memory(&TOGETHER)
        };
        assert!(
            fits > 0 && with(fits) <= 8 << 30 && with(fits + 1) > 8 << 30,
            "{fits}"
        );
        assert_eq!(recipe.fitting_batch(&TOGETHER, 1 << 20), 0);
    }

    #[test]
    fn what_cannot_fit_is_refused_with_the_numbers_and_a_batch_that_fits() {
        let recipe = recipe(&["batch_size=4096"]);
        let needed = recipe.training_memory(&TOGETHER);
        recipe.check_memory(&TOGETHER, needed / 2).unwrap();
        let bytes = 8 << 30;
        let error = recipe
            .check_memory(&TOGETHER, bytes)
            .unwrap_err()
            .to_string();
        let fits = recipe.fitting_batch(&TOGETHER, bytes);
        let gib = format!("{:.1} GiB", needed as f64 / f64::from(1 << 30));
        for words in [
            "`batch_size`: 4096 samples a step",
            &gib,
            "8.0 GiB",
            &format!("`--set batch_size={fits}`"),
        ] {
            assert!(error.contains(words), "`{words}` is not in: {error}");
        }
        let error = recipe
            .check_memory(&TOGETHER, 1 << 20)
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("no batch fits") && error.contains("visual.size"),
            "{error}"
        );
    }

    /// What is kept for the backward pass is that of one encoder; parameters are those of all.
    #[test]
    fn where_modalities_take_turns_one_encoders_activations_are_held() {
        let recipe = recipe(&[]);
        let needs = [Modality::Audio, Modality::Visual].map(|m| recipe.need(m));
        let kept = |method: &dyn MethodFacts| recipe.memory_parts(method).1;
        let spared = needs[0].kept.min(needs[1].kept);
        assert_eq!(kept(&TOGETHER) - kept(&TURNS), NUMBER * spared);
        let fixed = |method: &dyn MethodFacts| recipe.memory_parts(method).0 - PROGRAM;
        assert_eq!(fixed(&TWO_BRANCHES), 2.0 * fixed(&TURNS));
    }
}
