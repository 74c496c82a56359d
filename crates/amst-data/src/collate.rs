//! From samples to a batch: transforms, padding, normalisation.

use amst_frames::{EvalTransform, FrameConfig, FrameError, Picture, TrainTransform, Value};
use amst_recipe::{AudioSpec, Modality, Recipe, TextSpec, VisualSpec};

use crate::record::text::PAD;
use crate::sample::Input;
use crate::{DataError, Features, Stream};

/// The shapes that a recipe asks for, and the transforms into them.
pub(crate) struct Shaper {
    audio: AudioSpec,
    text: TextSpec,
    visual: VisualSpec,
    /// The token that fills a row.
    pad: i64,
    /// Whether a text's first and last token mark its ends.
    marks_ends: bool,
    train: TrainTransform,
    eval: EvalTransform,
}

impl Shaper {
    pub(crate) fn new(recipe: &Recipe) -> Result<Self, DataError> {
        let (audio, text, visual) = (
            recipe.audio.clone(),
            recipe.text.clone(),
            recipe.visual.clone(),
        );
        if !(audio.std.is_normal() && audio.std > 0.0 && audio.mean.is_finite()) {
            let why = format!(
                "mean {} and standard deviation {} need finite numbers, the second above 0",
                audio.mean, audio.std
            );
            return Err(DataError::setting("audio.std", why));
        }
        let config = frame_config(&visual)?;
        let bad = |e: FrameError| DataError::setting("visual", e.to_string());
        let (train, eval) = (
            TrainTransform::new(&config).map_err(bad)?,
            EvalTransform::new(&config).map_err(bad)?,
        );
        Ok(Self {
            audio,
            text,
            visual,
            pad: PAD,
            marks_ends: recipe.has_transformer(),
            train,
            eval,
        })
    }

    /// The same with another token for padding.
    pub(crate) fn padding_with(self, pad: u32) -> Self {
        Self {
            pad: i64::from(pad),
            ..self
        }
    }

    /// Whether a text's first and last token are no part of what it says.
    pub(crate) fn marks_ends(&self) -> bool {
        self.marks_ends
    }

    /// Pictures a sample.
    pub(crate) fn frames(&self) -> usize {
        self.visual.frames
    }

    /// Room for one modality of `batch` samples, filled with padding.
    pub(crate) fn empty(&self, modality: Modality, batch: usize) -> Features {
        match modality {
            Modality::Audio => {
                let shape = [batch, 1, self.audio.target_frames, self.audio.mels];
                Features::Map {
                    data: vec![0.0; shape.iter().product()],
                    shape,
                }
            }
            Modality::Visual => {
                let v = &self.visual;
                let shape = [batch, v.channels, v.frames, v.size[0], v.size[1]];
                Features::Frames {
                    data: vec![0.0; shape.iter().product()],
                    shape,
                }
            }
            Modality::Text => {
                let shape = [batch, self.text.max_length];
                let size = shape.iter().product();
                Features::Tokens {
                    ids: vec![self.pad; size],
                    mask: vec![0.0; size],
                    shape,
                }
            }
        }
    }

    /// Room for the pictures of `batch` samples that are normalised later.
    pub(crate) fn empty_pixels(&self, batch: usize) -> Features {
        let v = &self.visual;
        let shape = [batch, v.channels, v.frames, v.size[0], v.size[1]];
        let data = vec![0; shape.iter().product()];
        Features::Pixels {
            data,
            shape,
            mean: v.mean.clone(),
            std: v.std.clone(),
        }
    }

    /// Puts a sample's input at place `at` of `features`. `augment` is the sample's stream in
    /// training, `None` in evaluation.
    pub(crate) fn put(
        &self,
        input: &Input,
        features: &mut Features,
        at: usize,
        augment: Option<&Stream>,
    ) -> Result<(), DataError> {
        match (input, features) {
            (
                Input::Map { data, mels, .. },
                Features::Map {
                    data: out,
                    shape: [.., mel_bins],
                },
            ) if mels == mel_bins => {
                self.put_map(data, &mut out[at * self.audio.target_frames * mels..]);
                Ok(())
            }
            (Input::Pictures(pictures), Features::Frames { data, .. })
                if pictures.len() == self.visual.frames =>
            {
                self.put_frames(pictures, data, at, augment)
            }
            (Input::Pictures(pictures), Features::Pixels { data, .. })
                if pictures.len() == self.visual.frames =>
            {
                self.put_frames(pictures, data, at, augment)
            }
            (Input::Tokens(tokens), Features::Tokens { ids, mask, .. }) => {
                let start = at * self.text.max_length;
                for (slot, &token) in (start..start + self.text.max_length).zip(tokens) {
                    (ids[slot], mask[slot]) = (i64::from(token), 1.0);
                }
                Ok(())
            }
            _ => Err(DataError::setting(
                "recipe",
                "its shapes are not those that the data was prepared with",
            )),
        }
    }

    /// Only real frames are normalised: padding is 0 whatever the mean, as published.
    fn put_map(&self, data: &[f32], out: &mut [f32]) {
        let (mean, std) = (self.audio.mean, self.audio.std);
        for (slot, value) in out
            .iter_mut()
            .zip(data)
            .take(self.audio.target_frames * self.audio.mels)
        {
            *slot = (value - mean) / std;
        }
    }

    /// Each frame draws from a stream of its own: how many numbers one crop takes does not
    /// move another's.
    fn put_frames<V: Value>(
        &self,
        pictures: &[Picture],
        batch: &mut [V],
        at: usize,
        augment: Option<&Stream>,
    ) -> Result<(), DataError> {
        let plane = self.visual.size[0] * self.visual.size[1];
        let mut frame = vec![V::default(); self.visual.channels * plane];
        let volume = pictures.len() * frame.len();
        let out = &mut batch[at * volume..][..volume];
        for (number, picture) in pictures.iter().enumerate() {
            let written = match augment {
                Some(stream) => {
                    let mut draws = stream.part(number as u64);
                    self.train.apply(picture, &mut || draws.unit(), &mut frame)
                }
                None => self.eval.apply(picture, &mut frame),
            };
            written.map_err(|e| DataError::setting("visual", e.to_string()))?;
            for (channel, values) in frame.chunks_exact(plane).enumerate() {
                out[(channel * pictures.len() + number) * plane..][..plane].copy_from_slice(values);
            }
        }
        Ok(())
    }
}

fn frame_config(visual: &VisualSpec) -> Result<FrameConfig, DataError> {
    let crop_scale = match visual.crop_scale[..] {
        [] => None,
        [low, high] => Some([low, high]),
        _ => {
            return Err(DataError::setting(
                "visual.crop_scale",
                "is [smallest, largest] share of the area, or []",
            ));
        }
    };
    Ok(FrameConfig {
        size: visual.size,
        channels: visual.channels,
        mean: visual.mean.clone(),
        std: visual.std.clone(),
        crop_scale,
        crop_ratio: visual.crop_ratio,
        flip: visual.flip,
    })
}
