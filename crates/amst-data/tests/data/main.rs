//! The crate from outside: small data sets on disk, prepared, broken and read.

mod loader;
mod manifest;
mod small;
mod store;
mod synthetic;
mod text;
mod world_digits;
