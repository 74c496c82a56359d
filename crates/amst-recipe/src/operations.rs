//! How many operations an epoch takes, by the shapes alone (docs/paper.md §3.5).

use crate::{AudioSpec, Modality, Recipe, Stem, TextEncoder, VisualSpec};

/// Blocks of each of ResNet-18's four stages.
const BLOCKS: usize = 2;

impl Recipe {
    /// Multiplications with an addition that the forward pass of one sample through the encoder of
    /// a modality takes: convolutions and matrix products; what is done element by element is left
    /// out.
    pub fn forward_operations(&self, modality: Modality) -> f64 {
        match modality {
            Modality::Audio => {
                let AudioSpec {
                    mels,
                    target_frames,
                    width,
                    stem,
                    ..
                } = self.audio;
                resnet18(
                    1,
                    [target_frames, mels],
                    width,
                    stem,
                    self.projection(modality),
                )
            }
            Modality::Visual => {
                let VisualSpec {
                    size,
                    channels,
                    frames,
                    width,
                    stem,
                    ..
                } = self.visual;
                frames as f64 * resnet18(channels, size, width, stem, self.projection(modality))
            }
            Modality::Text => self.text_operations(),
        }
    }

    /// The same on the way back: twice as many, of the layers that train.
    pub fn backward_operations(&self, modality: Modality) -> f64 {
        let share = match (modality, &self.text.encoder) {
            (Modality::Text, TextEncoder::Pretrained(_)) => {
                self.text.unfrozen_layers as f64 / self.text.layers.max(1) as f64
            }
            _ => 1.0,
        };
        2.0 * share * self.forward_operations(modality)
    }

    fn text_operations(&self) -> f64 {
        let text = &self.text;
        let (length, width) = (text.max_length as f64, text.width as f64);
        match text.encoder {
            // A table of embeddings, and one matrix.
            TextEncoder::Bag => width * self.embed() as f64,
            // Four matrices of the attention, two of four times the width, and the attention
            // itself.
            _ => {
                text.layers as f64 * (length * 12.0 * width * width + 2.0 * length * length * width)
            }
        }
    }
}

/// ResNet-18 on one picture of `[height, width]` values.
fn resnet18(
    channels: usize,
    size: [usize; 2],
    width: usize,
    stem: Stem,
    projection: Option<usize>,
) -> f64 {
    let mut total = 0.0;
    convolutions(channels, size, width, stem, projection, &mut |layer| {
        total += layer.operations()
    });
    total
}

/// A convolution and the size of what it gives.
pub(crate) struct Convolution {
    pub out: [usize; 2],
    pub kernel: usize,
    pub from: usize,
    pub to: usize,
}

impl Convolution {
    pub fn weights(&self) -> f64 {
        (self.kernel * self.kernel) as f64 * self.from as f64 * self.to as f64
    }

    /// Numbers that it gives for one picture.
    pub fn values(&self) -> f64 {
        self.places() * self.to as f64
    }

    fn operations(&self) -> f64 {
        self.places() * self.weights()
    }

    /// Positions at which it gives a vector.
    fn places(&self) -> f64 {
        self.out[0] as f64 * self.out[1] as f64
    }
}

/// Visits every convolution of a ResNet-18.
pub(crate) fn convolutions(
    channels: usize,
    size: [usize; 2],
    width: usize,
    stem: Stem,
    projection: Option<usize>,
    visit: &mut dyn FnMut(Convolution),
) {
    let mut convolution =
        |size: [usize; 2], stride: usize, kernel: usize, [from, to]: [usize; 2]| {
            let out = size.map(|side| side.div_ceil(stride));
            visit(Convolution {
                out,
                kernel,
                from,
                to,
            });
            out
        };
    let mut size = match stem {
        Stem::Imagenet => convolution(size, 2, 7, [channels, width]).map(|side| side.div_ceil(2)),
        Stem::Small => convolution(size, 1, 3, [channels, width]),
    };
    let mut from = width;
    for stage in 0..4 {
        let (to, mut stride) = (width << stage, if stage == 0 { 1 } else { 2 });
        for _ in 0..BLOCKS {
            if stride != 1 || from != to {
                convolution(size, stride, 1, [from, to]);
            }
            size = convolution(size, stride, 3, [from, to]);
            convolution(size, 1, 3, [to, to]);
            (from, stride) = (to, 1);
        }
    }
    if let Some(embed) = projection {
        convolution(size, 1, 1, [from, embed]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toy::toys;
    use crate::{DatasetSpec, ModalitySchedule};

    #[test]
    fn encoders_cost_what_pytorch_counts() {
        let recipe = |name: &str| {
            toys()
                .resolve(&[DatasetSpec::shapes(name).unwrap().recipe], &[])
                .unwrap()
        };
        // tests/operations.py. docs/paper.md §3.5 rounds to
        // 4.55, 1.82, 11.2 and 23.0 thousand millions.
        let (video, short, long) = (recipe("crema-d"), recipe("iemocap"), recipe("mvsa"));
        assert_eq!(video.forward_operations(Modality::Audio), 4531945472.0);
        assert_eq!(
            video.forward_operations(Modality::Visual),
            3.0 * 1813561344.0
        );
        assert_eq!(short.forward_operations(Modality::Text), 11173625856.0);
        assert_eq!(long.forward_operations(Modality::Text), 22951231488.0);
        // A 1×1 convolution from 512 to 768 on the 32×4 last map.
        let wider =
            short.forward_operations(Modality::Audio) - video.forward_operations(Modality::Audio);
        assert_eq!(wider, (32 * 4 * 512 * 768) as f64);
        // Five layers of twelve train.
        let back =
            long.backward_operations(Modality::Text) / long.forward_operations(Modality::Text);
        assert!((back - 2.0 * 5.0 / 12.0).abs() < 1e-12);
    }

    #[test]
    fn skipping_could_save_what_the_specification_counted() {
        // docs/paper.md §3.5, in thousand millions a sample: nothing skipped, official, fast.
        let counted = [
            ("crema-d", [30.0, 22.7, 19.1]),
            ("ave", [30.0, 25.5, 23.2]),
            ("mvsa", [47.5, 30.3, 9.7]),
            ("iemocap", [50.5, 35.3, 21.8]),
            ("ur-funny", [50.5, 34.6, 20.7]),
        ];
        for (name, counted) in counted {
            let recipe = toys()
                .resolve(&[DatasetSpec::shapes(name).unwrap().recipe], &[])
                .unwrap();
            let mut sums = [0.0; 3];
            for modality in &recipe.modalities {
                let (forward, backward) = (
                    giga(&recipe, *modality),
                    recipe.backward_operations(*modality) / 1e9,
                );
                let ModalitySchedule::Every(s) = recipe.skip.of(*modality) else {
                    unreachable!()
                };
                let share = 1.0 / f64::from(*s);
                sums[0] += forward + backward;
                sums[1] += forward + share * backward;
                sums[2] += share * (forward + backward);
            }
            for (sum, counted) in sums.into_iter().zip(counted) {
                assert!(
                    (sum - counted).abs() < 0.015 * counted,
                    "{name}: {sum} {counted}"
                );
            }
        }
    }

    /// In thousands of millions.
    fn giga(recipe: &Recipe, modality: Modality) -> f64 {
        recipe.forward_operations(modality) / 1e9
    }

    #[test]
    fn a_small_network_is_counted_as_it_is_built() {
        // 8×8 grey, width 2, without pooling: 3×3 into 2, then the stages by hand.
        let stem = 64 * 9 * 2;
        let first = 64 * 9 * 4 * 4;
        let stage = |side: usize, from: usize| {
            let to = 2 * from;
            side * side * (from * to + 9 * from * to + 3 * 9 * to * to)
        };
        let whole = stem + first + stage(4, 2) + stage(2, 4) + stage(1, 8);
        assert_eq!(resnet18(1, [8, 8], 2, Stem::Small, None), whole as f64);
        assert_eq!(
            resnet18(1, [8, 8], 2, Stem::Small, Some(5)),
            (whole + 16 * 5) as f64
        );
    }
}
