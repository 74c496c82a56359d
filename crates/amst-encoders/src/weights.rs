//! Weights as safetensors, under PyTorch's names.

pub(crate) mod mismatch;
mod pytorch;

use std::path::Path;

use burn::module::{Module, ParamId};
use burn::tensor::DType;
use burn_store::{
    ApplyResult, BurnToPyTorchAdapter, ChainAdapter, FloatCastAdapter, ModuleAdapter,
    ModuleSnapshot, PyTorchToBurnAdapter, SafetensorsStore,
};

use crate::renames::{pattern, plain};
use crate::{Renames, WeightsError, held_tensors};
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
    let mut store = SafetensorsStore::from_file(path)
        .with_to_adapter(BurnToPyTorchAdapter)
        .skip_enum_variants(true)
        .overwrite(true);
    for (ours, theirs) in &renames.0 {
        store = store.with_key_remapping(pattern(ours), plain(theirs));
    }
    module
        .save_into(&mut store)
        .map_err(|e| WeightsError::File {
            path: path.into(),
            why: e.to_string(),
        })
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
