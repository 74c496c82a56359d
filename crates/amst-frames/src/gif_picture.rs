//! The first picture of a GIF.
//!
//! ```text
//! header     GIF87a or GIF89a; width, height: u16; flags, background, aspect: u8; colours
//! block      0x21, kind: u8, data; or 0x2C, left, top, width, height: u16, flags: u8, colours,
//!            bits: u8, data; or 0x3B: the end
//! data       size: u8, so many bytes; …; 0
//! ```
//!
//! Numbers are little-endian. Colours stand there if the highest bit of the flags is set, three
//! bytes each; the lowest three bits say how many, 2, 4, … 256.

use gif::{ColorOutput, DecodeOptions, DecodingError};

/// First bytes of every GIF.
pub(crate) const GIF_SIGNATURE: [u8; 4] = *b"GIF8";

/// What is missing of the first picture; `None` if its data is there.
pub(crate) fn gif_missing(bytes: &[u8]) -> Option<&'static str> {
    const EXTENSION: u8 = 0x21;
    const PICTURE: u8 = 0x2C;
    let colours = |flags: u8| match flags & 0x80 {
        0 => 0,
        _ => 3 << ((flags & 7) + 1),
    };
    let Some(&flags) = bytes.get(10) else {
        return Some("it stops inside its header");
    };
    let mut at = 13 + colours(flags);
    loop {
        let Some(&kind) = bytes.get(at) else {
            return Some("it has no picture");
        };
        at += match kind {
            EXTENSION => 2,
            PICTURE => match bytes.get(at + 9) {
                Some(&flags) => 11 + colours(flags),
                None => return Some("it stops inside its picture"),
            },
            // The end, or what the decoder complains of.
            _ => return None,
        };
        loop {
            let Some(&size) = bytes.get(at) else {
                return Some("it stops inside its picture");
            };
            at += 1 + usize::from(size);
            if size == 0 {
                break;
            }
        }
        if kind == PICTURE {
            return None;
        }
    }
}

/// The sides of a GIF.
pub(crate) struct Canvas {
    pub(crate) width: usize,
    pub(crate) height: usize,
}

/// Decodes the first picture as PIL does: where it does not cover the canvas there is the colour
/// that is transparent in it, otherwise colour 0; a picture that reaches outside extends it; and
/// without colours the numbers are grey.
///
/// `check` is given the sides before anything is allocated. `None` where there is no picture.
pub(crate) fn first_picture<E: From<DecodingError>>(
    bytes: &[u8],
    check: impl FnOnce(&Canvas) -> Result<(), E>,
) -> Result<Option<(Canvas, Vec<u8>)>, E> {
    let mut options = DecodeOptions::new();
    options.set_color_output(ColorOutput::Indexed);
    let mut decoder = options.read_info(bytes)?;
    let canvas = [decoder.width(), decoder.height()].map(usize::from);
    let global = decoder.global_palette().map(<[u8]>::to_vec);
    let Some(frame) = decoder.next_frame_info()? else {
        return Ok(None);
    };
    let [left, top, width, height] =
        [frame.left, frame.top, frame.width, frame.height].map(usize::from);
    let fill = frame.transparent.unwrap_or(0);
    let palette = frame.palette.clone().or(global);
    let canvas = Canvas {
        width: canvas[0].max(left + width),
        height: canvas[1].max(top + height),
    };
    check(&canvas)?;
    let mut indices = vec![0; decoder.buffer_size()];
    decoder.read_into_buffer(&mut indices)?;
    let colour = |index: u8| match &palette {
        Some(palette) => {
            let entry = palette.as_chunks::<3>().0.get(usize::from(index));
            entry.copied().unwrap_or_default()
        }
        None => [index; 3],
    };
    let mut rgb = colour(fill).repeat(canvas.width * canvas.height);
    for (row, indices) in indices.chunks_exact(width.max(1)).enumerate() {
        let first = ((top + row) * canvas.width + left) * 3;
        let pixels = rgb[first..][..indices.len() * 3].as_chunks_mut::<3>().0;
        for (pixel, &index) in pixels.iter_mut().zip(indices) {
            *pixel = colour(index);
        }
    }
    Ok(Some((canvas, rgb)))
}
