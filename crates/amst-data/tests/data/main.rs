//! The crate from outside: small data sets on disk, prepared, broken and read.

mod contents;
mod damage;
mod loader;
mod manifest;
mod other_recordings;
mod parts;
mod preprocess;
mod resample;
mod shapes;
mod small;
mod spoken_digits;
mod store;
mod synthetic;
mod tables;
mod text;
mod world_digits;
