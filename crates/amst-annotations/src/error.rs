//! Everything that can be wrong with what was written.

use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::shell_quoted;

/// Lines that a message shows where everything is wrong.
const SHOWN: usize = 20;

/// What was wrong, and what to do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AnnotationError {
    /// The operating system would not hand the file over.
    #[error(
        "{}: cannot be read ({source}); check that the path exists and may be read",
        path.display()
    )]
    Io {
        /// The file.
        path: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },
    /// Published lists that are not where they were looked for.
    #[error(
        "{}: {dataset}'s {} missing, here and in its folder `splits`; copy them there from \
         CXianRen/AMST, `code/data`, or run `cargo xtask fetch {dataset} --raw {}`",
        folder.display(),
        listed(missing),
        shell_quoted(folder)
    )]
    MissingLists {
        /// Whose lists.
        dataset: &'static str,
        /// Where they were looked for.
        folder: PathBuf,
        /// Which are not there.
        missing: Vec<&'static str>,
    },
    /// Lines that are not what they should be: all of them, of all files that were read together.
    #[error("{}", lines_message(bad))]
    Lines {
        /// Every one, in the order of files and lines; the message shows the first twenty.
        bad: Vec<BadLine>,
    },
    /// A file that names no sample at all.
    #[error("{file}: names no sample; it is empty or cut off: fetch it again")]
    Empty {
        /// The file.
        file: String,
    },
    /// Bytes that are no text.
    #[error("{file}: {why}; it is another file, or damaged: fetch it again or save it as UTF-8")]
    NotText {
        /// The file.
        file: String,
        /// What speaks against text.
        why: String,
    },
    /// A file that is not the text itself.
    #[error("{file}: {why}")]
    OtherFormat {
        /// The file.
        file: String,
        /// What it is, and how to put it right.
        why: String,
    },
    /// Lists that do not say who speaks.
    #[error(
        "{dataset}: its lists name no speakers, so that nothing can be split by them; `clean` \
         leaves out what the lists show to be wrong"
    )]
    NoSpeakers {
        /// Whose lists.
        dataset: &'static str,
    },
    /// UR-FUNNY's lists do not say who speaks, its owners' folds do.
    #[error(
        "ur-funny: its lists name no speakers; give the owners' folds, which keep speakers apart: \
         `data_folds.pkl`, which they publish with UR-FUNNY"
    )]
    FoldsWanted,
    /// A list of folds that is not one.
    #[error(
        "{file}: {why}; it must be the owners' `data_folds.pkl`, or JSON: lists of clip numbers, \
         `train`, `dev`, `test`"
    )]
    Folds {
        /// The file.
        file: String,
        /// What is wrong.
        why: String,
    },
}

/// A line that is not what it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadLine {
    /// The file, as given.
    pub file: String,
    /// Its line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub why: String,
}

impl fmt::Display for BadLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.why)
    }
}

impl AnnotationError {
    /// Everything that is wrong, without an end: each line that is, or the message.
    pub fn in_full(&self) -> Vec<String> {
        match self {
            Self::Lines { bad } => bad.iter().map(BadLine::to_string).collect(),
            other => vec![other.to_string()],
        }
    }
}

fn lines_message(bad: &[BadLine]) -> String {
    const REMEDY: &str = "or fetch the published file again";
    if let [only] = bad {
        return format!("{only}; correct it, {REMEDY}");
    }
    let total = bad.len();
    let mut message = format!("{total} lines are not what they should be; correct them, {REMEDY}:");
    for line in bad.iter().take(SHOWN) {
        message += &format!("\n{line}");
    }
    if total > SHOWN {
        message += &format!("\nand {} more such lines", total - SHOWN);
    }
    message
}

fn listed(names: &[&str]) -> String {
    let verb = if names.len() == 1 { "is" } else { "are" };
    format!("{} {verb}", names.join(", "))
}

/// A value in a message: quoted, and cut where it is long.
pub(crate) fn shown(value: &str) -> String {
    const LONGEST: usize = 60;
    let mut characters = value.chars();
    let start: String = characters
        .by_ref()
        .take(LONGEST)
        .flat_map(char::escape_debug)
        .collect();
    let more = if characters.next().is_some() {
        "…"
    } else {
        ""
    };
    format!("`{start}{more}`")
}

/// What is wrong with text of another form than `form`.
pub(crate) fn is_not(text: &str, form: &str) -> String {
    format!("{} is not `{form}`", shown(text))
}

/// `; did you mean `x`?`, or nothing.
pub(crate) fn hint<'a>(given: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    let given = given.to_lowercase();
    candidates
        .into_iter()
        .map(|c| (strsim::jaro_winkler(&given, &c.to_lowercase()), c))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, c)| format!("; did you mean `{c}`?"))
        .unwrap_or_default()
}
