//! Generated data whose modalities are learnt at speeds that are set by dials.
//!
//! A class has a coarse checkered pattern in every map and picture, and favourite words in
//! every text. A dial d between 0 and 1 mixes two ways of being hard to learn:
//!
//! * strength: the pattern is added with weight d to clutter, a random pattern of the same
//!   coarseness, so that no filter tells them apart by scale alone;
//! * simplicity: the pattern wanders by up to (1 - d) of a cell in each direction, and a
//!   class spreads over more words the lower d is.
//!
//! At 1 the class stands out at once, at 0 there is nothing of it at all. Every sample is a
//! function of `synthetic.seed`, its modality and its number: neither the training seed nor
//! the order of reading matters.

use amst_frames::Picture;
use amst_recipe::{Modality, Recipe, SyntheticSpec, TextEncoder};

use crate::record::text::FIRST;
use crate::sample::{HostInput, SampleInfo};
use crate::{DataError, Purpose, SplitName, Stream};

/// Cells of a pattern along each side.
const CELLS: usize = 6;
/// Weight of the clutter; it sets which dial means which accuracy.
const CLUTTER: f32 = 1.5;
/// Standard deviation of the noise of a single value.
const GRAIN: f32 = 0.5;
/// Where streams of class patterns are numbered from, far from those of samples.
const CLASSES: u64 = 1 << 40;

/// Makes the samples of a synthetic data set.
pub(crate) struct Generator {
    spec: SyntheticSpec,
    map: [usize; 2],
    picture: [usize; 2],
    channels: usize,
    frames: usize,
    length: usize,
    words: usize,
    /// Whether a text opens with a token of its own, whose hidden state a transformer embeds.
    opens: bool,
}

/// What opens a text, as RoBERTa numbers it.
const START: u32 = 0;

impl Generator {
    pub(crate) fn new(recipe: &Recipe) -> Result<Self, DataError> {
        let spec = recipe.synthetic.clone();
        check_spec(&spec)?;
        let words = recipe.text.vocabulary.saturating_sub(FIRST as usize);
        if recipe.modalities.contains(&Modality::Text) && words < spec.classes {
            let least = spec.classes + FIRST as usize;
            return Err(DataError::setting(
                "text.vocabulary",
                format!("synthetic text needs at least {least} here"),
            ));
        }
        if recipe.has_transformer() && recipe.text.encoder != TextEncoder::Transformer {
            let why = "synthetic text has no words that a pretrained model knows: use `bag` or `transformer`";
            return Err(DataError::setting("text.encoder", why));
        }
        Ok(Self {
            spec,
            map: [recipe.audio.target_frames, recipe.audio.mels],
            picture: recipe.visual.size,
            channels: recipe.visual.channels,
            frames: recipe.visual.frames,
            length: recipe.text.max_length,
            words,
            opens: recipe.has_transformer(),
        })
    }

    pub(crate) fn input(&self, modality: Modality, sample: usize, label: usize) -> HostInput {
        let stream = self.stream(modality, sample as u64);
        match modality {
            Modality::Audio => self.audio(stream, label),
            Modality::Text => self.text(stream, label),
            Modality::Visual => self.visual(stream, label),
        }
    }

    fn stream(&self, modality: Modality, index: u64) -> Stream {
        Stream::new(self.spec.seed, Purpose::Synthetic, modality as u64, index)
    }

    /// Between three quarters and the whole of the target's frames, so that padding matters.
    fn audio(&self, mut stream: Stream, label: usize) -> HostInput {
        let [target, mels] = self.map;
        let frames = target - stream.below(target as u64 / 4 + 1) as usize;
        let mut data = self.field(
            Modality::Audio,
            self.spec.audio,
            label,
            &stream,
            &mut stream.part(0),
            self.map,
        );
        data.truncate(frames * mels);
        HostInput::Map { data, frames, mels }
    }

    /// The same clutter in every frame of a sample; place and grain differ.
    fn visual(&self, stream: Stream, label: usize) -> HostInput {
        let [height, width] = self.picture;
        let mut pictures = Vec::with_capacity(self.frames);
        for frame in 0..self.frames as u64 {
            let mut draws = stream.part(frame);
            let field = self.field(
                Modality::Visual,
                self.spec.visual,
                label,
                &stream,
                &mut draws,
                self.picture,
            );
            let mut rgb = Vec::with_capacity(3 * field.len());
            for value in field {
                rgb.push(pixel(value));
                for _ in 0..2 {
                    let tint = if self.channels == 1 {
                        0.0
                    } else {
                        GRAIN * draws.bell()
                    };
                    rgb.push(pixel(value + tint));
                }
            }
            pictures.push(Picture { width, height, rgb });
        }
        HostInput::Pictures(pictures)
    }

    /// Pattern, clutter and grain, `[rows, columns]`.
    fn field(
        &self,
        modality: Modality,
        dial: f32,
        label: usize,
        sample: &Stream,
        draws: &mut Stream,
        size: [usize; 2],
    ) -> Vec<f32> {
        let mut class = self.stream(modality, CLASSES + label as u64);
        let pattern: [f32; CELLS * CELLS] =
            std::array::from_fn(|_| if class.unit() < 0.5 { -1.0 } else { 1.0 });
        let mut own = sample.part(u64::MAX);
        let clutter: [f32; CELLS * CELLS] = std::array::from_fn(|_| own.bell());
        // In thousandths of a cell, whole numbers: the same on every machine.
        let wander = ((1.0 - dial) * 1000.0) as u64;
        let shift =
            [(); 2].map(|()| (draws.below(2 * wander + 1) + 1000 * CELLS as u64 - wander) as usize);
        let mut field = Vec::with_capacity(size[0] * size[1]);
        for row in 0..size[0] {
            for column in 0..size[1] {
                let here = cell([row, column], [0, 0], size);
                let moved = cell([row, column], shift, size);
                field.push(dial * pattern[moved] + CLUTTER * clutter[here] + GRAIN * draws.bell());
            }
        }
        field
    }

    /// Half of the length to all of it; with some probability a word is one of the class's.
    fn text(&self, mut stream: Stream, label: usize) -> HostInput {
        let dial = self.spec.text;
        let length = self.length - stream.below(self.length as u64 / 2 + 1) as usize;
        // Class words must outgrow the chance surplus of any other's, a square root of the length.
        let share = (1.5 * dial / (length as f32).sqrt()).min(1.0);
        let per_class = self.words / self.spec.classes;
        let favourites = 1 + ((1.0 - dial) * (per_class - 1) as f32) as usize;
        let mut tokens = Vec::with_capacity(length);
        for _ in 0..length {
            let word = if (stream.unit() as f32) < share {
                label * per_class + stream.below(favourites as u64) as usize
            } else {
                stream.below(self.words as u64) as usize
            };
            tokens.push(word as u32 + FIRST);
        }
        if self.opens {
            tokens[0] = START;
        }
        HostInput::Tokens(tokens)
    }
}

/// The cell of a pattern that a value is in; `shift` is in thousandths of a cell.
fn cell(at: [usize; 2], shift: [usize; 2], size: [usize; 2]) -> usize {
    let [row, column] =
        [0, 1].map(|axis| (at[axis] * 1000 * CELLS / size[axis] + shift[axis]) / 1000 % CELLS);
    row * CELLS + column
}

/// Ten standard deviations of grain fit between black and white.
fn pixel(value: f32) -> u8 {
    (128.0 + 25.0 * value).round().clamp(0.0, 255.0) as u8
}

pub(crate) fn class_names(spec: &SyntheticSpec) -> Vec<String> {
    (0..spec.classes).map(|class| class.to_string()).collect()
}

/// Train, then val, then test, classes taking turns.
pub(crate) fn sample_infos(spec: &SyntheticSpec) -> Vec<SampleInfo> {
    let mut samples = Vec::new();
    for (split, count) in SplitName::ALL
        .into_iter()
        .zip([spec.train, spec.val, spec.test])
    {
        samples.extend((0..count).map(|n| SampleInfo {
            id: format!("{split}-{n}"),
            label: n % spec.classes,
            split,
        }));
    }
    samples
}

pub(crate) fn check_spec(spec: &SyntheticSpec) -> Result<(), DataError> {
    if spec.classes < 2 {
        return Err(DataError::setting(
            "synthetic.classes",
            "must be at least 2",
        ));
    }
    for (key, count) in [
        ("train", spec.train),
        ("val", spec.val),
        ("test", spec.test),
    ] {
        let least = if key == "train" { spec.classes } else { 1 };
        if count < least {
            return Err(DataError::setting(
                &format!("synthetic.{key}"),
                format!("must be at least {least} here"),
            ));
        }
    }
    for (key, dial) in [
        ("audio", spec.audio),
        ("text", spec.text),
        ("visual", spec.visual),
    ] {
        if !(0.0..=1.0).contains(&dial) {
            return Err(DataError::setting(
                &format!("synthetic.{key}"),
                "is a dial from 0 to 1",
            ));
        }
    }
    Ok(())
}
