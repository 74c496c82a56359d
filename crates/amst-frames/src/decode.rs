//! From the bytes of a file to RGB.

use std::io::{Cursor, ErrorKind};

use image::codecs::{bmp::BmpDecoder, jpeg::JpegDecoder, png::PngDecoder, webp::WebPDecoder};
use image::error::{ImageError, LimitErrorKind};
use image::{ColorType, ImageDecoder, Limits};

use crate::gif_picture::{GIF_SIGNATURE, first_picture, gif_missing};
use crate::limits::{MAX_PIXELS, MAX_SIDE};
use crate::tiff_picture::decode_tiff;
use crate::truncation::{
    JPEG_SIGNATURE, PNG_SIGNATURE, jpeg_has_scan_per_colour, jpeg_missing, png_missing,
    webp_missing,
};
use crate::{FrameError, Picture};

/// A file that is being decoded, for messages about it.
pub(crate) struct File<'a> {
    name: &'a str,
    format: &'static str,
    declared: (usize, usize),
}

/// Decodes a picture; see [`Picture::decode`].
pub(crate) fn decode(bytes: &[u8], name: &str) -> Result<Picture, FrameError> {
    if bytes.starts_with(&PNG_SIGNATURE) {
        decode_png(bytes, name)
    } else if bytes.starts_with(&JPEG_SIGNATURE) {
        decode_jpeg(bytes, name)
    } else if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        let file = File::new(name, "WebP");
        file.refuse_truncated(webp_missing(bytes))?;
        file.read(WebPDecoder::new(Cursor::new(bytes)))
    } else if bytes.starts_with(&GIF_SIGNATURE) {
        decode_gif(bytes, name)
    } else if is_bmp(bytes) {
        File::new(name, "BMP").read(BmpDecoder::new(Cursor::new(bytes)))
    } else if TIFF_SIGNATURES.iter().any(|four| bytes.starts_with(four)) {
        decode_tiff(bytes, File::new(name, "TIFF"))
    } else {
        Err(FrameError::NotAPicture { name: name.into() })
    }
}

/// Little-endian and big-endian, up to 4 GiB and beyond.
const TIFF_SIGNATURES: [[u8; 4]; 4] = [*b"II*\0", *b"MM\0*", *b"II+\0", *b"MM\0+"];

/// Two letters are little, so the size of the second header, of which there are few, is looked at.
fn is_bmp(bytes: &[u8]) -> bool {
    let size = bytes
        .get(14..18)
        .map(|four| [four[0], four[1], four[2], four[3]]);
    let known = size.is_some_and(|size| {
        matches!(
            u32::from_le_bytes(size),
            12 | 16 | 40 | 52 | 56 | 64 | 108 | 124
        )
    });
    bytes.starts_with(b"BM") && known
}

fn decode_gif(bytes: &[u8], name: &str) -> Result<Picture, FrameError> {
    enum Refusal {
        Size(FrameError),
        Data(gif::DecodingError),
    }
    impl From<gif::DecodingError> for Refusal {
        fn from(error: gif::DecodingError) -> Self {
            Self::Data(error)
        }
    }
    let mut file = File::new(name, "GIF");
    file.refuse_truncated(gif_missing(bytes))?;
    let read = first_picture(bytes, |canvas| {
        file.check_size(canvas.width, canvas.height)
            .map_err(Refusal::Size)
    });
    match read {
        Ok(Some((canvas, rgb))) => Ok(Picture {
            width: canvas.width,
            height: canvas.height,
            rgb,
        }),
        Ok(None) => Err(file.damaged_by("it has no picture".into())),
        Err(Refusal::Size(error)) => Err(error),
        Err(Refusal::Data(error)) => Err(file.damaged_by(error.to_string())),
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
        missing.map_or(Ok(()), |missing| Err(self.truncated(missing)))
    }

    pub(crate) fn truncated(&self, missing: &'static str) -> FrameError {
        FrameError::Truncated {
            name: self.name.into(),
            format: self.format,
            missing,
        }
    }

    /// Refuses a side of zero and too many pixels.
    pub(crate) fn check_size(&mut self, width: usize, height: usize) -> Result<(), FrameError> {
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
    pub(crate) fn read<D: ImageDecoder>(
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
        if color.bytes_per_pixel() / color.channel_count() > 2 {
            return Err(self.unsupported(format!("its pixels are {color:?}")));
        }
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

    pub(crate) fn damaged(&self, error: &ImageError) -> FrameError {
        match error {
            ImageError::Limits(limit) if is_about_size(&limit.kind()) => self.too_large(),
            ImageError::Unsupported(error) => self.unsupported(error.to_string()),
            ImageError::IoError(error) if error.kind() == ErrorKind::UnexpectedEof => {
                self.truncated("it stops before its last pixel")
            }
            error => self.damaged_by(error.to_string()),
        }
    }

    pub(crate) fn damaged_by(&self, reason: String) -> FrameError {
        FrameError::Damaged {
            name: self.name.into(),
            format: self.format,
            reason,
        }
    }

    pub(crate) fn unsupported(&self, reason: String) -> FrameError {
        FrameError::Unsupported {
            name: self.name.into(),
            format: self.format,
            reason,
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
