//! Inputs of a data set's shapes with random contents, to time what is done with them.

use amst_frames::Picture;
use amst_recipe::{AudioSpec, Modality, Recipe, TextSpec};

use crate::record::text::FIRST;
use crate::record::visual::FILE;
use crate::sample::Input;
use crate::synthetic::check;
use crate::{DataError, Purpose, Stream, record};

/// Inputs of each modality that are kept; sample after sample takes the next one. Enough that a
/// batch is not one input again and again, few enough for a small machine.
const KEPT: usize = 32;
/// Height and width of a picture before its crop: CREMA-D's.
const PICTURE: [usize; 2] = [360, 480];
/// Pixels of a picture along the side of a patch of one colour: with single pixels of noise a JPEG
/// would be several times as large as a photograph's, and as long to decode.
const PATCH: usize = 12;
/// JPEG quality of a picture.
const QUALITY: u8 = 90;

/// Makes the inputs of samples that nobody recorded.
pub(crate) struct Drawn {
    audio: Vec<Input>,
    text: Vec<Input>,
    /// Records of single pictures, as a store has them.
    pictures: Vec<Vec<u8>>,
    frames: usize,
}

impl Drawn {
    pub(crate) fn new(recipe: &Recipe) -> Result<Self, DataError> {
        check(&recipe.synthetic)?;
        let stream = |modality: Modality, n| {
            Stream::new(
                recipe.synthetic.seed,
                Purpose::Synthetic,
                modality as u64,
                n as u64,
            )
        };
        let kept = |modality: Modality| {
            if recipe.modalities.contains(&modality) {
                KEPT
            } else {
                0
            }
        };
        let each = |modality: Modality| (0..kept(modality)).map(move |n| stream(modality, n));
        Ok(Self {
            audio: each(Modality::Audio)
                .map(|stream| sound(&recipe.audio, stream))
                .collect(),
            text: each(Modality::Text)
                .map(|stream| text(&recipe.text, stream))
                .collect(),
            pictures: each(Modality::Visual)
                .map(picture)
                .collect::<Result<_, _>>()?,
            frames: recipe.visual.frames,
        })
    }

    pub(crate) fn input(&self, modality: Modality, sample: usize) -> Result<Input, DataError> {
        match modality {
            Modality::Audio => Ok(self.audio[sample % KEPT].clone()),
            Modality::Text => Ok(self.text[sample % KEPT].clone()),
            Modality::Visual => {
                let frame = |n: usize| self.pictures[(sample * self.frames + n) % KEPT].as_slice();
                let records: Vec<&[u8]> = (0..self.frames).map(frame).collect();
                record::decode(modality, &records, self.frames)
                    .map_err(|why| DataError::setting("visual", why))
            }
        }
    }
}

/// A filterbank that fills its rows to the last: a shorter one would be padded to the same size.
fn sound(spec: &AudioSpec, mut stream: Stream) -> Input {
    let (frames, mels) = (spec.target_frames, spec.mels);
    Input::Map {
        data: (0..frames * mels).map(|_| stream.unit() as f32).collect(),
        frames,
        mels,
    }
}

/// From half of the longest text to all of it.
fn text(spec: &TextSpec, mut stream: Stream) -> Input {
    let length = spec.max_length - stream.below(spec.max_length as u64 / 2 + 1) as usize;
    let words = (spec.vocabulary as u64)
        .saturating_sub(u64::from(FIRST))
        .max(1);
    Input::Tokens(
        (0..length)
            .map(|_| stream.below(words) as u32 + FIRST.min(spec.vocabulary as u32 - 1))
            .collect(),
    )
}

/// A JPEG file of coloured patches with a little noise.
fn picture(mut stream: Stream) -> Result<Vec<u8>, DataError> {
    let [height, width] = PICTURE;
    let across = width.div_ceil(PATCH);
    let patches: Vec<u8> = (0..3 * across * height.div_ceil(PATCH))
        .map(|_| stream.below(224) as u8)
        .collect();
    let mut rgb = Vec::with_capacity(3 * width * height);
    for (row, column) in (0..height).flat_map(|row| (0..width).map(move |column| (row, column))) {
        let patch = 3 * (row / PATCH * across + column / PATCH);
        let grain = stream.below(16) as u8;
        rgb.extend(patches[patch..patch + 3].iter().map(|value| value + grain));
    }
    let jpeg = Picture { width, height, rgb }
        .to_jpeg(QUALITY)
        .map_err(|e| DataError::setting("visual", e.to_string()))?;
    Ok([&[FILE][..], &jpeg].concat())
}
