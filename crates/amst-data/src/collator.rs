//! From samples to a batch: transforms, padding, normalisation.

use amst_frames::{EvalTransform, FrameConfig, FrameError, Picture, TrainTransform, Value};
use amst_recipe::{AudioSpec, Modality, Recipe, TextSpec, VisualSpec};
use amst_tokens::Tokenizer;

use crate::record::text::PAD;
use crate::sample::HostInput;
use crate::{DataError, Features, Stream};

/// The shapes that a recipe asks for, and the transforms into them.
pub(crate) struct Collator {
    audio: AudioSpec,
    text: TextSpec,
    visual: VisualSpec,
    /// The token that fills a row.
    pad: i64,
    /// Whether a text's first and last token mark its ends.
    pub(crate) marks_ends: bool,
    train: TrainTransform,
    eval: EvalTransform,
}

impl Collator {
    pub(crate) fn new(recipe: &Recipe) -> Result<Self, DataError> {
        let audio = recipe.audio.clone();
        if !(audio.std.is_normal() && audio.std > 0.0 && audio.mean.is_finite()) {
            let why = format!(
                "mean {} and standard deviation {} need finite numbers, the second above 0",
                audio.mean, audio.std
            );
            return Err(DataError::setting("audio.std", why));
        }
        let config = frame_config(&recipe.visual)?;
        Ok(Self {
            audio,
            text: recipe.text.clone(),
            visual: recipe.visual.clone(),
            pad: PAD,
            marks_ends: recipe.has_transformer(),
            train: TrainTransform::new(&config).map_err(visual_setting)?,
            eval: EvalTransform::new(&config).map_err(visual_setting)?,
        })
    }

    /// The same with the padding token of a tokenizer.
    pub(crate) fn padding_as(mut self, tokenizer: Option<&Tokenizer>) -> Self {
        if let Some(tokenizer) = tokenizer {
            self.pad = tokenizer.pad_id().into();
        }
        self
    }

    /// The token that fills a row.
    pub(crate) fn pad(&self) -> i64 {
        self.pad
    }

    /// Pictures a sample.
    pub(crate) fn frames(&self) -> usize {
        self.visual.frames
    }

    /// One modality of `batch` samples, filled with padding.
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
                let shape = self.picture_shape(batch);
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

    /// The pictures of `batch` samples that are normalised later, black.
    pub(crate) fn empty_pixels(&self, batch: usize) -> Features {
        let shape = self.picture_shape(batch);
        Features::Pixels {
            data: vec![0; shape.iter().product()],
            shape,
            mean: self.visual.mean.clone(),
            std: self.visual.std.clone(),
        }
    }

    fn picture_shape(&self, batch: usize) -> [usize; 5] {
        let v = &self.visual;
        [batch, v.channels, v.frames, v.size[0], v.size[1]]
    }

    /// Puts a sample's input into slot `slot` of `features`. `augment` is the sample's stream in
    /// training, `None` in evaluation.
    pub(crate) fn put(
        &self,
        input: &HostInput,
        features: &mut Features,
        slot: usize,
        augment: Option<&Stream>,
    ) -> Result<(), DataError> {
        match (input, features) {
            (
                HostInput::Map { data, mels, .. },
                Features::Map {
                    data: out,
                    shape: [.., mel_bins],
                },
            ) if mels == mel_bins => {
                self.put_map(data, &mut out[slot * self.audio.target_frames * mels..]);
                Ok(())
            }
            (HostInput::Pictures(pictures), Features::Frames { data, .. })
                if pictures.len() == self.visual.frames =>
            {
                self.put_frames(pictures, data, slot, augment)
            }
            (HostInput::Pictures(pictures), Features::Pixels { data, .. })
                if pictures.len() == self.visual.frames =>
            {
                self.put_frames(pictures, data, slot, augment)
            }
            (HostInput::Tokens(tokens), Features::Tokens { ids, mask, .. }) => {
                let start = slot * self.text.max_length;
                for (at, &token) in (start..start + self.text.max_length).zip(tokens) {
                    (ids[at], mask[at]) = (i64::from(token), 1.0);
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
        let real = self.audio.target_frames * self.audio.mels;
        for (out, value) in out.iter_mut().zip(data).take(real) {
            *out = (value - mean) / std;
        }
    }

    /// Each frame draws from a stream of its own: how many numbers one crop takes does not
    /// move another's.
    fn put_frames<V: Value>(
        &self,
        pictures: &[Picture],
        batch: &mut [V],
        slot: usize,
        augment: Option<&Stream>,
    ) -> Result<(), DataError> {
        let plane = self.visual.size[0] * self.visual.size[1];
        let mut frame = vec![V::default(); self.visual.channels * plane];
        let volume = pictures.len() * frame.len();
        let out = &mut batch[slot * volume..][..volume];
        for (number, picture) in pictures.iter().enumerate() {
            let written = match augment {
                Some(stream) => {
                    let mut draws = stream.part(number as u64);
                    self.train.apply(picture, &mut || draws.unit(), &mut frame)
                }
                None => self.eval.apply(picture, &mut frame),
            };
            written.map_err(visual_setting)?;
            for (channel, values) in frame.chunks_exact(plane).enumerate() {
                out[(channel * pictures.len() + number) * plane..][..plane].copy_from_slice(values);
            }
        }
        Ok(())
    }
}

fn visual_setting(error: FrameError) -> DataError {
    DataError::setting("visual", error.to_string())
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
