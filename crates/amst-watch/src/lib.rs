//! A screen of runs that train: progress, best accuracies, time left, and the curves of one run.
//!
//! The program says which runs there are, as [`WatchedRun`]s, and is asked again whenever something
//! may have changed. Curves come from the runs' logs.
//!
//! | for | there is |
//! |---|---|
//! | a screen that follows the runs | [`watch`], [`WatchOptions`] |
//! | a table for logs, without escape codes | [`once`] |
//! | what is on the screen, and its keys | [`Screen`], [`draw`] |
//!
//! ```
//! use amst_watch::{WatchedRun, WatchedState, once};
//!
//! let run = WatchedRun {
//!     state: WatchedState::Running,
//!     epoch: 5,
//!     epochs: Some(20),
//!     best_val_accuracy: Some(0.75),
//!     seconds_left: Some(90.0),
//!     ..WatchedRun::in_folder("runs/digits/naive/0-1a2b3c4d")
//! };
//! let text = once(&[run]);
//! assert!(text.contains("digits/naive/0-1a2b3c4d  running"));
//! assert!(text.ends_with("1 run: 1 running; 25 % done, about 2 min left\n"));
//! ```
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
