//! Figures of runs: curves over epochs (the paper's Figure 3) and the entropy of each class
//! (Figure 4), as SVG and as the numbers drawn.
//!
//! Everything is read from run directories, of finished runs or of unfinished ones. A [`RunLog`] is
//! one run, a [`Panel`] the runs of one recipe with several seeds, a [`Figure`] several panels.
//!
//! | for | there is |
//! |---|---|
//! | the runs of a folder | [`RunLog::read`], [`RunLog::read_below`], [`find_runs`] |
//! | the numbers alone | [`Curves`], [`ClassEntropy`] |
//! | any curves or bars | [`draw_curves`], [`draw_class_entropy`] |
//! | the paper's figures | [`figure3`], [`figure4`] |
//!
//! ```no_run
//! use amst_figures::{CurveOptions, Panel, RunLog, figure3};
//!
//! let mut panels = Vec::new();
//! for method in ["amst-alt", "amst-joint"] {
//!     let runs = RunLog::read_below(format!("runs/spoken-digits/{method}").as_ref())?;
//!     panels.push(Panel::new(method, runs)?);
//! }
//! figure3(&panels, &CurveOptions::default())?.write("figure3".as_ref())?;
//! # Ok::<(), amst_figures::FigureError>(())
//! ```
#![warn(missing_docs)]

mod axis;
mod bar_figure;
mod class_entropy;
mod curve_figure;
mod curves;
mod error;
mod figure;
mod legend;
mod lettering;
mod long_form;
mod metric;
mod outputs;
mod page;
mod panel;
mod paper;
mod run_log;
mod spread;
mod style;
mod svg;

pub use bar_figure::{BarOptions, draw_class_entropy};
pub use class_entropy::{ClassEntropy, ClassSeries};
pub use curve_figure::{CurveOptions, draw_curves};
pub use curves::{Curves, Point, Series, TrainedEpoch};
pub use error::FigureError;
pub use figure::{Figure, FigureFiles};
pub use metric::{Metric, Split};
pub use page::PageOptions;
pub use panel::Panel;
pub use paper::{figure3, figure4};
pub use run_log::{EVENT_SCHEMA, EpochLog, EpochMetrics, RunLog, find_runs};
pub use spread::Spread;
