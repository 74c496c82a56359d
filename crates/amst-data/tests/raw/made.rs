//! A replica, prepared with small features, and what its samples hold.

use std::sync::Mutex;

use amst::methods::built_in;
use amst_data::{DataError, HostInput, Preparation, Prepared, Progress, Split};
use amst_recipe::{Modality, Recipe, ResolvedDataset, find_raw};

use crate::replica::{Replica, datasets, numbers};

/// Mel filters of the small features.
pub const MELS: usize = 32;

pub struct Made<'a> {
    replica: &'a Replica,
    pub dataset: ResolvedDataset,
    pub recipe: Recipe,
}

impl<'a> Made<'a> {
    /// The shipped descriptor over the replica; text goes in as bytes.
    pub fn new(name: &str, replica: &'a Replica, settings: &[&str]) -> Self {
        let dataset = find_raw(name, &replica.raw(), &datasets()).unwrap();
        Self::of(dataset, replica, settings)
    }

    pub fn of(dataset: ResolvedDataset, replica: &'a Replica, settings: &[&str]) -> Self {
        let small = [format!("audio.mels={MELS}"), "text.encoder=bag".into()];
        let settings: Vec<String> = small
            .into_iter()
            .chain(settings.iter().map(|s| s.to_string()))
            .collect();
        let recipe = built_in()
            .resolve(std::slice::from_ref(&dataset.spec.recipe), &settings)
            .unwrap();
        Self {
            replica,
            dataset,
            recipe,
        }
    }

    pub fn prepare(&self, max_bad: usize) -> Result<Prepared, DataError> {
        self.run(max_bad, &|_| {})
    }

    fn run(
        &self,
        max_bad: usize,
        progress: &(dyn Fn(Progress) + Sync),
    ) -> Result<Prepared, DataError> {
        let store_dir = self.replica.store();
        let (dataset, recipe) = (&self.dataset, &self.recipe);
        let max_bad = Some(max_bad);
        Preparation {
            dataset,
            recipe,
            text_model: None,
            store_dir: &store_dir,
            max_bad,
            progress,
        }
        .run()
    }

    /// What is complained of while it is prepared: sources that cannot be used, and notes on those
    /// that can.
    pub fn complaints(&self) -> Vec<String> {
        let notes = Mutex::new(Vec::new());
        let outcome = self.run(0, &|event| {
            if let Progress::Note(note) = event {
                notes.lock().unwrap().push(note);
            }
        });
        let mut complaints = notes.into_inner().unwrap();
        complaints.extend(outcome.err().into_iter().flat_map(|error| error.in_full()));
        complaints
    }

    /// How many records of sound and pictures are made now.
    pub fn work(&self) -> [usize; 2] {
        let made = Mutex::new([0, 0]);
        self.run(0, &|event| match event {
            Progress::Making {
                modality: Modality::Audio,
                ..
            } => made.lock().unwrap()[0] += 1,
            Progress::Making {
                modality: Modality::Visual,
                ..
            } => made.lock().unwrap()[1] += 1,
            _ => {}
        })
        .unwrap();
        made.into_inner().unwrap()
    }

    /// Of the pictures that a sample takes, the frames' numbers and the sample's.
    pub fn pictures(&self, split: &Split, index: usize) -> Vec<(usize, usize)> {
        let sample = split.sample(index, &[Modality::Visual]).unwrap();
        let HostInput::Pictures(pictures) = &sample.inputs[&Modality::Visual] else {
            panic!("no pictures")
        };
        pictures.iter().map(numbers).collect()
    }

    /// Rows of a sample's filterbank, and the filter that is loudest in the middle of it.
    pub fn sound(&self, split: &Split, index: usize) -> (usize, usize) {
        let sample = split.sample(index, &[Modality::Audio]).unwrap();
        let HostInput::Map { data, frames, mels } = &sample.inputs[&Modality::Audio] else {
            panic!("no sound")
        };
        (*frames, loudest(&data[frames / 2 * mels..][..*mels]))
    }

    /// The text of a sample that went in as bytes.
    pub fn text(&self, split: &Split, index: usize) -> String {
        let sample = split.sample(index, &[Modality::Text]).unwrap();
        let HostInput::Tokens(tokens) = &sample.inputs[&Modality::Text] else {
            panic!("no text")
        };
        String::from_utf8(tokens.iter().map(|token| (token - 2) as u8).collect()).unwrap()
    }
}

/// The filter that a tone is loudest in, at a sample rate: its mel is nearest to the filter's
/// middle.
pub fn tone(hertz: u32, rate: u32) -> usize {
    let mel = |hertz: f64| 1127.0 * (1.0 + hertz / 700.0).ln();
    let (low, high) = (mel(20.0), mel(f64::from(rate) / 2.0));
    let step = (high - low) / (MELS + 1) as f64;
    ((mel(f64::from(hertz)) - low) / step).round() as usize - 1
}

fn loudest(row: &[f32]) -> usize {
    (0..row.len())
        .max_by(|a, b| row[*a].total_cmp(&row[*b]))
        .unwrap()
}
