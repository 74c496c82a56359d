//! The recorded batches.

use std::path::Path;
use std::sync::Arc;

use amst::{Batch, Modality, Part, SupplyError};
use amst_encoders::Input;
use amst_train::{BatchSource, BatchStream, LoadedBatch, ReadPlan};
use burn::tensor::{Device, Tensor, TensorData};
use safetensors::SafeTensors;

use crate::ReplayError;
use crate::case::Case;
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
            if batches.is_empty() {
                return Err(ReplayError::Tensor {
                    path: path.into(),
                    name: format!("{name}.0000.y"),
                    why: "is missing: there is no batch".into(),
                });
            }
            Ok(batches)
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

/// The recorded batches in the order in which the case trains on them.
pub(crate) struct RecordedBatches {
    batches: Arc<Batches>,
    modalities: Vec<Modality>,
    steps: usize,
    /// Numbers of the batches that prototypes are made of, by epoch.
    samples: Vec<Vec<usize>>,
    /// With autodiff.
    training_device: Device,
    /// Without.
    device: Device,
}

impl RecordedBatches {
    pub fn new(
        case: &Case,
        batches: Arc<Batches>,
        modalities: Vec<Modality>,
        device: &Device,
    ) -> Result<Self, ReplayError> {
        let mut samples = Vec::new();
        for epoch in 0..case.settings.epochs {
            samples.push(case.settings.prototype_batches(epoch)?);
        }
        if samples.iter().flatten().any(|n| *n >= batches.train.len()) {
            return Err(ReplayError::Setting(
                "`pmr.batches` names a batch that inputs.safetensors has not".into(),
            ));
        }
        Ok(Self {
            batches,
            modalities,
            steps: case.settings.steps,
            samples,
            training_device: device.clone().autodiff(),
            device: device.clone(),
        })
    }

    /// How many training batches were recorded.
    pub fn train_batches(&self) -> usize {
        self.batches.train.len()
    }

    fn recorded(&self, part: Part, epoch: usize, number: usize) -> &Recorded {
        let train = &self.batches.train;
        match part {
            // A run of more steps than batches goes through them again.
            Part::Epoch => &train[(epoch * self.steps + number) % train.len()],
            Part::Sample => &train[self.samples[epoch][number]],
            Part::Validation => &self.batches.eval[number],
        }
    }
}

impl BatchSource for RecordedBatches {
    fn count(&self, part: Part, epoch: usize) -> usize {
        match part {
            Part::Epoch => self.steps,
            Part::Sample => self.samples[epoch].len(),
            Part::Validation => self.batches.eval.len(),
        }
    }

    fn validation_labels(&self) -> Vec<i64> {
        let labels = self
            .batches
            .eval
            .iter()
            .map(|batch| batch.labels.as_slice());
        labels.collect::<Vec<_>>().concat()
    }

    fn batch(&mut self, part: Part, epoch: usize, number: usize) -> Result<Batch, SupplyError> {
        let recorded = self.recorded(part, epoch, number);
        Ok(recorded.on(&self.training_device, &self.modalities))
    }

    fn read(&mut self, plan: &ReadPlan, _: Option<ReadPlan>) -> BatchStream {
        let device = match plan.part {
            Part::Epoch | Part::Sample => &self.training_device,
            Part::Validation => &self.device,
        };
        let mut batches = Vec::new();
        for number in plan.numbers.clone() {
            let recorded = self.recorded(plan.part, plan.epoch, number);
            batches.push(Ok(LoadedBatch {
                batch: recorded.on(device, &plan.modalities),
                indices: (0..recorded.labels.len()).collect(),
                labels: recorded.labels.clone(),
            }));
        }
        Box::new(batches.into_iter())
    }

    fn sample_ids(&self, indices: &[usize]) -> Vec<String> {
        indices.iter().map(|index| index.to_string()).collect()
    }
}
