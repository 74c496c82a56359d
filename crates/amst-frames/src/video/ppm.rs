//! Pictures in a stream of binary PPM, whose headers hold their sizes.

use std::io::{BufRead, Read};

use crate::Picture;
use crate::limits::{MAX_PIXELS, MAX_SIDE};

/// The next picture; `None` at the end of the stream.
///
/// # Errors
/// What is wrong with the stream.
pub(super) fn next(stream: &mut impl BufRead) -> Result<Option<Picture>, String> {
    if stream
        .fill_buf()
        .map_err(|error| error.to_string())?
        .is_empty()
    {
        return Ok(None);
    }
    let magic = word(stream)?;
    if magic != "P6" {
        return Err(format!(
            "its output begins with {magic:?} and not like a PPM picture"
        ));
    }
    let (width, height, white) = (number(stream)?, number(stream)?, number(stream)?);
    let sides = 1..=MAX_SIDE;
    let fits = sides.contains(&width) && sides.contains(&height) && width * height <= MAX_PIXELS;
    if !fits || white != 255 {
        return Err(format!(
            "it wrote a picture of {width}x{height} pixels with white at {white}"
        ));
    }
    let mut rgb = vec![0; width * height * 3];
    stream
        .read_exact(&mut rgb)
        .map_err(|_| "its output stops inside a picture".to_owned())?;
    Ok(Some(Picture { width, height, rgb }))
}

fn number(stream: &mut impl BufRead) -> Result<usize, String> {
    let word = word(stream)?;
    word.parse()
        .map_err(|_| format!("a PPM picture has {word:?} where a number belongs"))
}

/// One word and the single white space after it.
fn word(stream: &mut impl BufRead) -> Result<String, String> {
    let mut word = String::new();
    for byte in stream.take(16).bytes() {
        let byte = byte.map_err(|error| error.to_string())?;
        if byte.is_ascii_whitespace() {
            break;
        }
        word.push(char::from(byte));
    }
    Ok(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_follow_each_other_in_a_stream() {
        let mut stream = &b"P6\n2 1\n255\nabcdefP6\n1 1\n255\nxyz"[..];
        let first = next(&mut stream).unwrap().unwrap();
        assert_eq!(
            (first.width, first.height, first.rgb.as_slice()),
            (2, 1, &b"abcdef"[..])
        );
        assert_eq!(next(&mut stream).unwrap().unwrap().rgb, b"xyz");
        assert_eq!(next(&mut stream).unwrap(), None);
    }

    #[test]
    fn a_stream_that_is_no_ppm_is_described() {
        let wrong = [
            &b"P6\n2 1\n255\nabc"[..],
            b"P5\n2 1\n255\nabcdef",
            b"P6\n0 1\n255\n",
            b"P6\n70000 70000\n255\n",
            b"\0",
            b"P6\nx",
        ];
        for mut stream in wrong {
            assert!(next(&mut stream).is_err(), "{stream:?}");
        }
    }
}
