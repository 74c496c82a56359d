//! A finished figure, and its files.

use std::path::{Path, PathBuf};

use amst_files::write_file;

use crate::FigureError;
use crate::fonts::with_fonts;

/// A drawing and the numbers in it.
///
/// The same input gives the same bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    /// The drawing as SVG, on a white ground, without its font: a page that shows several figures
    /// has [`font_style_sheet`](crate::font_style_sheet) once.
    pub svg: String,
    /// The numbers drawn, in long form with a line of headings.
    pub csv: String,
}

/// Where a figure was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FigureFiles {
    /// The drawing.
    pub svg: PathBuf,
    /// The numbers.
    pub csv: PathBuf,
}

impl Figure {
    /// The drawing as a file of its own, with its font in it.
    pub fn standalone_svg(&self) -> String {
        with_fonts(&self.svg)
    }

    /// Writes `STEM.svg` and `STEM.csv`, in the place of older ones. A dot in `stem` stays.
    ///
    /// # Errors
    ///
    /// A file cannot be written.
    pub fn write(&self, stem: &Path) -> Result<FigureFiles, FigureError> {
        let files = FigureFiles {
            svg: with_ending(stem, ".svg"),
            csv: with_ending(stem, ".csv"),
        };
        write_file(&files.svg, self.standalone_svg().as_bytes())?;
        write_file(&files.csv, self.csv.as_bytes())?;
        Ok(files)
    }
}

pub(crate) fn with_ending(stem: &Path, ending: &str) -> PathBuf {
    let mut name = stem.as_os_str().to_owned();
    name.push(ending);
    name.into()
}
