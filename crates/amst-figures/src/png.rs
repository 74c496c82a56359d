//! A figure as a picture of pixels.

use std::ops::RangeInclusive;

use resvg::render;
use resvg::tiny_skia::{Pixmap, Transform};

use crate::svg_tree::tree;
use crate::{Figure, FigureError};

/// Pixels that a picture may be wide.
const WIDTHS: RangeInclusive<u32> = 16..=8192;

impl Figure {
    /// The drawing as PNG of a width in pixels, the height being as the SVG says.
    ///
    /// The same figure gives the same bytes, on every system where its text is in letters of Western
    /// European languages; others are drawn in the system's fonts.
    ///
    /// # Errors
    ///
    /// [`FigureError::PixelWidth`].
    pub fn png(&self, width_px: u32) -> Result<Vec<u8>, FigureError> {
        if !WIDTHS.contains(&width_px) {
            return Err(FigureError::PixelWidth { width_px });
        }
        let failed = |why: String| FigureError::Converted { why };
        let tree = tree(&self.svg, 96.0)?;
        let scale = width_px as f32 / tree.size().width();
        let height_px = (tree.size().height() * scale).round().max(1.0) as u32;
        let mut picture = Pixmap::new(width_px, height_px)
            .ok_or_else(|| failed(format!("{width_px} by {height_px} pixels are too many")))?;
        let transform = Transform::from_scale(scale, scale);
        render(&tree, transform, &mut picture.as_mut());
        picture.encode_png().map_err(|e| failed(e.to_string()))
    }
}
