//! Weights as safetensors, under the names that PyTorch users know.

mod pytorch;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use burn::module::{Module, ModuleVisitor, Param, ParamId};
use burn::tensor::{DType, Tensor};
use burn_store::{
    ApplyError, ApplyResult, ChainAdapter, FloatCastAdapter, ModuleAdapter, ModuleSnapshot,
    PyTorchToBurnAdapter, SafetensorsStore,
};
use safetensors::Dtype;
use safetensors::tensor::{Metadata, TensorInfo};

use crate::{HeldTensor, WeightsError, held_tensors};

/// Pairs of (burn's path, published name), literal prefixes or inner parts, for a whole network.
#[derive(Clone, Debug, Default)]
pub struct Renames(pub(crate) Vec<(String, String)>);

impl Renames {
    /// torchvision's names inside a ResNet.
    pub fn torchvision() -> Self {
        Self::default()
            .with("downsample.conv.", "downsample.0.")
            .with("downsample.bn.", "downsample.1.")
    }

    /// Hugging Face's names inside a [`Roberta`](crate::Roberta); they leave a ResNet's alone.
    pub fn hugging_face() -> Self {
        Self::default()
            .with("attention.self_attention.", "attention.self.")
            .with("embeddings.layer_norm.", "embeddings.LayerNorm.")
            .with("output.layer_norm.", "output.LayerNorm.")
    }

    /// These pairs, and then those of `other`.
    pub fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Adds a pair: `ours` as burn spells the path, `theirs` as the file does.
    pub fn with(mut self, ours: &str, theirs: &str) -> Self {
        self.0.push((ours.into(), theirs.into()));
        self
    }

    /// The published name of what burn calls `path`.
    fn published(&self, path: &str) -> String {
        let is_variant = |part: &&str| {
            part.starts_with(|c: char| c.is_ascii_uppercase()) && *part != "LayerNorm"
        };
        let own: Vec<&str> = path.split('.').filter(|part| !is_variant(part)).collect();
        let mut name = own.join(".");
        for (ours, theirs) in &self.0 {
            name = match ours.strip_prefix('^') {
                // A prefix that files may have, and which one of several this one has is not known.
                Some("") => name,
                Some(start) => match name.strip_prefix(start) {
                    Some(rest) => format!("{}{rest}", plain(theirs)),
                    None => name,
                },
                None => name.replace(ours, plain(theirs)),
            };
        }
        let ended = name
            .strip_suffix(".gamma")
            .map(|stem| format!("{stem}.weight"));
        ended
            .or_else(|| {
                name.strip_suffix(".beta")
                    .map(|stem| format!("{stem}.bias"))
            })
            .unwrap_or(name)
    }

    /// Adds a pair that counts only at the start of a name.
    pub fn with_prefix(self, ours: &str, theirs: &str) -> Self {
        self.with(&format!("^{ours}"), &format!("^{theirs}"))
    }
}

/// A literal, possibly anchored name as a regular expression.
pub(crate) fn pattern(literal: &str) -> String {
    let (anchor, rest) = literal
        .strip_prefix('^')
        .map_or(("", literal), |rest| ("^", rest));
    format!("{anchor}{}", rest.replace('.', r"\."))
}

pub(crate) fn plain(literal: &str) -> &str {
    literal.trim_start_matches('^')
}

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
    if path.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty());
    let mut builder = tempfile::Builder::new();
    // As readable as any new file; the default is the owner's eyes only.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(folder.unwrap_or(Path::new(".")))?;
    let mut buffered = BufWriter::with_capacity(1 << 20, &mut file);
    write_tensors(&mut buffered, tensors, texts)?;
    buffered.flush()?;
    drop(buffered);
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
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
    /// The parameter that it is, which optimisers know it by.
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
    let named = |tensor: HeldTensor| {
        let data = tensor.data()?;
        let unfit = |why| WeightsError::File {
            path: "the network".into(),
            why,
        };
        let values = data
            .try_to_vec()
            .map_err(|e| unfit(format!("{}: {e:?}", tensor.name())))?;
        Ok(NamedTensor {
            name: tensor.name().into(),
            shape: tensor.shape(),
            values,
            id: tensor.id(),
        })
    };
    held_tensors(module, renames)?
        .into_iter()
        .map(named)
        .collect()
}

/// Reads every parameter and running statistic into `module`, in single precision whatever the
/// file's is.
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
    check(&result, module, renames).map_err(|why| WeightsError::Mismatch {
        path: path.into(),
        why,
    })
}

/// The same from the bytes of such a file; `path` is what messages call it.
///
/// # Errors
///
/// The bytes are no safetensors file, or do not hold exactly the module's tensors.
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
    check(&result, module, renames).map_err(|why| WeightsError::Mismatch {
        path: path.into(),
        why,
    })
}

/// Reads every parameter into `module`, a part of the pretrained network in the file, safetensors
/// or PyTorch's: others may be left over there, if they are `beside` the module.
pub(crate) fn read_part<M: Module>(
    module: &mut M,
    path: &Path,
    renames: &Renames,
    beside: impl Fn(&str) -> bool,
) -> Result<(), WeightsError> {
    let mut result = match pytorch::is_by_name(path) {
        true => pytorch::apply(module, path, renames)?,
        false => apply(module, SafetensorsStore::from_file(path), path, renames)?,
    };
    result.unused.retain(|name| !beside(name));
    check(&result, module, renames).map_err(|why| WeightsError::Pretrained {
        path: path.into(),
        why,
    })
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

/// From PyTorch's layout of any precision to burn's.
fn single_precision() -> ChainAdapter {
    PyTorchToBurnAdapter.chain(FloatCastAdapter::to(DType::F32))
}

/// What is wrong with a file, in the names and shapes that it has itself.
pub(crate) fn check<M: Module>(
    result: &ApplyResult,
    module: &M,
    renames: &Renames,
) -> Result<(), String> {
    let named = |path: &String| renames.published(path);
    let transposed = Transposed::of(module, renames);
    let published = |name: &String, shape: &[usize]| match transposed.names.contains(name) {
        true => shape.iter().rev().copied().collect(),
        false => shape.to_vec(),
    };
    let error = |error: &ApplyError| match error {
        ApplyError::ShapeMismatch {
            path,
            expected,
            found,
        } => {
            let name = named(path);
            let (found, expected) = (
                published(&name, found.as_slice()),
                published(&name, expected.as_slice()),
            );
            format!("{name} is {found:?}, not {expected:?}")
        }
        ApplyError::DTypeMismatch { path, found, .. } => {
            format!("{} is of {found:?}, not of floats", named(path))
        }
        other => other.to_string(),
    };
    let missing = listed(result.missing.iter().map(|(path, _)| named(path)));
    let unused = listed(result.unused.iter().map(named));
    let errors = listed(result.errors.iter().map(error));
    let faults: Vec<String> = [
        ("missing", missing),
        ("not of this network", unused),
        ("of another kind", errors),
    ]
    .into_iter()
    .filter(|(_, names)| !names.is_empty())
    .map(|(kind, names)| format!("{kind}: {names}"))
    .collect();
    if faults.is_empty() {
        Ok(())
    } else {
        Err(faults.join("; "))
    }
}

/// All of them: which tensors a file lacks is what a person needs to find out what it is.
fn listed(names: impl Iterator<Item = String>) -> String {
    names.collect::<Vec<_>>().join(", ")
}

/// Published names of the matrices that burn keeps the other way round: those of linear layers.
#[derive(Default)]
struct Transposed {
    path: Vec<String>,
    within: Vec<String>,
    names: BTreeSet<String>,
}

impl Transposed {
    fn of<M: Module>(module: &M, renames: &Renames) -> Self {
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

impl ModuleVisitor for Transposed {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.path.push(name.into());
        self.within.push(container.into());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
        self.within.pop();
    }

    fn visit_float<const D: usize>(&mut self, _: &Param<Tensor<D>>) {
        if D == 2
            && self
                .within
                .last()
                .is_some_and(|container| container == "Struct:Linear")
        {
            self.names.insert(self.path.join("."));
        }
    }
}
