//! A decoded picture.

use std::path::Path;

use crate::limits::MAX_SIDE;
use crate::{CropBox, FrameError, decode};

/// A picture of 8-bit RGB pixels, `[height, width, 3]` row by row.
///
/// The frames of a [`Video`](crate::Video) are pictures too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Pixels in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// `height * width * 3` bytes.
    pub rgb: Vec<u8>,
}

impl Picture {
    /// Reads a PNG, JPEG, WebP, GIF, BMP or TIFF file.
    ///
    /// # Errors
    /// [`FrameError::Unreadable`] when the file cannot be opened, otherwise as
    /// [`Picture::decode`].
    pub fn read(path: impl AsRef<Path>) -> Result<Self, FrameError> {
        let path = path.as_ref();
        let bytes = std::fs::read(path).map_err(|source| FrameError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        Self::decode(&bytes, &path.display().to_string())
    }

    /// Decodes the bytes of a PNG, JPEG, WebP, GIF, BMP or TIFF file; `name` is used in messages
    /// only. Of several pictures in a file the first is taken.
    ///
    /// Every colour type becomes RGB: grey is replicated, a palette expanded,
    /// alpha dropped (not blended), 16-bit samples keep their high byte. That is
    /// PIL's `convert("RGB")`, except for 16-bit grey, which PIL clips to white
    /// above 255 instead of scaling. An EXIF orientation is not applied, as in
    /// PIL; that of a TIFF is, as in PIL. A BMP of 16 bits a pixel may differ by
    /// one level, since PIL cuts off where this rounds.
    ///
    /// # Errors
    /// Refuses what is none of these kinds, a file that ends early, damaged
    /// data, a side of zero and more than [`MAX_PIXELS`](crate::MAX_PIXELS) pixels; of TIFFs those
    /// with a palette, with YCbCr or other colours, with samples that it does not
    /// say are alpha, with alpha that the colours
    /// are multiplied by, and with samples of other than 1, 8 or 16 bits.
    pub fn decode(bytes: &[u8], name: &str) -> Result<Self, FrameError> {
        decode::decode(bytes, name)
    }

    /// A part of the picture, its pixels as they are.
    ///
    /// # Errors
    /// [`FrameError::CropOutside`] when the box is empty or reaches outside the picture.
    pub fn region(&self, area: CropBox) -> Result<Self, FrameError> {
        self.check()?;
        area.check([self.width, self.height])?;
        let mut rgb = Vec::with_capacity(area.width * area.height * 3);
        for row in area.top..area.top + area.height {
            let first = (row * self.width + area.left) * 3;
            rgb.extend_from_slice(&self.rgb[first..first + area.width * 3]);
        }
        Ok(Self {
            width: area.width,
            height: area.height,
            rgb,
        })
    }

    /// Checks that the public fields agree with each other.
    pub(crate) fn check(&self) -> Result<(), FrameError> {
        let sides = 1..=MAX_SIDE;
        let fits = sides.contains(&self.width)
            && sides.contains(&self.height)
            && self.rgb.len() == self.width * self.height * 3;
        if fits {
            return Ok(());
        }
        Err(FrameError::Inconsistent {
            width: self.width,
            height: self.height,
            found: self.rgb.len(),
            limit: MAX_SIDE,
        })
    }
}
