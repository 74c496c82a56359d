//! Figures of run directories whose numbers are known.

mod bars;
mod curves;
mod drawing;
mod faults;
mod predictions;
mod published;
mod runs;
mod settings;
mod tensorboard;
