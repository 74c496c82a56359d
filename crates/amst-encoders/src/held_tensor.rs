//! Tensors of one moment, read from the device later.

use std::path::Path;

use burn::module::{Module, ParamId};
use burn::tensor::{DType, Device, Tensor, TensorData};
use burn_store::burn_pack::Tensor as Packed;
use burn_store::{
    ApplyResult, BurnToPyTorchAdapter, KeyRemapper, ModuleSnapshot, PyTorchToBurnAdapter,
};

use crate::renames::{pattern, plain};
use crate::weights::mismatch::check;
use crate::{Renames, WeightsError};

/// A named tensor as it is at one moment, independent of later changes to its module.
///
/// Making one copies nothing, as burn replaces tensors and never changes them. Its values are read
/// from the device, and a linear layer's transposed, only by [`HeldTensor::data`], which may run on
/// another thread.
#[derive(Clone, Debug)]
pub struct HeldTensor(Packed);

impl HeldTensor {
    /// Holds a tensor under a name.
    pub fn from_tensor<const D: usize>(name: impl Into<String>, tensor: &Tensor<D>) -> Self {
        Self(burn_store::bridge::from_tensor(tensor, name.into(), None))
    }

    /// Holds values that are in host memory already.
    pub fn from_data(name: impl Into<String>, data: TensorData) -> Self {
        Self(burn_store::bridge::from_data(data, name.into(), None))
    }

    /// The name, as files have it.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The same tensor under another name.
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.0.name = name.into();
        self
    }

    /// The shape, as PyTorch has it: a linear layer's is `[output, input]`.
    pub fn shape(&self) -> Vec<usize> {
        self.0.shape.iter().copied().collect()
    }

    /// The type of its elements.
    pub fn dtype(&self) -> DType {
        self.0.dtype
    }

    /// The parameter's identity, as optimisers know it.
    pub fn id(&self) -> Option<ParamId> {
        self.0.param_id.map(ParamId::from)
    }

    /// How many bytes [`HeldTensor::data`] will have.
    pub fn byte_len(&self) -> usize {
        self.0.byte_len()
    }

    /// Reads the values, in row-major order.
    ///
    /// # Errors
    ///
    /// The device fails to read them.
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
    /// Another rank; a device that fails to read the values.
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
/// Renames that are not valid patterns.
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
/// `path` names their source in messages.
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
    check(&result, module, path, renames)
}

/// Replaces some tensors of `module`; the others stay as they are.
///
/// # Errors
///
/// A tensor that the module does not have, or has in another shape.
pub fn replace_some<M: Module>(
    module: &mut M,
    tensors: Vec<HeldTensor>,
    path: &Path,
    renames: &Renames,
) -> Result<(), WeightsError> {
    let mut result = replace(module, tensors, path, renames)?;
    result.missing.clear();
    check(&result, module, path, renames)
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
