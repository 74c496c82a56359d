//! What PIL makes of a TIFF, where the decoder makes something else.

use std::io::{Cursor, ErrorKind};

use image::codecs::tiff::TiffDecoder;
use image::error::ImageError;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, RgbImage};
use tiff::decoder::{Decoder, DecodingResult};
use tiff::tags::Tag;
use tiff::{ColorType, TiffError};

use crate::decode::File;
use crate::limits::MAX_PIXELS;
use crate::{FrameError, Picture};

/// Decodes the first picture, turned as the file asks: PIL turns no other kind of file.
pub(crate) fn decode_tiff(bytes: &[u8], mut file: File) -> Result<Picture, FrameError> {
    let mut inner = Decoder::new(Cursor::new(bytes)).map_err(|error| refuse(&file, error))?;
    if is_multiplied_by_alpha(&mut inner) {
        return Err(file.unsupported("its colours are multiplied by its alpha".into()));
    }
    let color = inner.colortype().map_err(|error| refuse(&file, error))?;
    let outer = TiffDecoder::new(Cursor::new(bytes));
    let mut outer = outer.map_err(|error| match error {
        ImageError::Unsupported(_) => file.unsupported(format!("its pixels are {color:?}")),
        error => file.damaged(&error),
    })?;
    let orientation = outer.orientation().unwrap_or(Orientation::NoTransforms);
    let picture = if matches!(color, ColorType::CMYK(8 | 16)) {
        read_inks(inner, &mut file)?
    } else {
        file.read(Ok(outer))?
    };
    Ok(turn(picture, orientation))
}

/// Whether PIL would divide the colours by the alpha.
fn is_multiplied_by_alpha(inner: &mut Decoder<Cursor<&[u8]>>) -> bool {
    const ASSOCIATED: u16 = 1;
    let samples = inner.find_tag_unsigned_vec(Tag::ExtraSamples);
    // What cannot be told here the decoder complains of.
    samples.is_ok_and(|samples| samples.is_some_and(|kinds| kinds.contains(&ASSOCIATED)))
}

/// Cyan, magenta, yellow and black to RGB, rounded as PIL does it; of 16 bits the high byte.
fn read_inks(inner: Decoder<Cursor<&[u8]>>, file: &mut File) -> Result<Picture, FrameError> {
    let mut limits = tiff::decoder::Limits::default();
    limits.decoding_buffer_size = MAX_PIXELS * 8;
    let mut inner = inner.with_limits(limits);
    let sides = inner.dimensions().map_err(|error| refuse(file, error))?;
    let [width, height] = [sides.0, sides.1].map(|side| side as usize);
    file.check_size(width, height)?;
    let inks = match inner.read_image().map_err(|error| refuse(file, error))? {
        DecodingResult::U8(samples) => samples,
        DecodingResult::U16(samples) => samples.iter().map(|two| (two >> 8) as u8).collect(),
        _ => return Err(file.unsupported("its inks are no whole numbers".into())),
    };
    if inks.len() != width * height * 4 {
        return Err(file.unsupported("its inks lie in planes".into()));
    }
    let mut rgb = Vec::with_capacity(width * height * 3);
    for &[cyan, magenta, yellow, black] in inks.as_chunks::<4>().0 {
        let light = 255 - u32::from(black);
        rgb.extend([cyan, magenta, yellow].map(|ink| {
            let product = u32::from(ink) * light + 128;
            (light - ((product + (product >> 8)) >> 8)) as u8
        }));
    }
    Ok(Picture { width, height, rgb })
}

fn turn(picture: Picture, orientation: Orientation) -> Picture {
    let [width, height] = [picture.width, picture.height].map(|side| side as u32);
    let Some(buffer) = RgbImage::from_raw(width, height, picture.rgb) else {
        unreachable!("a picture has as many bytes as its sides say");
    };
    let mut turned = DynamicImage::ImageRgb8(buffer);
    turned.apply_orientation(orientation);
    let [width, height] = [turned.width(), turned.height()].map(|side| side as usize);
    let rgb = turned.into_rgb8().into_raw();
    Picture { width, height, rgb }
}

fn refuse(file: &File, error: TiffError) -> FrameError {
    match error {
        TiffError::IoError(error) if error.kind() == ErrorKind::UnexpectedEof => {
            file.truncated("it stops before its last pixel")
        }
        TiffError::UnsupportedError(kind) => file.unsupported(kind.to_string()),
        error => file.damaged_by(error.to_string()),
    }
}
