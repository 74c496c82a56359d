//! Tensors in the safetensors files of a checkpoint.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use amst_encoders::{HeldTensor, write_tensors};
use burn::tensor::{DType, TensorData};
use safetensors::{Dtype, SafeTensors};

use super::CheckpointError;

/// Writes a file that holds these tensors, sorted by name. [`read`] takes 32-bit floats only.
pub(crate) fn write(tensors: &[HeldTensor], file: &mut dyn Write) -> io::Result<()> {
    if let Some(other) = tensors.iter().find(|tensor| tensor.dtype() != DType::F32) {
        return Err(io::Error::other(format!(
            "{} is of {:?}, not of 32-bit floats",
            other.name(),
            other.dtype()
        )));
    }
    write_tensors(file, tensors, &BTreeMap::new())
}

/// The tensors of a file's bytes, sorted by name.
pub(crate) fn read(bytes: &[u8], path: &Path) -> Result<Vec<HeldTensor>, CheckpointError> {
    let damaged = |why: String| CheckpointError::Damaged {
        path: path.into(),
        why,
    };
    let file = SafeTensors::deserialize(bytes).map_err(|e| damaged(e.to_string()))?;
    let mut held = Vec::new();
    for (name, tensor) in file.tensors() {
        if tensor.dtype() != Dtype::F32 {
            return Err(damaged(format!(
                "{name} is of {:?}, not of 32-bit floats",
                tensor.dtype()
            )));
        }
        let data =
            TensorData::from_bytes_vec(tensor.data().to_vec(), tensor.shape().to_vec(), DType::F32);
        held.push(HeldTensor::from_data(name, data));
    }
    held.sort_by(|a, b| a.name().cmp(b.name()));
    Ok(held)
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::{Device, Tensor};

    #[test]
    fn tensors_come_back_to_the_bit_and_other_libraries_read_the_file() {
        let device = Device::flex();
        let odd = Tensor::<1>::from_data(
            [f32::NAN, -0.0, f32::MIN_POSITIVE / 2.0, f32::INFINITY],
            &device,
        );
        let tensors = [
            HeldTensor::from_tensor("z", &Tensor::<2>::from_data([[1.0], [2.0]], &device)),
            HeldTensor::from_tensor("a", &odd),
        ];
        let mut bytes = Vec::new();
        write(&tensors, &mut bytes).unwrap();
        let foreign = SafeTensors::deserialize(&bytes).unwrap();
        // To the byte what the library itself writes.
        let library = safetensors::serialize(foreign.tensors(), None).unwrap();
        assert_eq!(bytes, library);
        assert_eq!(foreign.tensor("z").unwrap().shape(), [2, 1]);
        let read = read(&bytes, Path::new("here")).unwrap();
        assert_eq!(
            read.iter().map(HeldTensor::name).collect::<Vec<_>>(),
            ["a", "z"]
        );
        for (written, read) in tensors.iter().rev().zip(&read) {
            assert_eq!(
                written.data().unwrap().as_bytes(),
                read.data().unwrap().as_bytes()
            );
        }
    }

    #[test]
    fn nothing_is_a_file_too() {
        let mut bytes = Vec::new();
        write(&[], &mut bytes).unwrap();
        assert!(read(&bytes, Path::new("here")).unwrap().is_empty());
    }
}
