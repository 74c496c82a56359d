//! Figures of run directories whose numbers are known.

mod bars;
mod curves;
mod drawing;
mod faults;
mod published;
mod runs;
