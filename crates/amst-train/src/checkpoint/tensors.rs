//! Tensors in a safetensors file, drawn one after the other as they are written.

use std::io::{self, Write};
use std::path::Path;

use amst_encoders::HeldTensor;
use burn::tensor::{DType, TensorData};
use safetensors::tensor::{Metadata, TensorInfo};
use safetensors::{Dtype, SafeTensors};

use super::CheckpointError;

/// Writes a file that holds these tensors, sorted by name. No more than one of them is in memory
/// twice.
pub(crate) fn write(tensors: &[HeldTensor], file: &mut dyn Write) -> io::Result<()> {
    let mut sorted: Vec<&HeldTensor> = tensors.iter().collect();
    sorted.sort_by_key(|tensor| tensor.name());
    let header = header(&sorted)?;
    file.write_all(&(header.len() as u64).to_le_bytes())?;
    file.write_all(&header)?;
    sorted.into_iter().try_for_each(|tensor| {
        let data = tensor.data().map_err(io::Error::other)?;
        file.write_all(data.as_bytes())
    })
}

fn header(sorted: &[&HeldTensor]) -> io::Result<Vec<u8>> {
    let mut end = 0;
    let mut infos = Vec::new();
    for tensor in sorted {
        if tensor.dtype() != DType::F32 {
            return Err(io::Error::other(format!(
                "{} is of {:?}, not of 32-bit floats",
                tensor.name(),
                tensor.dtype()
            )));
        }
        let start = end;
        end += tensor.byte_len();
        let info = TensorInfo {
            dtype: Dtype::F32,
            shape: tensor.shape(),
            data_offsets: (start, end),
        };
        infos.push((tensor.name().to_string(), info));
    }
    let metadata = Metadata::new(None, infos).map_err(io::Error::other)?;
    let mut header = serde_json::to_vec(&metadata)?;
    header.resize(header.len().next_multiple_of(8), b' ');
    Ok(header)
}

/// The tensors of a file's bytes, sorted by name.
pub(crate) fn read(bytes: &[u8], path: &Path) -> Result<Vec<HeldTensor>, CheckpointError> {
    let damaged = |why: String| CheckpointError::Damaged {
        path: path.into(),
        why,
    };
    let file = SafeTensors::deserialize(bytes).map_err(|e| damaged(e.to_string()))?;
    let held = |(name, tensor): (String, safetensors::tensor::TensorView<'_>)| {
        if tensor.dtype() != Dtype::F32 {
            return Err(damaged(format!(
                "{name} is of {:?}, not of 32-bit floats",
                tensor.dtype()
            )));
        }
        let data =
            TensorData::from_bytes_vec(tensor.data().to_vec(), tensor.shape().to_vec(), DType::F32);
        Ok(HeldTensor::from_data(name, data))
    };
    let mut tensors = file.tensors();
    tensors.sort_by(|(a, _), (b, _)| a.cmp(b));
    tensors.into_iter().map(held).collect()
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
