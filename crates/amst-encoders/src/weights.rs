//! Weights as safetensors, under PyTorch's names.

pub(crate) mod mismatch;
mod pytorch;

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use amst_files::NewFile;
use burn::module::{Module, ParamId};
use burn::tensor::DType;
use burn_store::{
    ApplyResult, ChainAdapter, FloatCastAdapter, ModuleAdapter, ModuleSnapshot,
    PyTorchToBurnAdapter, SafetensorsStore,
};
use safetensors::Dtype;
use safetensors::tensor::{Metadata, TensorInfo};

use crate::renames::{pattern, plain};
use crate::{HeldTensor, Renames, WeightsError, held_tensors};
use mismatch::{check, find_mismatch};

/// Writes every parameter and running statistic of `module`.
///
/// # Errors
///
/// The file cannot be written.
pub fn write_weights<M: Module>(
    module: &M,
    path: &Path,
    renames: &Renames,
) -> Result<(), WeightsError> {
    let texts = SafetensorsStore::default_metadata().into_iter().collect();
    let tensors = held_tensors(module, renames)?;
    write_tensor_file(path, &tensors, &texts).map_err(|e| WeightsError::File {
        path: path.into(),
        why: e.to_string(),
    })
}

/// Writes a safetensors file beside `path` and renames it, so that it is whole or absent.
/// `texts` are the entries of its `__metadata__`.
///
/// # Errors
///
/// Those of [`write_tensors`]; no permission, no disk space.
pub fn write_tensor_file(
    path: &Path,
    tensors: &[HeldTensor],
    texts: &BTreeMap<String, String>,
) -> io::Result<()> {
    let mut file = BufWriter::with_capacity(1 << 20, NewFile::create(path)?);
    write_tensors(&mut file, tensors, texts)?;
    let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
    Ok(file.persist_synced()?)
}

/// Writes the bytes of a safetensors file, the same whenever tensors and `texts` are. Of the
/// tensors no more than one at a time is copied from its device.
///
/// # Errors
///
/// The system's; a tensor of another kind than f32, f64, i64 or u8.
pub fn write_tensors(
    file: &mut dyn Write,
    tensors: &[HeldTensor],
    texts: &BTreeMap<String, String>,
) -> io::Result<()> {
    let mut sorted = Vec::new();
    for tensor in tensors {
        let dtype = match tensor.dtype() {
            DType::F32 => Dtype::F32,
            DType::F64 => Dtype::F64,
            DType::I64 => Dtype::I64,
            DType::U8 => Dtype::U8,
            other => {
                let name = tensor.name();
                return Err(io::Error::other(format!("{name} is of {other:?}")));
            }
        };
        sorted.push((Reverse(dtype), tensor.name(), tensor));
    }
    // As the library sorts them: kinds with the widest numbers first, which aligns all of them.
    sorted.sort_by_key(|(dtype, name, _)| (*dtype, *name));
    let mut infos = Vec::new();
    let mut end = 0;
    for (Reverse(dtype), name, tensor) in &sorted {
        let start = end;
        end += tensor.byte_len();
        let info = TensorInfo {
            dtype: *dtype,
            shape: tensor.shape(),
            data_offsets: (start, end),
        };
        infos.push((name.to_string(), info));
    }
    let metadata = Metadata::new(None, infos).map_err(io::Error::other)?;
    let mut header = if texts.is_empty() {
        serde_json::to_vec(&metadata)?
    } else {
        // The library would list the texts in another order each time; a value sorts its keys.
        let mut value = serde_json::to_value(&metadata)?;
        value["__metadata__"] = serde_json::to_value(texts)?;
        serde_json::to_vec(&value)?
    };
    // Numbers begin at a multiple of eight.
    header.resize(header.len().next_multiple_of(8), b' ');
    file.write_all(&(header.len() as u64).to_le_bytes())?;
    file.write_all(&header)?;
    for (.., tensor) in sorted {
        let data = tensor.data().map_err(io::Error::other)?;
        file.write_all(data.as_bytes())?;
    }
    Ok(())
}

/// A parameter or running statistic by its published name.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedTensor {
    /// As files have it.
    pub name: String,
    /// As PyTorch has it: a linear layer is `[output, input]`.
    pub shape: Vec<usize>,
    /// In row-major order.
    pub values: Vec<f32>,
    /// The parameter's identity, as optimisers know it.
    pub id: Option<ParamId>,
}

/// Every parameter and running statistic of `module`, as [`write_weights`] would write them.
///
/// # Errors
///
/// A tensor that is not of 32-bit floats.
pub fn named_tensors<M: Module>(
    module: &M,
    renames: &Renames,
) -> Result<Vec<NamedTensor>, WeightsError> {
    let mut named = Vec::new();
    for tensor in held_tensors(module, renames)? {
        let values = tensor.data()?.try_to_vec();
        named.push(NamedTensor {
            name: tensor.name().into(),
            shape: tensor.shape(),
            values: values.map_err(|e| WeightsError::File {
                path: "the network".into(),
                why: format!("{}: {e:?}", tensor.name()),
            })?,
            id: tensor.id(),
        });
    }
    Ok(named)
}

/// Reads every parameter and running statistic of `module`, and converts them to single precision.
///
/// # Errors
///
/// The file cannot be read, or does not hold exactly the module's tensors.
pub fn read_weights<M: Module>(
    module: &mut M,
    path: &Path,
    renames: &Renames,
) -> Result<(), WeightsError> {
    let result = apply(module, SafetensorsStore::from_file(path), path, renames)?;
    check(&result, module, path, renames)
}

/// The same from the bytes of such a file; `path` names it in messages.
///
/// # Errors
///
/// The bytes are not a safetensors file, or do not hold exactly the module's tensors.
pub fn read_weights_from<M: Module>(
    module: &mut M,
    bytes: Vec<u8>,
    path: &Path,
    renames: &Renames,
) -> Result<(), WeightsError> {
    let result = apply(
        module,
        SafetensorsStore::from_bytes(Some(bytes)),
        path,
        renames,
    )?;
    check(&result, module, path, renames)
}

/// Reads every parameter of `module`, a part of a pretrained network, from safetensors or from
/// PyTorch's format. The file may hold other tensors, if `is_ignored` says so of their names.
pub(crate) fn read_part<M: Module>(
    module: &mut M,
    path: &Path,
    renames: &Renames,
    is_ignored: impl Fn(&str) -> bool,
) -> Result<(), WeightsError> {
    let mut result = if pytorch::has_extension(path) {
        pytorch::apply(module, path, renames)?
    } else {
        apply(module, SafetensorsStore::from_file(path), path, renames)?
    };
    result.unused.retain(|name| !is_ignored(name));
    match find_mismatch(&result, module, renames) {
        Some(why) => Err(WeightsError::Pretrained {
            path: path.into(),
            why,
        }),
        None => Ok(()),
    }
}

fn apply<M: Module>(
    module: &mut M,
    store: SafetensorsStore,
    path: &Path,
    renames: &Renames,
) -> Result<ApplyResult, WeightsError> {
    let mut store = store
        .with_from_adapter(single_precision())
        .skip_enum_variants(true)
        .allow_partial(true)
        .validate(false);
    for (ours, theirs) in &renames.0 {
        store = store.with_key_remapping(pattern(theirs), plain(ours));
    }
    module
        .load_from(&mut store)
        .map_err(|e| WeightsError::File {
            path: path.into(),
            why: e.to_string(),
        })
}

/// Converts PyTorch's layout, in any precision, to burn's in single precision.
fn single_precision() -> ChainAdapter {
    PyTorchToBurnAdapter.chain(FloatCastAdapter::to(DType::F32))
}
