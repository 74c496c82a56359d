//! A trained network in use: found on disk, asked about files, evaluated with and without damage,
//! exported.

mod evaluate;
mod export;
mod find;
mod predict;
mod trained;
