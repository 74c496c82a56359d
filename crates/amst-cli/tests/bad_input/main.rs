//! Whatever is wrong with what a person hands in: one clear message with the remedy, the
//! exit code that says whose move it is, and nothing lost.

mod arguments;
mod data;
mod methods;
mod program;
mod runs;
mod text;
