use amst::Batch;
use amst_data::Features;
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
