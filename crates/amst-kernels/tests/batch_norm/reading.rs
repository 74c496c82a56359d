//! Reads fixtures.

use std::collections::BTreeMap;
use std::path::PathBuf;

use amst_kernels::batch_norm::Fused;
use burn::tensor::{Device, Tensor, TensorData};
use safetensors::SafeTensors;

pub const EPSILON: f64 = 1e-5;

pub const CASES: [&str; 10] = [
    "odd",
    "relu",
    "shortcut",
    "one_picture",
    "one_position",
    "two_numbers",
    "wide",
    "long",
    "offset",
    "constant",
];

pub struct Fixture {
    tensors: BTreeMap<String, (Vec<usize>, Vec<f32>)>,
    then: String,
}

impl Fixture {
    pub fn read(case: &str) -> Self {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
            .join(format!("tests/batch_norm/fixtures/{case}.safetensors"));
        let bytes = std::fs::read(path).unwrap();
        let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
        let floats = |bytes: &[u8]| {
            bytes
                .chunks_exact(4)
                .map(|b| f32::from_le_bytes(b.try_into().unwrap()))
                .collect()
        };
        let file = SafeTensors::deserialize(&bytes).unwrap();
        let tensors = file
            .tensors()
            .into_iter()
            .map(|(n, t)| (n, (t.shape().to_vec(), floats(t.data()))))
            .collect();
        Self {
            tensors,
            then: header.metadata().as_ref().unwrap()["then"].clone(),
        }
    }

    pub fn values(&self, name: &str) -> &[f32] {
        &self.tensors[name].1
    }

    pub fn tensor<const D: usize>(&self, name: &str, device: &Device) -> Tensor<D> {
        let (shape, values) = &self.tensors[name];
        Tensor::from_data(TensorData::new(values.clone(), shape.clone()), device)
    }

    pub fn then(&self, device: &Device) -> Fused {
        match self.then.as_str() {
            "nothing" => Fused::Nothing,
            "relu" => Fused::Relu,
            _ => {
                let shortcut = self.tensor("shortcut", device);
                Fused::AddRelu(if device.is_autodiff() {
                    shortcut.require_grad()
                } else {
                    shortcut
                })
            }
        }
    }

    pub fn numbers_a_channel(&self) -> f64 {
        let shape = &self.tensors["x"].0;
        (shape[0] * shape[2] * shape[3]) as f64
    }
}

/// The largest difference over the largest magnitude, or over `at_least`.
pub fn apart(got: &[f32], want: &[f32], at_least: f32) -> f32 {
    assert_eq!(got.len(), want.len());
    let largest = want.iter().fold(at_least, |most, v| most.max(v.abs()));
    let apart = got.iter().zip(want).fold(0.0f32, |most, (g, w)| {
        if (g - w).is_nan() {
            f32::INFINITY
        } else {
            most.max((g - w).abs())
        }
    });
    if largest == 0.0 {
        apart
    } else {
        apart / largest
    }
}
