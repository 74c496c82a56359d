//! From errors to exit codes.

use std::fmt;

use amst_annotations::AnnotationError;
use amst_data::{DataError, ErrorKind};
use amst_encoders::WeightsError;
use amst_fbank::FbankError;
use amst_figures::FigureError;
use amst_frames::FrameError;
use amst_html_report::ReportError;
use amst_recipe::RecipeError;
use amst_replay::ReplayError;
use amst_report::StoredSuggestionError;
use amst_reproduce::ReproduceError;
use amst_tokens::TokensError;
use amst_train::{CheckpointError, TrainError};

/// A mistake on the command line.
#[derive(Debug)]
pub struct Usage(pub String);

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Usage {}

/// The findings of `audit --strict`.
#[derive(Debug)]
pub struct Found(pub usize);

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(found) = self;
        write!(
            f,
            "{found} findings, and `--strict` wants none; `--split clean` gives lists without \
             most of them"
        )
    }
}

impl std::error::Error for Found {}

/// A command that has said how it ended.
#[derive(Debug)]
pub struct Ended(pub u8);

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "exit code {}", self.0)
    }
}

impl std::error::Error for Ended {}

/// Whether the program did what a signal asked for.
pub fn is_stop(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(TrainError::Interrupted { .. }))
}

/// 2 usage or recipe, 3 data or files, 4 diverged, 5 foreign or damaged state, 6 a lease that was
/// lost; 75, 130 or 143 after a signal; 1 for what an audit found and for anything else.
pub fn exit_code(error: &anyhow::Error) -> u8 {
    if let Some(Ended(code)) = error.downcast_ref() {
        return *code;
    }
    if let Some(error) = error.downcast_ref::<ReproduceError>() {
        return error.exit_code();
    }
    if error.is::<StoredSuggestionError>() {
        return 2;
    }
    if let Some(error) = error.downcast_ref::<TrainError>() {
        return error.exit_code();
    }
    if let Some(error) = error.downcast_ref::<DataError>() {
        return if error.kind() == ErrorKind::Configuration {
            2
        } else {
            3
        };
    }
    if let Some(error) = error.downcast_ref::<TokensError>() {
        return if matches!(
            error,
            TokensError::MaxLength { .. } | TokensError::LongLength { .. }
        ) {
            2
        } else {
            3
        };
    }
    if let Some(code) = preprocessing(error) {
        return code;
    }
    if error.is::<FigureError>() {
        return 3;
    }
    if let Some(error) = error.downcast_ref::<ReportError>() {
        return if matches!(error, ReportError::Template { .. }) {
            2
        } else {
            3
        };
    }
    if error.is::<CheckpointError>() {
        return 5;
    }
    // A case is a folder of files.
    if error.is::<ReplayError>() || error.is::<WeightsError>() {
        return 3;
    }
    match error.downcast_ref::<RecipeError>() {
        Some(RecipeError::Io { .. }) => 3,
        Some(_) => 2,
        None if error.is::<Usage>() => 2,
        None => 1,
    }
}

/// Of the crates that read what is on disk before any training: settings are 2, files 3.
fn preprocessing(error: &anyhow::Error) -> Option<u8> {
    let usage = if let Some(error) = error.downcast_ref::<FbankError>() {
        matches!(error, FbankError::BadConfig { .. })
    } else if let Some(error) = error.downcast_ref::<FrameError>() {
        matches!(error, FrameError::Config { .. } | FrameError::Span { .. })
    } else if let Some(error) = error.downcast_ref::<AnnotationError>() {
        matches!(
            error,
            AnnotationError::NoSpeakers { .. } | AnnotationError::FoldsWanted
        )
    } else {
        return None;
    };
    Some(if usage { 2 } else { 3 })
}
