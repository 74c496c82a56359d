//! From the loader to the device.

use std::panic::resume_unwind;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use amst::Batch;
use amst_data::{Batches, DataError, Features};
use amst_encoders::Input;
use burn::tensor::{Device, Tensor, TensorData};

/// Moves a loaded batch to a device.
pub fn upload(batch: amst_data::Batch, device: &Device) -> Batch {
    let samples = batch.labels.len();
    let inputs = batch.inputs.into_iter().map(|(modality, features)| (modality, input(features, device))).collect();
    Batch { inputs, labels: Tensor::from_data(TensorData::new(batch.labels, [samples]), device) }
}

fn input(features: Features, device: &Device) -> Input {
    match features {
        Features::Map { data, shape } => Input::Map(Tensor::from_data(TensorData::new(data, shape), device)),
        Features::Frames { data, shape } => Input::Frames(Tensor::from_data(TensorData::new(data, shape), device)),
        Features::Tokens { ids, mask, shape } => Input::Tokens {
            ids: Tensor::from_data(TensorData::new(ids, shape), device),
            mask: Tensor::from_data(TensorData::new(mask, shape), device),
        },
    }
}

/// A batch on the device, and what is known of it on the host.
pub(crate) struct Uploaded {
    pub batch: Batch,
    /// The samples' places in their split.
    pub indices: Vec<usize>,
    /// Their classes.
    pub labels: Vec<i64>,
}

impl Uploaded {
    fn new(batch: amst_data::Batch, device: &Device) -> Self {
        let (indices, labels) = (batch.indices.clone(), batch.labels.clone());
        Self { batch: upload(batch, device), indices, labels }
    }
}

/// The batches of a loader on their way to a device, in its order: while one is computed on, a
/// thread moves the next one there. At most one waits on the device.
pub(crate) struct Uploads {
    /// `None` once nobody wants any more.
    inbox: Option<Receiver<Result<Uploaded, DataError>>>,
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
        let mover = std::thread::Builder::new().name("upload".into()).spawn(move || carry(&from, &to, &outbox)).ok();
        Self { inbox: mover.is_some().then_some(inbox), mover, source, device }
    }
}

/// Moves batch after batch, until there are no more or nobody wants them.
fn carry(from: &Mutex<Batches>, to: &Device, outbox: &SyncSender<Result<Uploaded, DataError>>) {
    while let Some(batch) = take(from, to) {
        if outbox.send(batch).is_err() {
            return;
        }
    }
}

fn take(from: &Mutex<Batches>, to: &Device) -> Option<Result<Uploaded, DataError>> {
    let batch = from.lock().unwrap_or_else(PoisonError::into_inner).next()?;
    Some(batch.map(|batch| Uploaded::new(batch, to)))
}

impl Iterator for Uploads {
    type Item = Result<Uploaded, DataError>;

    fn next(&mut self) -> Option<Self::Item> {
        let Some(inbox) = &self.inbox else { return take(&self.source, &self.device) };
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
