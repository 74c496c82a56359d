#![doc = include_str!("../README.md")]
//!
//! The program says which runs there are, as [`WatchedRun`]s, and is asked again whenever something
//! may have changed. Curves come from the runs' logs.
//!
//! | for | there is |
//! |---|---|
//! | a screen that follows the runs | [`watch`], [`WatchOptions`] |
//! | a table for logs, without escape codes | [`once`] |
//! | what is on the screen, and its keys | [`Screen`], [`draw`] |
#![warn(missing_docs)]

mod arrangement;
mod cell;
mod draw;
mod error;
mod followed_curves;
mod grid_columns;
mod lettering;
mod once;
mod screen;
mod terminal;
mod totals;
mod watched_run;

pub use draw::draw;
pub use error::WatchError;
pub use followed_curves::RunCurves;
pub use once::once;
pub use screen::{Screen, Step};
pub use terminal::{WatchOptions, watch};
pub use totals::Totals;
pub use watched_run::{WatchedRun, WatchedState};
