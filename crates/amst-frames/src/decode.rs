//! From the bytes of a file to RGB.

use std::io::Cursor;

use image::codecs::{jpeg::JpegDecoder, png::PngDecoder};
use image::error::{ImageError, LimitErrorKind};
use image::{ColorType, ImageDecoder, Limits};

use crate::picture::{MAX_PIXELS, MAX_SIDE};
use crate::truncation::{
    JPEG_SIGNATURE, PNG_SIGNATURE, jpeg_has_scan_per_colour, jpeg_missing, png_missing,
};
use crate::{FrameError, Picture};

/// A file that is being decoded, for messages about it.
struct File<'a> {
    name: &'a str,
    format: &'static str,
    declared: (usize, usize),
}

/// Decodes a PNG or JPEG; see [`Picture::decode`].
pub(crate) fn decode(bytes: &[u8], name: &str) -> Result<Picture, FrameError> {
    if bytes.starts_with(&PNG_SIGNATURE) {
        decode_png(bytes, name)
    } else if bytes.starts_with(&JPEG_SIGNATURE) {
        decode_jpeg(bytes, name)
    } else {
        Err(FrameError::NotAPicture { name: name.into() })
    }
}

fn decode_png(bytes: &[u8], name: &str) -> Result<Picture, FrameError> {
    let mut file = File::new(name, "PNG");
    file.refuse_truncated(png_missing(bytes))?;
    // The header chunk comes first. Checked here, for a better message than the decoder's.
    let sides = [16, 20].map(|at| bytes.get(at..)?.first_chunk().copied());
    if let [Some(width), Some(height)] = sides.map(|side| side.map(u32::from_be_bytes)) {
        file.check_size(width as usize, height as usize)?;
    }
    let decoder = PngDecoder::with_limits(Cursor::new(bytes), limits());
    file.read(decoder)
}

fn decode_jpeg(bytes: &[u8], name: &str) -> Result<Picture, FrameError> {
    let file = File::new(name, "JPEG");
    file.refuse_truncated(jpeg_missing(bytes))?;
    if jpeg_has_scan_per_colour(bytes) {
        return Err(FrameError::ScanPerColour { name: name.into() });
    }
    file.read(JpegDecoder::new(Cursor::new(bytes)))
}

/// What a decoder may allocate: the largest allowed picture with 16-bit alpha.
fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE as u32);
    limits.max_image_height = Some(MAX_SIDE as u32);
    limits.max_alloc = Some(MAX_PIXELS as u64 * 8);
    limits
}

impl<'a> File<'a> {
    fn new(name: &'a str, format: &'static str) -> Self {
        Self {
            name,
            format,
            declared: (0, 0),
        }
    }

    fn refuse_truncated(&self, missing: Option<&'static str>) -> Result<(), FrameError> {
        missing.map_or(Ok(()), |missing| {
            Err(FrameError::Truncated {
                name: self.name.into(),
                format: self.format,
                missing,
            })
        })
    }

    /// Refuses a side of zero and too many pixels.
    fn check_size(&mut self, width: usize, height: usize) -> Result<(), FrameError> {
        self.declared = (width, height);
        if width == 0 || height == 0 {
            return Err(FrameError::Empty {
                name: self.name.into(),
                width,
                height,
            });
        }
        let pixels = width.saturating_mul(height);
        if pixels > MAX_PIXELS || width.max(height) > MAX_SIDE {
            return Err(self.too_large());
        }
        Ok(())
    }

    fn too_large(&self) -> FrameError {
        let (width, height) = self.declared;
        FrameError::TooLarge {
            name: self.name.into(),
            width,
            height,
            limit: MAX_PIXELS,
        }
    }

    /// Decodes the pixels once the header has been accepted.
    fn read<D: ImageDecoder>(
        mut self,
        decoder: Result<D, ImageError>,
    ) -> Result<Picture, FrameError> {
        let mut decoder = decoder.map_err(|error| self.damaged(&error))?;
        let (width, height) = decoder.dimensions();
        let (width, height) = (width as usize, height as usize);
        self.check_size(width, height)?;
        decoder
            .set_limits(limits())
            .map_err(|error| self.damaged(&error))?;
        let color = decoder.color_type();
        let mut samples = vec![0; width * height * usize::from(color.bytes_per_pixel())];
        decoder
            .read_image(&mut samples)
            .map_err(|error| self.damaged(&error))?;
        Ok(Picture {
            width,
            height,
            rgb: to_rgb(samples, color),
        })
    }

    fn damaged(&self, error: &ImageError) -> FrameError {
        match error {
            ImageError::Limits(limit) if is_about_size(&limit.kind()) => self.too_large(),
            error => FrameError::Damaged {
                name: self.name.into(),
                format: self.format,
                reason: error.to_string(),
            },
        }
    }
}

fn is_about_size(kind: &LimitErrorKind) -> bool {
    matches!(
        kind,
        LimitErrorKind::DimensionError | LimitErrorKind::InsufficientMemory
    )
}

/// Three bytes a pixel from samples of any colour type: grey replicated, alpha
/// dropped, of 16 bits the high byte (which is what PIL keeps of them).
fn to_rgb(samples: Vec<u8>, color: ColorType) -> Vec<u8> {
    if color == ColorType::Rgb8 {
        return samples;
    }
    let pixel = usize::from(color.bytes_per_pixel());
    let sample = pixel / usize::from(color.channel_count());
    // The decoder hands 16-bit samples over in the machine's own byte order.
    let high = if cfg!(target_endian = "little") {
        sample - 1
    } else {
        0
    };
    let [red, green, blue] = if color.has_color() {
        [0, sample, 2 * sample]
    } else {
        [0; 3]
    }
    .map(|at| at + high);
    let mut rgb = Vec::with_capacity(samples.len() / pixel * 3);
    for pixel in samples.chunks_exact(pixel) {
        rgb.extend_from_slice(&[pixel[red], pixel[green], pixel[blue]]);
    }
    rgb
}
