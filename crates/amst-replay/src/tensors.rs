//! Named tensors in files.

use std::collections::BTreeMap;
use std::path::Path;

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
    match tensor.dtype() == dtype {
        true => Ok(tensor),
        false => Err(wrong(format!("is {:?}, not {dtype:?}", tensor.dtype()))),
    }
}

/// Writes tensors under their names.
pub(crate) fn write_tensors(tensors: &Tensors, path: &Path) -> Result<(), ReplayError> {
    let bytes = to_bytes(tensors, path)?;
    std::fs::write(path, bytes).map_err(|e| ReplayError::File {
        verb: "write",
        path: path.into(),
        why: e.to_string(),
    })
}

/// What a safetensors file of these tensors would hold; `path` is what messages call it.
pub(crate) fn to_bytes(tensors: &Tensors, path: &Path) -> Result<Vec<u8>, ReplayError> {
    let failed = |e: safetensors::SafeTensorError| ReplayError::File {
        verb: "write",
        path: path.into(),
        why: e.to_string(),
    };
    let little_endian = |values: &Vec<f32>| values.iter().flat_map(|v| v.to_le_bytes()).collect();
    let bytes: BTreeMap<&String, Vec<u8>> = tensors
        .iter()
        .map(|(name, (_, values))| (name, little_endian(values)))
        .collect();
    let view = |(name, (shape, _)): (&String, &(Vec<usize>, Vec<f32>))| {
        TensorView::new(Dtype::F32, shape.clone(), &bytes[name]).map(|view| (name.clone(), view))
    };
    let views = tensors
        .iter()
        .map(view)
        .collect::<Result<Vec<_>, _>>()
        .map_err(failed)?;
    safetensors::serialize(views, None).map_err(failed)
}
