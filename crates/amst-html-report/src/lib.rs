//! One HTML file that shows what runs did: tables with their significance, curves, entropy,
//! confusion, calibration, times, what was skipped, deviations and environment.
//!
//! The file needs nothing besides itself: no script, no address; the font of its figures is in it.
//!
//! ```no_run
//! use amst_figures::RunLog;
//! use amst_html_report::{Report, ReportOptions, render};
//!
//! let runs = RunLog::read_below("runs".as_ref())?;
//! let options = ReportOptions {
//!     command: "amst report runs".into(),
//!     ..ReportOptions::default()
//! };
//! let html = render(&Report::of_runs(runs, &options)?, None)?;
//! assert!(html.starts_with("<!doctype html>"));
//! # Ok::<(), amst_html_report::ReportError>(())
//! ```
//!
//! A template of one's own can name everything that a [`Report`] has:
//!
//! ```
//! use amst_html_report::{Report, render};
//!
//! let report = Report {
//!     title: "Skipping < not skipping?".into(),
//!     ..Report::default()
//! };
//! let html = render(&report, Some("<h1>{{ title }}</h1>"))?;
//! assert_eq!(html, "<h1>Skipping &lt; not skipping?</h1>");
//! # Ok::<(), amst_html_report::ReportError>(())
//! ```
//!
//! | for | there is |
//! |---|---|
//! | runs of any kind | [`Report::of_runs`] |
//! | a table of the paper, with its rows | [`Report::of_table`] |
//! | the page, or a template of one's own | [`render`] |
#![warn(missing_docs)]

mod dataset;
mod deviations;
mod environment;
mod error;
mod render;
mod report;
mod runs_table;
mod skipping;
mod times;

pub use dataset::{DatasetSection, FigureSection};
pub use deviations::DeviationRow;
pub use environment::EnvironmentRow;
pub use error::ReportError;
pub use render::{TEMPLATE, render};
pub use report::{Audit, PublishedRow, Report, ReportOptions, RunRow, UnfinishedRow};
pub use skipping::{SkipRow, TrainedModality};
pub use times::{PhaseTime, TimeRow};
