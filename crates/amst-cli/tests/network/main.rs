//! A trained network in use, as the program is called: `amst predict`, `amst eval`, `amst export`.

mod eval;
mod export;
mod predict;
mod program;
