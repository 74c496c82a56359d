//! A figure as PDF.

mod stable_order;

use std::path::{Path, PathBuf};

use amst_files::write_file;
use svg2pdf::{ConversionOptions, PageOptions, to_pdf};

use self::stable_order::in_stable_order;
use crate::figure::with_ending;
use crate::svg_tree::tree;
use crate::{Figure, FigureError};

/// PDF counts in points, of which an inch has this many.
const POINTS_AN_INCH: f32 = 72.0;

impl Figure {
    /// The drawing as a page of PDF, as large as the SVG says. Lines stay lines and text stays text
    /// in the figure's font, of which the letters that are there are embedded.
    ///
    /// The same figure gives the same bytes, on every system where its text is in letters of Western
    /// European languages; others are drawn in the system's fonts.
    ///
    /// # Errors
    ///
    /// [`FigureError::Converted`], which a figure of this crate does not cause.
    pub fn pdf(&self) -> Result<Vec<u8>, FigureError> {
        let failed = |why: String| FigureError::Converted { why };
        let page = PageOptions {
            dpi: POINTS_AN_INCH,
        };
        let tree = tree(&self.svg, POINTS_AN_INCH)?;
        let pdf = to_pdf(&tree, ConversionOptions::default(), page);
        let pdf = pdf.map_err(|e| failed(e.to_string()))?;
        in_stable_order(&pdf).ok_or_else(|| failed("the converter's PDF is not understood".into()))
    }

    /// Writes `STEM.pdf`, in the place of an older one, and returns its path. A dot in `stem`
    /// stays.
    ///
    /// # Errors
    ///
    /// As [`Figure::pdf`]; the file cannot be written.
    pub fn write_pdf(&self, stem: &Path) -> Result<PathBuf, FigureError> {
        let file = with_ending(stem, ".pdf");
        write_file(&file, self.pdf()?)?;
        Ok(file)
    }
}
