//! From the loader to the device.

use std::panic::resume_unwind;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use amst::Batch;
use amst_data::{Batches, DataError, Features, HostBatch};
use amst_encoders::Input;
use burn::tensor::{DType, Device, Int, Tensor, TensorData};

use crate::batches::LoadedBatch;

/// Moves a loaded batch to a device.
pub fn upload(batch: HostBatch, device: &Device) -> Batch {
    let samples = batch.labels.len();
    let inputs = batch
        .inputs
        .into_iter()
        .map(|(modality, features)| (modality, input(features, device)))
        .collect();
    Batch {
        inputs,
        labels: Tensor::from_data(TensorData::new(batch.labels, [samples]), device),
    }
}

fn input(features: Features, device: &Device) -> Input {
    match features {
        Features::Map { data, shape } => {
            Input::Map(Tensor::from_data(TensorData::new(data, shape), device))
        }
        Features::Frames { data, shape } => {
            Input::Frames(Tensor::from_data(TensorData::new(data, shape), device))
        }
        Features::Pixels {
            data,
            shape,
            mean,
            std,
        } => {
            let pixels =
                Tensor::<5, Int>::from_data(TensorData::new(data, shape), (device, DType::U8));
            Input::Frames(normalised(pixels.float(), mean, std, device))
        }
        Features::Tokens { ids, mask, shape } => Input::Tokens {
            ids: Tensor::from_data(TensorData::new(ids, shape), device),
            mask: Tensor::from_data(TensorData::new(mask, shape), device),
        },
    }
}

/// What the loader makes of bytes, by the same three operations in the same order. A device may
/// multiply by the inverse of a plain number where it divides by a tensor: hence tensors.
fn normalised(bytes: Tensor<5>, mean: Vec<f32>, std: Vec<f32>, device: &Device) -> Tensor<5> {
    let channels = mean.len();
    (bytes / by_channel(vec![255.0; channels], device) - by_channel(mean, device))
        / by_channel(std, device)
}

/// One number a channel, `[1, channels, 1, 1, 1]`.
fn by_channel(values: Vec<f32>, device: &Device) -> Tensor<5> {
    let shape = [1, values.len(), 1, 1, 1];
    Tensor::from_data(TensorData::new(values, shape), device)
}

/// Moves a loaded batch to a device, and keeps what is known of it on the host.
fn uploaded(batch: HostBatch, device: &Device) -> LoadedBatch {
    let (indices, labels) = (batch.indices.clone(), batch.labels.clone());
    LoadedBatch {
        batch: upload(batch, device),
        indices,
        labels,
    }
}

/// Moves the batches of a loader to a device, in its order: while one is computed on, a thread
/// moves the next one there. At most one waits on the device.
pub(crate) struct Uploads {
    /// `None` once no more batches are wanted.
    inbox: Option<Receiver<Result<LoadedBatch, DataError>>>,
    /// `None` where the system gave no thread: then each batch is moved when it is asked for.
    mover: Option<JoinHandle<()>>,
    source: Arc<Mutex<Batches>>,
    device: Device,
}

impl Uploads {
    /// Begins to move.
    pub fn start(batches: Batches, device: &Device) -> Self {
        let (outbox, inbox) = sync_channel(0);
        let (source, device) = (Arc::new(Mutex::new(batches)), device.clone());
        let (from, to) = (Arc::clone(&source), device.clone());
        let mover = std::thread::Builder::new()
            .name("upload".into())
            .spawn(move || carry(&from, &to, &outbox))
            .ok();
        Self {
            inbox: mover.is_some().then_some(inbox),
            mover,
            source,
            device,
        }
    }
}

/// Moves batch after batch, until there are no more or no more are wanted.
fn carry(from: &Mutex<Batches>, to: &Device, outbox: &SyncSender<Result<LoadedBatch, DataError>>) {
    while let Some(batch) = take(from, to) {
        if outbox.send(batch).is_err() {
            return;
        }
    }
}

fn take(from: &Mutex<Batches>, to: &Device) -> Option<Result<LoadedBatch, DataError>> {
    let batch = from.lock().unwrap_or_else(PoisonError::into_inner).next()?;
    Some(batch.map(|batch| uploaded(batch, to)))
}

impl Iterator for Uploads {
    type Item = Result<LoadedBatch, DataError>;

    fn next(&mut self) -> Option<Self::Item> {
        let Some(inbox) = &self.inbox else {
            return take(&self.source, &self.device);
        };
        let next = inbox.recv().ok();
        if next.is_none()
            && let Some(Err(panic)) = self.mover.take().map(JoinHandle::join)
        {
            // A device that could not take the batch: the epoch must not seem to be over.
            resume_unwind(panic);
        }
        next
    }
}

impl Drop for Uploads {
    fn drop(&mut self) {
        self.inbox = None;
        if let Some(mover) = self.mover.take() {
            mover.join().ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use amst::methods::built_in;
    use amst_data::{Loader, LoaderConfig, Prepared, SplitName};
    use amst_recipe::{DatasetSpec, Modality};

    use super::*;

    /// A GPU is sent bytes; by these operations they become what every other device is sent.
    #[test]
    fn bytes_become_the_numbers_that_the_loader_makes_of_them_to_the_bit() {
        let settings =
            ["synthetic.train=6", "synthetic.val=6", "synthetic.test=6"].map(String::from);
        let recipe = built_in()
            .resolve(&[DatasetSpec::shapes("crema-d").unwrap().recipe], &settings)
            .unwrap();
        let split = Prepared::shapes(&recipe).unwrap().split(SplitName::Train);
        let frames = |train: bool, bytes: bool| {
            let config = LoaderConfig {
                batch_size: 4,
                train,
                ..LoaderConfig::default()
            };
            let loader = Loader::new(split.clone(), config).unwrap().in_bytes(bytes);
            let batch = loader
                .epoch(0, &[Modality::Visual])
                .next()
                .unwrap()
                .unwrap();
            assert_eq!(
                matches!(batch.inputs[&Modality::Visual], Features::Pixels { .. }),
                bytes
            );
            let mut inputs = upload(batch, &Device::flex()).inputs;
            let Some(Input::Frames(frames)) = inputs.remove(&Modality::Visual) else {
                panic!("no pictures")
            };
            frames.into_data().try_to_vec::<f32>().unwrap()
        };
        for train in [true, false] {
            let (here, there) = (frames(train, false), frames(train, true));
            assert_eq!(here.len(), 4 * 3 * 3 * 224 * 224);
            assert!(
                here.iter()
                    .zip(&there)
                    .all(|(a, b)| a.to_bits() == b.to_bits()),
                "training: {train}"
            );
        }
    }
}
