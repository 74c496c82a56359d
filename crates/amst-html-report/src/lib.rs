#![doc = include_str!("../README.md")]
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
