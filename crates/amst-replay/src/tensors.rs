//! Named tensors in files.

use std::collections::BTreeMap;
use std::path::Path;

use amst_encoders::HeldTensor;
use burn::tensor::TensorData;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};

use crate::ReplayError;

/// Shape and values by name.
pub type Tensors = BTreeMap<String, (Vec<usize>, Vec<f32>)>;

/// All 32-bit tensors of a safetensors file.
///
/// # Errors
///
/// A file that cannot be read, or holds anything else.
pub fn read_tensors(path: &Path) -> Result<Tensors, ReplayError> {
    let bytes = read(path)?;
    let file = parse(path, &bytes)?;
    file.names()
        .into_iter()
        .map(|name| Ok((name.to_string(), floats(&file, path, name)?)))
        .collect()
}

pub(crate) fn read(path: &Path) -> Result<Vec<u8>, ReplayError> {
    std::fs::read(path).map_err(|e| ReplayError::File {
        verb: "read",
        path: path.into(),
        why: e.to_string(),
    })
}

pub(crate) fn parse<'a>(path: &Path, bytes: &'a [u8]) -> Result<SafeTensors<'a>, ReplayError> {
    let unreadable = |e: safetensors::SafeTensorError| ReplayError::File {
        verb: "read",
        path: path.into(),
        why: format!("not a safetensors file ({e})"),
    };
    SafeTensors::deserialize(bytes).map_err(unreadable)
}

pub(crate) fn floats(
    file: &SafeTensors<'_>,
    path: &Path,
    name: &str,
) -> Result<(Vec<usize>, Vec<f32>), ReplayError> {
    let tensor = of_type(file, path, name, Dtype::F32)?;
    let values = tensor
        .data()
        .chunks_exact(4)
        .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
        .collect();
    Ok((tensor.shape().to_vec(), values))
}

pub(crate) fn integers(
    file: &SafeTensors<'_>,
    path: &Path,
    name: &str,
) -> Result<(Vec<usize>, Vec<i64>), ReplayError> {
    let tensor = of_type(file, path, name, Dtype::I64)?;
    let number = |b: &[u8]| i64::from_le_bytes(b.try_into().expect("chunks of eight bytes"));
    Ok((
        tensor.shape().to_vec(),
        tensor.data().chunks_exact(8).map(number).collect(),
    ))
}

fn of_type<'a>(
    file: &SafeTensors<'a>,
    path: &Path,
    name: &str,
    dtype: Dtype,
) -> Result<TensorView<'a>, ReplayError> {
    let wrong = |why: String| ReplayError::Tensor {
        path: path.into(),
        name: name.into(),
        why,
    };
    let tensor = file.tensor(name).map_err(|_| wrong("is missing".into()))?;
    if tensor.dtype() != dtype {
        return Err(wrong(format!("is {:?}, not {dtype:?}", tensor.dtype())));
    }
    Ok(tensor)
}

/// Writes tensors under their names.
pub(crate) fn write_tensors(tensors: &Tensors, path: &Path) -> Result<(), ReplayError> {
    let written = amst_encoders::write_tensor_file(path, &held(tensors), &BTreeMap::new());
    written.map_err(|e| failed(path, &e))
}

/// What a safetensors file of these tensors would hold; `path` is what messages call it.
pub(crate) fn to_bytes(tensors: &Tensors, path: &Path) -> Result<Vec<u8>, ReplayError> {
    let mut bytes = Vec::new();
    let written = amst_encoders::write_tensors(&mut bytes, &held(tensors), &BTreeMap::new());
    written.map_err(|e| failed(path, &e))?;
    Ok(bytes)
}

fn held(tensors: &Tensors) -> Vec<HeldTensor> {
    let mut held = Vec::new();
    for (name, (shape, values)) in tensors {
        let data = TensorData::new(values.clone(), shape.clone());
        held.push(HeldTensor::from_data(name, data));
    }
    held
}

fn failed(path: &Path, error: &std::io::Error) -> ReplayError {
    ReplayError::File {
        verb: "write",
        path: path.into(),
        why: error.to_string(),
    }
}
