//! From RGB to the bytes of a JPEG file.

use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, ImageEncoder};

use crate::{FrameError, Picture};

impl Picture {
    /// The picture as a baseline JPEG file; `quality` from 1 to 100. OpenCV
    /// writes its files at 95.
    ///
    /// # Errors
    /// Refuses a picture whose fields disagree and a quality out of range.
    pub fn to_jpeg(&self, quality: u8) -> Result<Vec<u8>, FrameError> {
        self.check()?;
        if !(1..=100).contains(&quality) {
            let value = quality.to_string();
            return Err(FrameError::Config { key: "quality", value, remedy: "give a JPEG quality from 1 to 100" });
        }
        let mut bytes = Vec::new();
        let encoder = JpegEncoder::new_with_quality(&mut bytes, quality);
        let (width, height) = (self.width as u32, self.height as u32);
        let written = encoder.write_image(&self.rgb, width, height, ExtendedColorType::Rgb8);
        written.map_err(|error| FrameError::Encode { reason: error.to_string() })?;
        Ok(bytes)
    }
}
