#![doc = include_str!("../README.md")]
//!
//! A [`Table`] is made from a grid's experiments and what [`collect`] found on disk: every
//! number in it comes from a `result.json` whose identity is that of the present recipe.
//! What is not there prints `–`, and a line below the table says why or how to get it.
//! [`compare`] says which differences between the rows are more than noise.
//!
//! The [`Exporter`]s write the same table for a terminal, as Markdown, HTML, JSON or CSV.
#![warn(missing_docs)]

mod aggregate;
mod collect;
mod comma_separated;
mod compare;
mod derived;
mod exporter;
mod html;
mod interval;
mod json;
mod markdown;
#[cfg(test)]
mod oracle;
mod percent;
mod rank;
mod sheet;
mod skip_suggestion;
mod stored_suggestion;
mod table;
mod terminal;

pub use aggregate::Aggregate;
pub use collect::{Entry, Missing, Wanted, collect, read_result};
pub use comma_separated::Csv;
pub use compare::{
    BOOTSTRAP_SEED, Comparison, Difference, Outcome, Pair, Pairs, REPLICATES, SIGNIFICANT,
    SeedTest, Unused, compare,
};
pub use derived::Together;
pub use exporter::Exporter;
pub use html::Html;
pub use interval::LEVEL;
pub use json::{Json, TABLE_SCHEMA};
pub use markdown::Markdown;
pub use rank::Rank;
pub use skip_suggestion::{
    AccuracyCurves, Ratio, SkipSuggestion, SuggestedSkip, SuggestionError, suggest_skips,
};
pub use stored_suggestion::{
    STORED_SUGGESTION, SUGGESTION_SCHEMA, StoredSuggestion, StoredSuggestionError,
    with_suggested_skips,
};
pub use table::{Column, LeftOut, MeasuredDataset, Row, SeedOutcome, Table, TableCell};
pub use terminal::Terminal;
