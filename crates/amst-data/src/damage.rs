//! Inputs that are spoiled on purpose, to see how a network stands it.

use std::collections::{BTreeMap, BTreeSet};

use amst_recipe::Modality;

use crate::sample::Input;
use crate::{DataError, Features, Purpose, Split, Stream};

/// How much of which modalities is spoiled.
///
/// A strength is 0 or more. Sound and pictures: normal noise of mean 0 is added to every number
/// that the network reads, after normalisation, with a standard deviation of strength × that of the
/// modality: of all numbers that the network reads of it in the split, padding left out, which has
/// no noise either. Text: each token is replaced with the strength as its probability, so 1 at
/// most, by one that is drawn evenly from the distinct tokens that occur in the split; the first
/// and the last token of a transformer's text, which mark its ends, stay.
///
/// What is drawn for a sample is a function of the seed, the modality and the sample's place in its
/// split; neither batches nor threads nor other modalities change it, and a stronger noise has the
/// same direction.
///
/// ```
/// use amst_data::{Damage, Loader, LoaderConfig, Prepared, SplitName};
/// use amst::methods::built_in;
/// use amst_recipe::{DatasetSpec, Modality};
///
/// let recipe = built_in().resolve(&[DatasetSpec::synthetic().recipe], &[])?;
/// let test = Prepared::synthetic(&recipe)?.split(SplitName::Test);
/// let damage = Damage::new(&[(Modality::Visual, 0.2)], 0)?;
/// let noisy = Loader::new(test, LoaderConfig::default())?.damaged(&damage)?;
/// let batch = noisy.epoch(0, &[Modality::Visual]).next().unwrap()?;
/// assert_eq!(batch.len(), 32);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Damage {
    strengths: BTreeMap<Modality, f64>,
    seed: u64,
}

impl Damage {
    /// These strengths; a modality that is not named is left alone.
    ///
    /// # Errors
    ///
    /// [`DataError::Setting`] for a strength that is negative or no number, and above 1 for text.
    pub fn new(strengths: &[(Modality, f64)], seed: u64) -> Result<Self, DataError> {
        for (modality, strength) in strengths {
            let most = if *modality == Modality::Text {
                1.0
            } else {
                f64::from(f32::MAX)
            };
            if !(0.0..=most).contains(strength) {
                let range = if *modality == Modality::Text {
                    "a share from 0 to 1"
                } else {
                    "0 or more"
                };
                return Err(DataError::setting(
                    &format!("noise {modality}"),
                    format!("is {strength}: give {range}"),
                ));
            }
        }
        Ok(Self {
            strengths: strengths.iter().copied().collect(),
            seed,
        })
    }

    /// The modalities that are spoiled.
    pub fn modalities(&self) -> Vec<Modality> {
        self.strengths.keys().copied().collect()
    }
}

/// Damage, and what it is measured by on a split.
pub(crate) struct Measured {
    damage: Damage,
    /// Standard deviations of what can have one.
    deviations: BTreeMap<Modality, f64>,
    /// The distinct tokens of the split's texts.
    tokens: Vec<u32>,
    /// Whether a text's first and last token mark its ends.
    marked: bool,
}

/// Number, sum and sum of squares.
#[derive(Clone, Copy, Default)]
struct Moments(f64, f64, f64);

impl Moments {
    fn add(&mut self, value: f32) {
        let value = f64::from(value);
        *self = Self(self.0 + 1.0, self.1 + value, self.2 + value * value);
    }

    fn deviation(self) -> f64 {
        let mean = self.1 / self.0.max(1.0);
        (self.2 / self.0.max(1.0) - mean * mean).max(0.0).sqrt()
    }
}

impl Measured {
    /// Reads what is to be damaged of a split once.
    pub(crate) fn on(damage: &Damage, split: &Split) -> Result<Self, DataError> {
        let shaper = &split.shared.shaper;
        let mut measured = Self {
            damage: damage.clone(),
            deviations: BTreeMap::new(),
            tokens: Vec::new(),
            marked: shaper.marks_ends(),
        };
        let mut tokens = BTreeSet::new();
        for &modality in damage.strengths.keys() {
            let mut moments = Moments::default();
            let mut features = shaper.empty(modality, 1);
            for index in 0..split.len() {
                let sample = split.sample(index, &[modality])?;
                let input = &sample.inputs[&modality];
                match input {
                    Input::Tokens(ids) => tokens.extend(&ids[measured.inner(ids.len())]),
                    Input::Map { .. } | Input::Pictures(_) => {
                        shaper.put(input, &mut features, 0, None)?;
                        numbers(&mut features, input, 0)
                            .iter()
                            .for_each(|value| moments.add(*value));
                    }
                }
            }
            measured.deviations.insert(modality, moments.deviation());
        }
        measured.tokens = tokens.into_iter().collect();
        Ok(measured)
    }

    /// The places of a text's own tokens.
    fn inner(&self, length: usize) -> std::ops::Range<usize> {
        if self.marked {
            1.min(length)..length.saturating_sub(1).max(1.min(length))
        } else {
            0..length
        }
    }

    /// Spoils the sample that was put at place `at`, whose place in the split is `index`.
    pub(crate) fn apply(
        &self,
        modality: Modality,
        input: &Input,
        features: &mut Features,
        at: usize,
        index: usize,
    ) {
        let Some(&strength) = self.damage.strengths.get(&modality) else {
            return;
        };
        let mut stream = Stream::new(
            self.damage.seed,
            Purpose::Damage,
            modality as u64,
            index as u64,
        );
        if let (Input::Tokens(tokens), Features::Tokens { ids, shape, .. }) =
            (input, &mut *features)
        {
            let length = tokens.len().min(shape[1]);
            for place in self.inner(length) {
                // Both are drawn always, so that a larger share replaces these tokens and further
                // ones.
                let (chance, other) = (
                    stream.unit(),
                    stream.below(self.tokens.len() as u64) as usize,
                );
                if chance < strength {
                    ids[at * shape[1] + place] = i64::from(self.tokens[other]);
                }
            }
            return;
        }
        let deviation = (strength * self.deviations[&modality]) as f32;
        let values = numbers(features, input, at);
        let noise = stream.normals(values.len());
        values
            .iter_mut()
            .zip(noise)
            .for_each(|(value, noise)| *value += deviation * noise);
    }
}

/// The numbers of the sample at place `at` that are not padding.
fn numbers<'a>(features: &'a mut Features, input: &Input, at: usize) -> &'a mut [f32] {
    match features {
        Features::Map {
            data,
            shape: [_, channels, frames, mels],
        } => {
            let size = *channels * *frames * *mels;
            let real = match input {
                Input::Map { data, .. } => data.len().min(size),
                _ => size,
            };
            &mut data[at * size..][..real]
        }
        Features::Frames {
            data,
            shape: [_, rest @ ..],
        } => {
            let size: usize = rest.iter().product();
            &mut data[at * size..][..size]
        }
        // A damaged loader hands out no bytes.
        Features::Pixels { .. } | Features::Tokens { .. } => &mut [],
    }
}
