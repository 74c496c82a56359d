//! What can go wrong with data, by who must act.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use amst_annotations::{AnnotationError, shell_quoted};
use amst_files::WriteError;
use amst_frames::FrameError;
use amst_recipe::Modality;
use amst_tokens::TokensError;

/// Everything this crate refuses, with the remedy in the message.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// A setting of the recipe or the descriptor that fits no data.
    #[error("`{key}`: {why}")]
    Setting {
        /// The dotted key.
        key: String,
        /// What is wrong and what would be right.
        why: String,
    },
    /// Text cannot become tokens.
    #[error(transparent)]
    Tokens(#[from] TokensError),
    /// A modality was asked for that was not prepared.
    #[error("{modality} was not prepared; add it to `modalities` (now: {prepared})")]
    NotPrepared {
        /// The modality.
        modality: Modality,
        /// Those that were.
        prepared: String,
    },
    /// A file that cannot be read.
    #[error("cannot read {}: {source}; check that it exists and may be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The operating system's error.
        source: io::Error,
    },
    /// A file or folder that cannot be written.
    #[error("cannot write {}: {source}; free some disk space and allow writing there, or choose another folder", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// The operating system's error.
        source: io::Error,
    },
    /// The manifest is not a table that can be read.
    #[error("{}: {why}", file.display())]
    Table {
        /// The manifest.
        file: PathBuf,
        /// What is wrong, where, and what to do.
        why: String,
    },
    /// The manifest is a table, or the lists are lists, but not of a data set that can be trained
    /// on.
    #[error("{}:{}", file.display(), lines(problems))]
    Manifest {
        /// The manifest, or the folder of the lists that the offenders name.
        file: PathBuf,
        /// All that is wrong, one entry a kind.
        problems: Vec<Problem>,
    },
    /// Some sources could not be turned into features.
    #[error(
        "{}\n  repair or replace them, or take their rows out of the manifest; where {samples} samples fewer will \
             do: `amst prepare --max-bad {samples}`",
        lost_lines(lost)
    )]
    BadSamples {
        /// The sources of each modality.
        lost: Vec<Lost>,
        /// Samples that have such a source, those that were left out before included.
        samples: usize,
    },
    /// ffmpeg is missing or does not work.
    #[error(transparent)]
    Ffmpeg(FrameError),
    /// Published lists with wrong lines.
    #[error(transparent)]
    Lists(AnnotationError),
    /// A published list that cannot be read.
    #[error(
        "cannot read the list {}: {source}; copy it there from CXianRen/AMST, `code/data`, or run `cargo xtask fetch \
         {dataset} --raw {}`",
        path.display(),
        shell_quoted(root)
    )]
    List {
        /// The list.
        path: PathBuf,
        /// The folder of raw files that it belongs to.
        root: PathBuf,
        /// Whose it is.
        dataset: &'static str,
        /// The operating system's error.
        source: io::Error,
    },
    /// A folder of raw files that is not laid out as its layout says.
    #[error("{}: {why}", folder.display())]
    Layout {
        /// The folder.
        folder: PathBuf,
        /// What is missing and what to do.
        why: String,
    },
    /// A file or text that belongs to no data set and gives no input.
    #[error("no {modality} can be made of this: {why}; give another one, or leave {modality} out")]
    Unusable {
        /// The modality.
        modality: Modality,
        /// Which file, and what is wrong with it.
        why: String,
    },
    /// A source file was written to while it was read.
    #[error("{} changed while it was being prepared; let its writer finish, then run again", .0.display())]
    Changed(PathBuf),
    /// A store file whose content is not what was written.
    #[error("{} is damaged ({why}); delete it: it will be made again from the source files", path.display())]
    StoreDamaged {
        /// The store file.
        path: PathBuf,
        /// How that was noticed.
        why: String,
    },
    /// A store file that belongs to another configuration or other source files.
    #[error(
        "{} was made with another configuration or other source files (key {found}, wanted {wanted}); \
         delete it: the right one will be made",
        path.display()
    )]
    StoreOther {
        /// The store file.
        path: PathBuf,
        /// First digits of the key in the file.
        found: String,
        /// First digits of the key looked for.
        wanted: String,
    },
    /// A loading thread met a fault of the program itself.
    #[error(
        "preparing batch {batch} failed with: {why}; this is a fault of the program, please report it"
    )]
    Worker {
        /// The batch's number in its epoch.
        batch: usize,
        /// The panic's message.
        why: String,
    },
}

/// Who must act on a [`DataError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The settings are to be changed.
    Configuration,
    /// The data, or what was prepared from it, is to be repaired.
    Data,
    /// The machine lacks disk space or permission.
    Machine,
    /// The program is wrong.
    Program,
}

impl From<WriteError> for DataError {
    fn from(error: WriteError) -> Self {
        Self::Write {
            path: error.path,
            source: error.cause,
        }
    }
}

impl DataError {
    /// Who must act.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Setting { .. } | Self::NotPrepared { .. } => ErrorKind::Configuration,
            Self::Tokens(
                TokensError::MaxLength { .. }
                | TokensError::LongLength { .. }
                | TokensError::Positions { .. }
                | TokensError::VocabularySize { .. },
            ) => ErrorKind::Configuration,
            Self::Write { .. } | Self::Ffmpeg(_) => ErrorKind::Machine,
            Self::Worker { .. } => ErrorKind::Program,
            _ => ErrorKind::Data,
        }
    }

    /// Everything that is wrong with the data; a message shows only the first ones.
    pub fn in_full(&self) -> Vec<String> {
        match self {
            Self::BadSamples { lost, .. } => lost.iter().flat_map(|l| l.bad.0.clone()).collect(),
            Self::Manifest { problems, .. } => problems.iter().flat_map(Problem::in_full).collect(),
            Self::Lists(wrong) => wrong.in_full(),
            _ => Vec::new(),
        }
    }

    /// For `map_err` of what reads `path`.
    pub(crate) fn reading(path: &Path) -> impl Fn(io::Error) -> Self {
        move |source| Self::Read {
            path: path.into(),
            source,
        }
    }

    /// For `map_err` of what writes `path`.
    pub(crate) fn writing(path: &Path) -> impl Fn(io::Error) -> Self {
        move |source| Self::Write {
            path: path.into(),
            source,
        }
    }

    pub(crate) fn not_prepared(modality: Modality, prepared: &[Modality]) -> Self {
        let prepared: Vec<_> = prepared.iter().map(|m| m.name()).collect();
        Self::NotPrepared {
            modality,
            prepared: prepared.join(", "),
        }
    }

    pub(crate) fn setting(key: &str, why: impl Into<String>) -> Self {
        Self::Setting {
            key: key.into(),
            why: why.into(),
        }
    }
}

/// Sources of one modality that cannot be used.
#[derive(Debug)]
pub struct Lost {
    /// The modality.
    pub modality: Modality,
    /// Each one with its reason.
    pub bad: Listing,
    /// Distinct sources of that modality.
    pub total: usize,
}

fn lost_lines(lost: &[Lost]) -> String {
    let mut lines = Vec::new();
    for Lost {
        modality,
        bad,
        total,
    } in lost
    {
        lines.push(format!(
            "{} of {total} {modality} sources cannot be used:{bad}",
            bad.0.len()
        ));
    }
    lines.join("\n")
}

/// One kind of fault of a manifest, and every row that has it.
#[derive(Debug)]
pub struct Problem {
    /// The kind.
    pub fault: Fault,
    /// The offenders, in the manifest's order.
    pub offenders: Listing,
    /// Where the files can be had, as the descriptor's `access` says; of missing files only.
    pub access: Option<String>,
}

/// What can be wrong with a manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// A column that the descriptor promises is not there.
    MissingColumn,
    /// A column that is there more than once.
    DuplicateColumn,
    /// A cell that must hold something is empty.
    EmptyCell,
    /// Two rows have one id.
    DuplicateId,
    /// A cell that must hold a number holds something else.
    NotANumber,
    /// A region of a video or of several pictures, which would be that of none of them.
    RegionOfMany,
    /// A label that the descriptor does not list.
    UnknownLabel,
    /// A split that is not `train`, `val` or `test`.
    UnknownSplit,
    /// A path that leads out of the folder.
    OutsideFolder,
    /// A path that begins at the root of all files.
    AbsolutePath,
    /// An address on the network in the place of a path.
    Address,
    /// A folder in the place of a file.
    FolderForFile,
    /// A path with backslashes, as on Windows.
    Backslash,
    /// A path with `*` or `?`.
    Pattern,
    /// Several recordings in one cell.
    SeveralRecordings,
    /// A video beside other files in one cell.
    VideoAmongPictures,
    /// A name that differs from another one in its Unicode form alone.
    OtherSpelling,
    /// A file that is not there.
    MissingFile,
    /// A split without a sample.
    EmptySplit,
    /// A class without a training sample.
    EmptyClass,
}

impl Fault {
    /// What it is called, and what to do about it.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::MissingColumn => (
                "missing columns",
                "add them, or name the right ones under [columns] in dataset.toml",
            ),
            Self::DuplicateColumn => (
                "columns that are there more than once",
                "rename all but the one that is meant",
            ),
            Self::EmptyCell => ("empty cells", "fill them in, or take the rows out"),
            Self::NotANumber => (
                "cells that are no numbers",
                "write seconds as 1.25 and pixels as whole numbers, or leave all of a row's empty for the \
                 whole file",
            ),
            Self::RegionOfMany => (
                "regions of videos or of several pictures",
                "name one picture, or leave the cells of the region empty",
            ),
            Self::DuplicateId => (
                "duplicate ids",
                "an id names one sample: rename or remove all rows but one",
            ),
            Self::UnknownLabel => (
                "unknown labels",
                "correct them, or add them to `classes` in dataset.toml",
            ),
            Self::UnknownSplit => (
                "unknown splits",
                "write `train`, `val` or `test`, or `unused`",
            ),
            Self::OutsideFolder => (
                "paths that leave the data set's folder",
                "write paths relative to the manifest's folder, without leading `..`, and move the files there",
            ),
            Self::AbsolutePath => (
                "absolute paths",
                "write paths relative to the manifest's folder, and move the files there, so that the data set \
                 can be moved",
            ),
            Self::Address => (
                "addresses in the place of files",
                "download the files into the data set's folder and write their paths",
            ),
            Self::FolderForFile => (
                "folders in the place of files",
                "write the path of each file; several pictures of one sample are separated by `;`",
            ),
            Self::Backslash => (
                "paths with backslashes",
                "write `/` between the names of folders",
            ),
            Self::Pattern => (
                "patterns in the place of files",
                "`*` and `?` stand for themselves here: write the path of each file, separated by `;`",
            ),
            Self::SeveralRecordings => (
                "several files where one is meant",
                "a sample has one recording: join them, or make a row of each",
            ),
            Self::VideoAmongPictures => (
                "videos among other files",
                "name one video, or pictures alone",
            ),
            Self::OtherSpelling => (
                "names that differ in their Unicode form alone",
                "letters with accents are one character or two: copy the name from where it is written the other way",
            ),
            Self::MissingFile => (
                "missing files",
                "restore them (names are case-sensitive, folders separated by `/`), or take the rows out",
            ),
            Self::EmptySplit => (
                "splits that name nothing",
                "assign at least one row to each of `train`, `val` and `test`",
            ),
            Self::EmptyClass => (
                "classes without a training sample",
                "add samples to `train`, or take the class out of `classes`",
            ),
        }
    }
}

impl Problem {
    fn in_full(&self) -> Vec<String> {
        self.offenders
            .0
            .iter()
            .map(|offender| format!("{}: {offender}", self.fault.words().0))
            .collect()
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, remedy) = self.fault.words();
        write!(
            f,
            "{name} ({}):{}\n    {remedy}",
            self.offenders.0.len(),
            self.offenders
        )?;
        match &self.access {
            Some(access) => write!(f, "\n    the data are {access}"),
            None => Ok(()),
        }
    }
}

fn lines(problems: &[Problem]) -> String {
    problems.iter().map(|p| format!("\n  {p}")).collect()
}

/// Offenders; shown are the first ten and how many more there are.
#[derive(Debug)]
pub struct Listing(pub Vec<String>);

impl fmt::Display for Listing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 10;
        for offender in self.0.iter().take(SHOWN) {
            write!(f, "\n    {offender}")?;
        }
        match self.0.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => write!(f, "\n    … and {more} more"),
        }
    }
}
