//! Weights as `torch.save` writes them: a pickle that names tensors, and their bytes.
//!
//! A pickle is a program that may call any function of Python. burn's reader runs no code: it makes
//! containers, numbers, strings and tensors, and records the name of every other function instead
//! of calling it. A file with such a name is refused, as it is more than a state dictionary.

use std::collections::BTreeSet;
use std::path::Path;

use burn::module::Module;
use burn_store::{ApplyResult, ModuleSnapshot, ModuleStore, PytorchStore};
use pytorch_reader::{PickleValue, PytorchReader};

use super::single_precision;
use crate::renames::{pattern, plain};
use crate::{Renames, WeightsError};

/// Whether a file has an extension of PyTorch's.
pub(super) fn has_extension(path: &Path) -> bool {
    path.extension()
        .is_some_and(|end| ["bin", "pt", "pth"].iter().any(|known| end == *known))
}

pub(super) fn apply<M: Module>(
    module: &mut M,
    path: &Path,
    renames: &Renames,
) -> Result<ApplyResult, WeightsError> {
    let unreadable = |why: String| WeightsError::File {
        path: path.into(),
        why,
    };
    let pickle =
        PytorchReader::read_pickle_data(path, None).map_err(|e| unreadable(e.to_string()))?;
    let mut foreign = BTreeSet::new();
    collect_foreign(&pickle, &mut foreign);
    if !foreign.is_empty() {
        let what = foreign.into_iter().collect::<Vec<_>>().join(", ");
        return Err(WeightsError::Foreign {
            path: path.into(),
            what,
        });
    }
    // Left on, this would number the layers anew and so hide that one is missing.
    let mut store = PytorchStore::from_file(path).map_indices_contiguous(false);
    for (ours, theirs) in &renames.0 {
        store = store.with_key_remapping(pattern(theirs), plain(ours));
    }
    let tensors = store
        .get_all_tensors()
        .map_err(|e| unreadable(e.to_string()))?
        .values()
        .cloned()
        .collect();
    Ok(module.apply(tensors, None, Some(Box::new(single_precision())), true))
}

/// Collects the Python types of values that are neither plain nor tensors.
fn collect_foreign(value: &PickleValue, foreign: &mut BTreeSet<String>) {
    match value {
        PickleValue::Unsupported(name) if name != "torch.Tensor" => {
            _ = foreign.insert(name.clone())
        }
        PickleValue::List(items) => items.iter().for_each(|item| collect_foreign(item, foreign)),
        PickleValue::Dict(entries) => entries
            .values()
            .for_each(|entry| collect_foreign(entry, foreign)),
        _ => {}
    }
}
