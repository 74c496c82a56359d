//! From RGB to the bytes of a JPEG file.

use jpeg_encoder::{ChromaSubsamplingMethod, ColorType, Encoder, SamplingFactor};

use crate::{FrameError, Picture};

impl Picture {
    /// The picture as a baseline JPEG file; `quality` from 1 to 100.
    ///
    /// As lossy as OpenCV's `imwrite`: libjpeg's quantisation tables of that quality (OpenCV's
    /// default is 95), and 4:2:0 chroma subsampling by the mean of every four pixels.
    ///
    /// # Errors
    /// Refuses a picture whose fields disagree and a quality out of range.
    pub fn to_jpeg(&self, quality: u8) -> Result<Vec<u8>, FrameError> {
        self.check()?;
        if !(1..=100).contains(&quality) {
            let value = quality.to_string();
            return Err(FrameError::Config {
                key: "quality",
                value,
                remedy: "give a JPEG quality from 1 to 100",
            });
        }
        let failed = |reason: String| FrameError::Encode { reason };
        let sides = [self.width, self.height].map(u16::try_from);
        let [Ok(width), Ok(height)] = sides else {
            return Err(failed(format!(
                "a JPEG holds no {}x{} pixels",
                self.width, self.height
            )));
        };
        let mut bytes = Vec::new();
        // Standard Huffman codes: with optimised ones this encoder writes a scan for each colour,
        // which zune-jpeg 0.5.15 decodes to noise.
        let mut encoder = Encoder::new(&mut bytes, quality);
        encoder.set_sampling_factor(SamplingFactor::R_4_2_0);
        encoder.set_chroma_subsampling_method(ChromaSubsamplingMethod::Average);
        encoder
            .encode(&self.rgb, width, height, ColorType::Rgb)
            .map_err(|error| failed(error.to_string()))?;
        Ok(bytes)
    }
}
