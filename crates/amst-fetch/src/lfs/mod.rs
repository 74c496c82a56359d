//! Git LFS: small pointers in a repository, large objects beside it.

#[cfg(feature = "net")]
mod batch;
#[cfg(feature = "net")]
mod objects;
mod pointer;

#[cfg(feature = "net")]
pub use objects::{Object, ObjectFailure, fetch};
pub use pointer::Pointer;
