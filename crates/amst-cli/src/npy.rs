//! Arrays in NumPy's format.

use std::path::{Path, absolute};

use amst_train::TrainError;
use anyhow::Result;
use npyz::WriterBuilder;

/// Whether two paths name one file, even if it does not exist yet: what is read must not be
/// overwritten.
pub fn is_same(one: &Path, other: &Path) -> bool {
    let paths = absolute(one).ok().zip(absolute(other).ok());
    paths.is_some_and(|(one, other)| one == other)
        || same_file::is_same_file(one, other).unwrap_or(false)
}

/// Writes an array, last axis fastest; errors name `option` of the command line.
pub fn write<T: npyz::AutoSerialize>(
    path: &Path,
    option: &'static str,
    shape: [u64; 2],
    values: impl Iterator<Item = T>,
) -> Result<()> {
    let mut bytes = Vec::new();
    let mut writer = npyz::WriteOptions::new()
        .default_dtype()
        .shape(&shape)
        .writer(&mut bytes)
        .begin_nd()?;
    writer.extend(values)?;
    writer.finish()?;
    Ok(std::fs::write(path, bytes).map_err(TrainError::io("write", path, option))?)
}
