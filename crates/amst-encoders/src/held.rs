//! Tensors that are held now and read later.

use std::path::Path;

use burn::module::{Module, ParamId};
use burn::tensor::{DType, Device, Tensor, TensorData};
use burn_store::burn_pack::Tensor as Packed;
use burn_store::{
    ApplyResult, BurnToPyTorchAdapter, KeyRemapper, ModuleSnapshot, PyTorchToBurnAdapter,
};

use crate::weights::{check, pattern, plain};
use crate::{Renames, WeightsError};

/// A named tensor as it is at one moment, whatever becomes of the module that it was taken from.
///
/// Holding one copies nothing: tensors of burn never change, they are replaced. Its numbers are
/// read from the device, and a linear layer's turned round, only when [`HeldTensor::data`] asks
/// for them, which another thread may do.
#[derive(Clone, Debug)]
pub struct HeldTensor(Packed);

impl HeldTensor {
    /// Holds a tensor under a name.
    pub fn of<const D: usize>(name: impl Into<String>, tensor: &Tensor<D>) -> Self {
        Self(burn_store::bridge::from_tensor(tensor, name.into(), None))
    }

    /// Numbers that are in memory already.
    pub fn from_data(name: impl Into<String>, data: TensorData) -> Self {
        Self(burn_store::bridge::from_data(data, name.into(), None))
    }

    /// As files have it.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The same tensor under another name.
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.0.name = name.into();
        self
    }

    /// As PyTorch has it: a linear layer is `[output, input]`.
    pub fn shape(&self) -> Vec<usize> {
        self.0.shape.iter().copied().collect()
    }

    /// The kind of its numbers.
    pub fn dtype(&self) -> DType {
        self.0.dtype
    }

    /// The parameter that it is, which optimisers know it by.
    pub fn id(&self) -> Option<ParamId> {
        self.0.param_id.map(ParamId::from)
    }

    /// How many bytes [`HeldTensor::data`] will have.
    pub fn byte_len(&self) -> usize {
        self.0.byte_len()
    }

    /// Reads the numbers, in row-major order.
    ///
    /// # Errors
    ///
    /// The device does not give them.
    pub fn data(&self) -> Result<TensorData, WeightsError> {
        burn_store::bridge::to_data(&self.0).map_err(|e| WeightsError::File {
            path: self.name().into(),
            why: e.to_string(),
        })
    }

    /// The tensor on a device, if it has this rank.
    ///
    /// # Errors
    ///
    /// Another rank; a device that does not give the numbers.
    pub fn tensor<const D: usize>(&self, device: &Device) -> Result<Tensor<D>, WeightsError> {
        if self.0.shape.num_dims() != D {
            let why = format!("has the shape {:?}, not one of rank {D}", self.shape());
            return Err(WeightsError::File {
                path: self.name().into(),
                why,
            });
        }
        Ok(Tensor::from_data(self.data()?, device))
    }
}

/// Every parameter and running statistic of `module`, held as
/// [`write_weights`](crate::write_weights) would write it.
///
/// # Errors
///
/// Renames that are no names.
pub fn held_tensors<M: Module>(
    module: &M,
    renames: &Renames,
) -> Result<Vec<HeldTensor>, WeightsError> {
    let pairs = renames
        .0
        .iter()
        .map(|(ours, theirs)| (pattern(ours), plain(theirs).to_string()))
        .collect();
    let remapper = KeyRemapper::from_patterns(pairs).map_err(|e| WeightsError::File {
        path: "the network".into(),
        why: e.to_string(),
    })?;
    let (tensors, _) =
        remapper.remap(module.collect(None, Some(Box::new(BurnToPyTorchAdapter)), true));
    Ok(tensors.into_iter().map(HeldTensor).collect())
}

/// Replaces every parameter and running statistic of `module` by the tensor of its published name.
/// `path` is what messages call their source.
///
/// # Errors
///
/// They are not exactly the module's tensors.
pub fn replace_all<M: Module>(
    module: &mut M,
    tensors: Vec<HeldTensor>,
    path: &Path,
    renames: &Renames,
) -> Result<(), WeightsError> {
    let result = replace(module, tensors, path, renames)?;
    check(&result, module, renames).map_err(|why| WeightsError::Mismatch {
        path: path.into(),
        why,
    })
}

/// Replaces those tensors of `module` that are named; the others stay as they are.
///
/// # Errors
///
/// A tensor that the module has not, or that is of another shape there.
pub fn replace_some<M: Module>(
    module: &mut M,
    tensors: Vec<HeldTensor>,
    path: &Path,
    renames: &Renames,
) -> Result<(), WeightsError> {
    let mut result = replace(module, tensors, path, renames)?;
    result.missing.clear();
    check(&result, module, renames).map_err(|why| WeightsError::Mismatch {
        path: path.into(),
        why,
    })
}

fn replace<M: Module>(
    module: &mut M,
    tensors: Vec<HeldTensor>,
    path: &Path,
    renames: &Renames,
) -> Result<ApplyResult, WeightsError> {
    let pairs = renames
        .0
        .iter()
        .map(|(ours, theirs)| (pattern(theirs), plain(ours).to_string()))
        .collect();
    let remapper = KeyRemapper::from_patterns(pairs).map_err(|e| WeightsError::File {
        path: path.into(),
        why: e.to_string(),
    })?;
    let (tensors, _) = remapper.remap(tensors.into_iter().map(|tensor| tensor.0).collect());
    Ok(module.apply(tensors, None, Some(Box::new(PyTorchToBurnAdapter)), true))
}
