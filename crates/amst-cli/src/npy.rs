//! Arrays in NumPy's format.

use std::path::{Path, absolute};

use amst_train::TrainError;
use anyhow::Result;
use npyz::WriterBuilder;

/// Whether two paths lead to one file, however they are written, whether or not it is there yet:
/// what is read must not be written over.
pub fn is_same(one: &Path, other: &Path) -> bool {
    let written_alike =
        absolute(one).is_ok_and(|one| absolute(other).is_ok_and(|other| one == other));
    written_alike || same_file::is_same_file(one, other).unwrap_or(false)
}

/// Writes an array, last axis fastest; `option` stands in the error.
pub fn write<T: npyz::AutoSerialize>(
    path: &Path,
    option: &'static str,
    shape: [u64; 2],
    values: impl Iterator<Item = T>,
) -> Result<()> {
    let failed = |source| TrainError::Io {
        verb: "write",
        path: path.into(),
        source,
        option,
    };
    let mut bytes = Vec::new();
    let mut writer = npyz::WriteOptions::new()
        .default_dtype()
        .shape(&shape)
        .writer(&mut bytes)
        .begin_nd()?;
    writer.extend(values)?;
    writer.finish()?;
    Ok(std::fs::write(path, bytes).map_err(failed)?)
}
