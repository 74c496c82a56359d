//! Pictures in an event file.

use super::message::{bytes, message, text, whole};
use crate::FigureError;

/// What a PNG begins with, up to the numbers of its size.
const PNG_HEAD: &[u8; 16] = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR";

/// A picture for TensorBoard's IMAGES tab.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventImage {
    /// Its name, `figures/curves`.
    pub tag: String,
    /// A PNG file, as `Figure::png` makes one.
    pub png: Vec<u8>,
    /// Its width in pixels.
    pub width: u32,
    /// Its height in pixels.
    pub height: u32,
}

impl EventImage {
    /// A PNG with the size that it has.
    ///
    /// # Errors
    ///
    /// [`FigureError::NoPng`]: the bytes are something else.
    pub fn of_png(tag: impl Into<String>, png: Vec<u8>) -> Result<Self, FigureError> {
        let tag = tag.into();
        let number = |at: usize| {
            let bytes = png.get(at..at + 4)?.try_into().ok()?;
            Some(u32::from_be_bytes(bytes))
        };
        match (png.starts_with(PNG_HEAD), number(16), number(20)) {
            (true, Some(width), Some(height)) => Ok(Self {
                tag,
                png,
                width,
                height,
            }),
            _ => Err(FigureError::NoPng { tag }),
        }
    }

    /// `Summary.Value` with an image (4) of height (1), width (2), colour space (3) and file (4).
    pub(super) fn value(&self) -> Vec<u8> {
        const RED_GREEN_BLUE_ALPHA: u64 = 4;
        let image = message(
            4,
            &[
                whole(1, self.height.into()),
                whole(2, self.width.into()),
                whole(3, RED_GREEN_BLUE_ALPHA),
                bytes(4, &self.png),
            ],
        );
        message(1, &[text(1, &self.tag), image])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_is_read_from_the_file() {
        let png = [PNG_HEAD.as_slice(), &[0, 0, 1, 0, 0, 0, 0, 7, 8]].concat();
        let image = EventImage::of_png("a", png).unwrap();
        assert_eq!((image.width, image.height), (256, 7));
        for bytes in [b"GIF89a".to_vec(), PNG_HEAD.to_vec()] {
            let error = EventImage::of_png("a", bytes).unwrap_err();
            assert!(error.to_string().contains("`a` is no PNG"));
        }
    }
}
