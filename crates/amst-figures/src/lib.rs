#![doc = include_str!("../README.md")]
//!
//! Everything is read from run directories, of finished runs or of unfinished ones. A [`RunLog`] is
//! one run, a [`Panel`] the runs of one recipe with several seeds, a [`Figure`] several panels.
//!
//! | for | there is |
//! |---|---|
//! | the runs of a folder | [`RunLog::read`], [`RunLog::read_below`], [`find_runs`] |
//! | the numbers alone | [`Curves`], [`ClassEntropy`], [`Confusion`], [`Calibration`], [`TestLogits`] |
//! | any curves or bars | [`draw_curves`], [`draw_class_entropy`] |
//! | what predictions are like | [`draw_confusion`], [`draw_calibration`] |
//! | a search for settings | [`draw_heat_map`] |
//! | runs by recipe | [`panels_by_recipe`] |
//! | the paper's figures | [`figure3`], [`figure4`] |
//! | logs that others published | [`PublishedLog`], [`compare_with_runs`] |
//! | other formats | [`Figure::write`], `Figure::pdf` and `Figure::png` with the features of these names |
//! | other programs | [`tensorboard_events`], [`tensorboard_events_with`], [`metrics_csv`], [`metrics_jsonl`] |
#![warn(missing_docs)]

mod axis;
mod bar_figure;
mod calibration;
mod calibration_figure;
mod class_entropy;
mod confusion;
mod confusion_figure;
mod curve_figure;
mod curves;
mod error;
mod figure;
mod fonts;
mod groups;
mod heat_map;
mod legend;
mod lettering;
mod long_form;
mod metric;
mod metrics_table;
mod outputs;
mod page;
mod panel;
mod paper;
#[cfg(feature = "pdf")]
mod pdf;
#[cfg(feature = "png")]
mod png;
mod published_log;
mod run_log;
mod shaded_grid;
mod spread;
mod style;
mod svg;
#[cfg(any(feature = "pdf", feature = "png"))]
mod svg_tree;
mod tensorboard;
mod test_logits;
mod theme;

pub use bar_figure::{BarOptions, draw_class_entropy};
pub use calibration::{CALIBRATION_BINS, Calibration, CalibrationBin};
pub use calibration_figure::{CalibrationOptions, draw_calibration};
pub use class_entropy::{ClassEntropy, ClassSeries};
pub use confusion::Confusion;
pub use confusion_figure::{ConfusionOptions, draw_confusion};
pub use curve_figure::{CurveOptions, draw_curves};
pub use curves::{Curves, Point, Series, TrainedEpoch};
pub use error::FigureError;
pub use figure::{Figure, FigureFiles};
pub use fonts::font_style_sheet;
pub use groups::panels_by_recipe;
pub use heat_map::{HeatMapOptions, draw_heat_map};
pub use metric::{Metric, Split};
pub use metrics_table::{MetricRow, metric_rows, metrics_csv, metrics_jsonl};
pub use page::PageOptions;
pub use panel::Panel;
pub use paper::{figure3, figure4};
pub use published_log::{
    BestEpoch, ComparedNumber, CurveDistance, LogArguments, PrintedBest, PublishedDifferences,
    PublishedLog, PublishedRecord, compare_with_runs,
};
pub use run_log::{EpochLog, EpochMetrics, PUBLISHED_FILE, RunLog, find_runs, is_published};
pub use spread::Spread;
pub use tensorboard::{EventImage, TENSORBOARD_FILE, tensorboard_events, tensorboard_events_with};
pub use test_logits::TestLogits;
pub use theme::dark_style_rules;
