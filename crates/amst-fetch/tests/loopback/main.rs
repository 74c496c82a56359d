//! Downloads against a server on this machine that cuts, lies, stalls, redirects and refuses.
#![cfg(feature = "net")]

mod answers;
mod bench;
#[cfg(feature = "hub")]
mod hub;
mod lfs;
#[cfg(feature = "hub")]
mod program;
mod resuming;
mod secrets;
mod server;
mod together;
