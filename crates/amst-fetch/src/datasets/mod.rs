//! The paper's data sets: what of them can be downloaded, and whether a folder of raw files is
//! complete.

#[cfg(feature = "net")]
mod fetch;
mod pattern;
mod raw;
mod recipe;

#[cfg(feature = "net")]
pub use fetch::fetch;
pub use raw::{Item, Report, archives, inspect};
pub use recipe::{Access, Download, Listed, Need, Recipe, Repository, recipes};
