//! Inputs that are damaged on purpose, to see how a network copes with it.

use std::collections::{BTreeMap, BTreeSet};

use amst_recipe::Modality;

use crate::sample::HostInput;
use crate::{DataError, Features, Purpose, Split, Stream};

/// How much of which modalities is damaged.
///
/// A strength is 0 or more. Sound and pictures: normal noise of mean 0 is added to every number
/// that the network reads, after normalisation, with a standard deviation of strength × that of the
/// modality: of all numbers that the network reads of it in the split, padding left out, which has
/// no noise either. Text: each token is replaced with the strength as its probability, so 1 at
/// most, by one that is drawn evenly from the distinct tokens that occur in the split; the first
/// and the last token of a transformer's text, which mark its ends, stay.
///
/// What is drawn for a sample is a function of the seed, the modality and the sample's index in its
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
    /// [`DataError::Setting`] for a strength that is negative or NaN, and above 1 for text.
    pub fn new(strengths: &[(Modality, f64)], seed: u64) -> Result<Self, DataError> {
        for (modality, strength) in strengths {
            let (most, range) = if *modality == Modality::Text {
                (1.0, "a share from 0 to 1")
            } else {
                (f64::from(f32::MAX), "0 or more")
            };
            if !(0.0..=most).contains(strength) {
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

    /// The modalities that are damaged.
    pub fn modalities(&self) -> Vec<Modality> {
        self.strengths.keys().copied().collect()
    }
}

/// Damage, and the statistics of a split that its strength is relative to.
pub(crate) struct SplitDamage {
    damage: Damage,
    /// Standard deviations of what can have one.
    deviations: BTreeMap<Modality, f64>,
    /// The distinct tokens of the split's texts.
    tokens: Vec<u32>,
    /// Whether a text's first and last token mark its ends.
    marks_ends: bool,
}

#[derive(Clone, Copy, Default)]
struct Moments {
    count: f64,
    sum: f64,
    squares: f64,
}

impl Moments {
    fn add(&mut self, value: f32) {
        let value = f64::from(value);
        self.count += 1.0;
        self.sum += value;
        self.squares += value * value;
    }

    fn deviation(self) -> f64 {
        let count = self.count.max(1.0);
        let mean = self.sum / count;
        (self.squares / count - mean * mean).max(0.0).sqrt()
    }
}

impl SplitDamage {
    /// Reads what is to be damaged of a split once.
    pub(crate) fn measure(damage: &Damage, split: &Split) -> Result<Self, DataError> {
        let collator = &split.all.collator;
        let mut measured = Self {
            damage: damage.clone(),
            deviations: BTreeMap::new(),
            tokens: Vec::new(),
            marks_ends: collator.marks_ends,
        };
        let mut tokens = BTreeSet::new();
        for &modality in damage.strengths.keys() {
            let mut moments = Moments::default();
            let mut features = collator.empty(modality, 1);
            for index in 0..split.len() {
                let sample = split.sample(index, &[modality])?;
                let input = &sample.inputs[&modality];
                match input {
                    HostInput::Tokens(ids) => tokens.extend(&ids[measured.inner_tokens(ids.len())]),
                    HostInput::Map { .. } | HostInput::Pictures(_) => {
                        collator.put(input, &mut features, 0, None)?;
                        for value in real_values(&mut features, input, 0) {
                            moments.add(*value);
                        }
                    }
                }
            }
            measured.deviations.insert(modality, moments.deviation());
        }
        measured.tokens = tokens.into_iter().collect();
        Ok(measured)
    }

    /// The indices of a text's own tokens.
    fn inner_tokens(&self, length: usize) -> std::ops::Range<usize> {
        if self.marks_ends {
            1.min(length)..length.saturating_sub(1).max(1.min(length))
        } else {
            0..length
        }
    }

    /// Damages the sample in slot `slot`, whose index in the split is `index`.
    pub(crate) fn apply(
        &self,
        modality: Modality,
        input: &HostInput,
        features: &mut Features,
        slot: usize,
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
        if let (HostInput::Tokens(tokens), Features::Tokens { ids, shape, .. }) =
            (input, &mut *features)
        {
            let length = tokens.len().min(shape[1]);
            for token in self.inner_tokens(length) {
                // Both are drawn always, so that a larger share replaces these tokens and further
                // ones.
                let chance = stream.unit();
                let other = stream.below(self.tokens.len() as u64) as usize;
                if chance < strength {
                    ids[slot * shape[1] + token] = i64::from(self.tokens[other]);
                }
            }
            return;
        }
        let deviation = (strength * self.deviations[&modality]) as f32;
        let values = real_values(features, input, slot);
        let noise = stream.normals(values.len());
        for (value, noise) in values.iter_mut().zip(noise) {
            *value += deviation * noise;
        }
    }
}

/// The values of the sample in slot `slot` that are not padding.
fn real_values<'a>(features: &'a mut Features, input: &HostInput, slot: usize) -> &'a mut [f32] {
    match features {
        Features::Map {
            data,
            shape: [_, channels, frames, mels],
        } => {
            let size = *channels * *frames * *mels;
            let real = match input {
                HostInput::Map { data, .. } => data.len().min(size),
                _ => size,
            };
            &mut data[slot * size..][..real]
        }
        Features::Frames {
            data,
            shape: [_, rest @ ..],
        } => {
            let size: usize = rest.iter().product();
            &mut data[slot * size..][..size]
        }
        // A damaged loader hands out no bytes.
        Features::Pixels { .. } | Features::Tokens { .. } => &mut [],
    }
}
