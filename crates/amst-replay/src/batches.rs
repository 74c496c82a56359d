//! The recorded batches.

use std::path::Path;

use amst::{Batch, Modality, Part, Supply, SupplyError};
use amst_encoders::Input;
use burn::tensor::{Device, Tensor, TensorData};
use safetensors::SafeTensors;

use crate::ReplayError;
use crate::tensors::{floats, integers, parse, read};

/// A batch that is not on a device yet.
#[derive(Debug)]
pub(crate) struct Recorded {
    pub labels: Vec<i64>,
    inputs: Vec<(Modality, Raw)>,
}

#[derive(Debug)]
enum Raw {
    Floats(Vec<usize>, Vec<f32>),
    Tokens(Vec<usize>, Vec<i64>, Vec<f32>),
}

/// The batches of both splits.
pub(crate) struct Batches {
    pub train: Vec<Recorded>,
    pub eval: Vec<Recorded>,
}

impl Batches {
    pub fn read(path: &Path, modalities: &[Modality]) -> Result<Self, ReplayError> {
        let bytes = read(path)?;
        let file = parse(path, &bytes)?;
        let split = |name: &str| -> Result<Vec<Recorded>, ReplayError> {
            let places = (0..)
                .map(|n| format!("{name}.{n:04}"))
                .take_while(|at| file.tensor(&format!("{at}.y")).is_ok());
            let batches = places
                .map(|at| Recorded::read(&file, path, &at, modalities))
                .collect::<Result<Vec<_>, _>>()?;
            match batches.is_empty() {
                false => Ok(batches),
                true => Err(ReplayError::Tensor {
                    path: path.into(),
                    name: format!("{name}.0000.y"),
                    why: "is missing: there is no batch".into(),
                }),
            }
        };
        Ok(Self {
            train: split("train")?,
            eval: split("eval")?,
        })
    }

    /// Channels of a modality's pictures or spectrograms.
    pub fn channels(&self, modality: Modality) -> usize {
        let raw = self.train[0]
            .inputs
            .iter()
            .find(|(m, _)| *m == modality)
            .map(|(_, raw)| raw);
        match raw {
            Some(Raw::Floats(shape, _)) => shape.get(1).copied().unwrap_or(1),
            _ => 1,
        }
    }
}

impl Recorded {
    fn read(
        file: &SafeTensors<'_>,
        path: &Path,
        at: &str,
        modalities: &[Modality],
    ) -> Result<Self, ReplayError> {
        let raw = |m: &Modality| Ok((*m, Raw::read(file, path, &format!("{at}.{}", m.letter()))?));
        let inputs = modalities
            .iter()
            .map(raw)
            .collect::<Result<Vec<_>, ReplayError>>()?;
        Ok(Self {
            labels: integers(file, path, &format!("{at}.y"))?.1,
            inputs,
        })
    }

    /// The batch on a device, with these modalities only.
    pub fn on(&self, device: &Device, loads: &[Modality]) -> Batch {
        let inputs = self
            .inputs
            .iter()
            .filter(|(m, _)| loads.contains(m))
            .map(|(m, raw)| (*m, raw.on(device)));
        let labels = Tensor::from_data(
            TensorData::new(self.labels.clone(), [self.labels.len()]),
            device,
        );
        Batch {
            inputs: inputs.collect(),
            labels,
        }
    }
}

impl Raw {
    fn read(file: &SafeTensors<'_>, path: &Path, name: &str) -> Result<Self, ReplayError> {
        if file.tensor(&format!("{name}.ids")).is_ok() {
            let (shape, ids) = integers(file, path, &format!("{name}.ids"))?;
            return Ok(Raw::Tokens(
                shape,
                ids,
                floats(file, path, &format!("{name}.mask"))?.1,
            ));
        }
        let (shape, values) = floats(file, path, name)?;
        match shape.len() {
            4 | 5 => Ok(Raw::Floats(shape, values)),
            other => Err(ReplayError::Tensor {
                path: path.into(),
                name: name.into(),
                why: format!("has {other} dimensions, not 4 (sound) or 5 (pictures)"),
            }),
        }
    }

    fn on(&self, device: &Device) -> Input {
        match self {
            Raw::Floats(shape, values) if shape.len() == 4 => Input::Map(Tensor::from_data(
                TensorData::new(values.clone(), shape.clone()),
                device,
            )),
            Raw::Floats(shape, values) => Input::Frames(Tensor::from_data(
                TensorData::new(values.clone(), shape.clone()),
                device,
            )),
            Raw::Tokens(shape, ids, mask) => Input::Tokens {
                ids: Tensor::from_data(TensorData::new(ids.clone(), shape.clone()), device),
                mask: Tensor::from_data(TensorData::new(mask.clone(), shape.clone()), device),
            },
        }
    }
}

/// The recorded batches as a method may look at them before an epoch.
pub(crate) struct RecordedSupply<'a> {
    /// The coming epoch's batches.
    pub epoch: Vec<&'a Recorded>,
    /// Those that prototypes are made of.
    pub sample: Vec<&'a Recorded>,
    pub eval: &'a [Recorded],
    pub modalities: &'a [Modality],
    pub device: &'a Device,
}

impl Supply for RecordedSupply<'_> {
    fn count(&self, part: Part) -> usize {
        match part {
            Part::Epoch => self.epoch.len(),
            Part::Sample => self.sample.len(),
            Part::Validation => self.eval.len(),
        }
    }

    fn batch(&mut self, part: Part, number: usize) -> Result<Batch, SupplyError> {
        let recorded = match part {
            Part::Epoch => self.epoch[number],
            Part::Sample => self.sample[number],
            Part::Validation => &self.eval[number],
        };
        Ok(recorded.on(self.device, self.modalities))
    }
}
