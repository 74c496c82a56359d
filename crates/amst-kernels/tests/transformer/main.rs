//! A transformer's operations against PyTorch: the fixtures and the scripts that made them lie in
//! `fixtures`.

mod attention;
#[path = "../devices/mod.rs"]
mod devices;
mod fixture;
mod layer_norm;
mod linear;
