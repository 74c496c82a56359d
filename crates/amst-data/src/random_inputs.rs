//! Inputs of a data set's shapes with random contents, to time what is done with them.

use amst_frames::Picture;
use amst_recipe::{AudioSpec, Modality, Recipe, TextSpec};

use crate::record::text::FIRST;
use crate::record::visual::FILE;
use crate::sample::HostInput;
use crate::synthetic::check_spec;
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

/// Random inputs.
pub(crate) struct RandomInputs {
    audio: Vec<HostInput>,
    text: Vec<HostInput>,
    /// Records of single pictures, as a store has them.
    pictures: Vec<Vec<u8>>,
    frames: usize,
}

impl RandomInputs {
    pub(crate) fn new(recipe: &Recipe) -> Result<Self, DataError> {
        check_spec(&recipe.synthetic)?;
        let mut inputs = Self {
            audio: Vec::new(),
            text: Vec::new(),
            pictures: Vec::new(),
            frames: recipe.visual.frames,
        };
        for &modality in &recipe.modalities {
            for number in 0..KEPT as u64 {
                let seed = recipe.synthetic.seed;
                let stream = Stream::new(seed, Purpose::Synthetic, modality as u64, number);
                match modality {
                    Modality::Audio => inputs.audio.push(sound(&recipe.audio, stream)),
                    Modality::Text => inputs.text.push(text(&recipe.text, stream)),
                    Modality::Visual => inputs.pictures.push(picture(stream)?),
                }
            }
        }
        Ok(inputs)
    }

    pub(crate) fn input(&self, modality: Modality, sample: usize) -> Result<HostInput, DataError> {
        match modality {
            Modality::Audio => Ok(self.audio[sample % KEPT].clone()),
            Modality::Text => Ok(self.text[sample % KEPT].clone()),
            Modality::Visual => {
                let records: Vec<&[u8]> = (0..self.frames)
                    .map(|n| self.pictures[(sample * self.frames + n) % KEPT].as_slice())
                    .collect();
                record::decode(modality, &records, self.frames)
                    .map_err(|why| DataError::setting("visual", why))
            }
        }
    }
}

/// A filterbank that fills its rows to the last: a shorter one would be padded to the same size.
fn sound(spec: &AudioSpec, mut stream: Stream) -> HostInput {
    let (frames, mels) = (spec.target_frames, spec.mels);
    HostInput::Map {
        data: (0..frames * mels).map(|_| stream.unit() as f32).collect(),
        frames,
        mels,
    }
}

/// From half of the longest text to all of it.
fn text(spec: &TextSpec, mut stream: Stream) -> HostInput {
    let length = spec.max_length - stream.below(spec.max_length as u64 / 2 + 1) as usize;
    let words = (spec.vocabulary as u64)
        .saturating_sub(u64::from(FIRST))
        .max(1);
    HostInput::Tokens(
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
