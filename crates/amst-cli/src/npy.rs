//! Arrays in NumPy's format.

use std::path::Path;

use amst_train::TrainError;
use anyhow::Result;
use npyz::WriterBuilder;

/// Writes an array, last axis fastest; `option` stands in the error.
pub fn write<T: npyz::AutoSerialize>(
    path: &Path,
    option: &'static str,
    shape: [u64; 2],
    values: impl Iterator<Item = T>,
) -> Result<()> {
    let failed = |source| TrainError::Io { verb: "write", path: path.into(), source, option };
    let mut bytes = Vec::new();
    let mut writer = npyz::WriteOptions::new().default_dtype().shape(&shape).writer(&mut bytes).begin_nd()?;
    writer.extend(values)?;
    writer.finish()?;
    Ok(std::fs::write(path, bytes).map_err(failed)?)
}
