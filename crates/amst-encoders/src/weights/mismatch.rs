//! Why a file's tensors are not those of a network.

use std::collections::BTreeSet;
use std::path::Path;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::Tensor;
use burn_store::{ApplyError, ApplyResult};

use crate::{Renames, WeightsError};

/// Refuses tensors that are not exactly the network's.
pub(crate) fn check<M: Module>(
    result: &ApplyResult,
    module: &M,
    path: &Path,
    renames: &Renames,
) -> Result<(), WeightsError> {
    match find_mismatch(result, module, renames) {
        Some(why) => Err(WeightsError::Mismatch {
            path: path.into(),
            why,
        }),
        None => Ok(()),
    }
}

/// What is wrong with a file, in its own names and shapes.
pub(super) fn find_mismatch<M: Module>(
    result: &ApplyResult,
    module: &M,
    renames: &Renames,
) -> Option<String> {
    let missing = result.missing.iter().map(|(path, _)| path);
    let names = [
        ("missing", published(missing, renames)),
        (
            "not of this network",
            published(result.unused.iter(), renames),
        ),
        ("of another kind", describe_errors(result, module, renames)),
    ];
    let faults: Vec<String> = names
        .into_iter()
        .filter(|(_, names)| !names.is_empty())
        .map(|(kind, names)| format!("{kind}: {}", shortened(&names)))
        .collect();
    let hint = wrapped_model(result);
    (!faults.is_empty()).then(|| faults.join("; ") + hint)
}

/// Names that are listed before the others are only counted.
const LISTED: usize = 10;

fn shortened(names: &[String]) -> String {
    let listed = names[..names.len().min(LISTED)].join(", ");
    match names.len().saturating_sub(LISTED) {
        0 => listed,
        more => format!("{listed} and {more} more"),
    }
}

/// What explains the names of a file that PyTorch's wrapper for several GPUs wrote.
fn wrapped_model(result: &ApplyResult) -> &'static str {
    let unused = &result.unused;
    if !unused.is_empty() && unused.iter().all(|name| name.starts_with("module.")) {
        "; its names begin with `module.`, as DataParallel has them: save `model.module` instead"
    } else {
        ""
    }
}

fn published<'a>(paths: impl Iterator<Item = &'a String>, renames: &Renames) -> Vec<String> {
    paths.map(|path| renames.published(path)).collect()
}

fn describe_errors<M: Module>(result: &ApplyResult, module: &M, renames: &Renames) -> Vec<String> {
    let transposed = TransposedTensors::find(module, renames);
    let describe = result.errors.iter().map(|error| match error {
        ApplyError::ShapeMismatch {
            path,
            expected,
            found,
        } => {
            let name = renames.published(path);
            let [mut found, mut expected] =
                [found, expected].map(|shape| shape.as_slice().to_vec());
            if transposed.names.contains(&name) {
                found.reverse();
                expected.reverse();
            }
            format!("{name} is {found:?}, not {expected:?}")
        }
        ApplyError::DTypeMismatch { path, found, .. } => {
            format!("{} is of {found:?}, not of floats", renames.published(path))
        }
        other => other.to_string(),
    });
    describe.collect()
}

/// Published names of the matrices that burn keeps transposed: those of linear layers.
#[derive(Default)]
struct TransposedTensors {
    path: Vec<String>,
    containers: Vec<String>,
    names: BTreeSet<String>,
}

impl TransposedTensors {
    fn find<M: Module>(module: &M, renames: &Renames) -> Self {
        let mut all = Self::default();
        module.visit(&mut all);
        all.names = all
            .names
            .iter()
            .map(|path| renames.published(path))
            .collect();
        all
    }
}

impl ModuleVisitor for TransposedTensors {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.path.push(name.into());
        self.containers.push(container.into());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
        self.containers.pop();
    }

    fn visit_float<const D: usize>(&mut self, _: &Param<Tensor<D>>) {
        if D == 2
            && self
                .containers
                .last()
                .is_some_and(|container| container == "Struct:Linear")
        {
            self.names.insert(self.path.join("."));
        }
    }
}
