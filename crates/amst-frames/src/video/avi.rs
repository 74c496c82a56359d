//! Reads pictures of several streams from an AVI while ffmpeg writes it.
//!
//! ```text
//! RIFF, size, AVI; chunks: name, size: u32 little-endian, so many bytes, one more if that is odd
//! ```
//!
//! The chunk `02dc` holds a picture of stream 2. These are in a `LIST` of kind `movi`, whose size
//! is not known while it is written.

use std::io::{BufRead, Read};

use crate::Picture;
use crate::video::ppm;

/// The next picture and its stream; `None` at the end.
///
/// # Errors
/// What is wrong with the AVI.
pub(super) fn next(stream: &mut impl BufRead) -> Result<Option<(usize, Picture)>, String> {
    loop {
        if stream
            .fill_buf()
            .map_err(|error| error.to_string())?
            .is_empty()
        {
            return Ok(None);
        }
        let [name, size] = words::<2>(stream)?;
        let size = u64::from(u32::from_le_bytes(size));
        match &name {
            b"RIFF" => drop(words::<1>(stream)?),
            b"LIST" => {
                let [kind] = words::<1>(stream)?;
                if &kind != b"movi" {
                    skip(stream, padded(size).saturating_sub(4))?;
                }
            }
            &[tens, ones, b'd', b'c'] if size > 0 => {
                let [tens, ones] = [tens, ones].map(|digit| usize::from(digit.wrapping_sub(b'0')));
                return Ok(Some((10 * tens + ones, picture(stream, size)?)));
            }
            _ => skip(stream, padded(size))?,
        }
    }
}

fn picture(stream: &mut impl BufRead, size: u64) -> Result<Picture, String> {
    let mut chunk = stream.take(size);
    let picture = ppm::next(&mut chunk)?.ok_or("its output stops before a picture")?;
    let left = chunk.limit();
    skip(stream, left + padded(size) - size)?;
    Ok(picture)
}

/// A chunk's size with its padding byte.
fn padded(size: u64) -> u64 {
    size + size % 2
}

fn skip(stream: &mut impl Read, bytes: u64) -> Result<(), String> {
    let skipped = std::io::copy(&mut stream.take(bytes), &mut std::io::sink())
        .map_err(|error| error.to_string())?;
    if skipped == bytes {
        Ok(())
    } else {
        Err("its output stops inside a chunk".into())
    }
}

fn words<const N: usize>(stream: &mut impl Read) -> Result<[[u8; 4]; N], String> {
    let mut words = [[0; 4]; N];
    for word in &mut words {
        stream
            .read_exact(word)
            .map_err(|_| "its output stops inside a chunk".to_owned())?;
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(name: &[u8; 4], body: &[u8]) -> Vec<u8> {
        let fill = vec![0; body.len() % 2];
        [name, &(body.len() as u32).to_le_bytes()[..], body, &fill].concat()
    }

    fn file() -> Vec<u8> {
        let head = [b"RIFF", &u32::MAX.to_le_bytes()[..], b"AVI "].concat();
        let movie = [b"LIST", &u32::MAX.to_le_bytes()[..], b"movi"].concat();
        let pictures = [
            chunk(b"00dc", b"P6\n1 1\n255\nabc"),
            chunk(b"11dc", b"P6\n2 1\n255\nabcdef"),
            chunk(b"00dc", b""),
            chunk(b"00dc", b"P6\n1 1\n255\nxyz"),
        ];
        [
            head,
            chunk(b"LIST", b"hdrlodd"),
            chunk(b"JUNK", b"x"),
            movie,
            pictures.concat(),
            chunk(b"idx1", b"...."),
        ]
        .concat()
    }

    #[test]
    fn pictures_are_told_apart_by_their_stream() {
        let file = file();
        let mut stream = &file[..];
        let mut found = Vec::new();
        while let Some((number, picture)) = next(&mut stream).unwrap() {
            found.push((number, picture.rgb));
        }
        assert_eq!(
            found,
            [
                (0, b"abc".to_vec()),
                (11, b"abcdef".to_vec()),
                (0, b"xyz".to_vec())
            ]
        );
    }

    #[test]
    fn an_avi_that_stops_early_is_described_or_ends_between_chunks() {
        let file = file();
        for cut in 0..file.len() {
            let mut stream = &file[..cut];
            let read =
                std::iter::from_fn(|| next(&mut stream).transpose()).collect::<Result<Vec<_>, _>>();
            assert!(
                read.map_or(true, |pictures| pictures.len() <= 3),
                "cut at {cut}"
            );
        }
        assert!(next(&mut &b"RIFFx"[..]).is_err());
        assert!(next(&mut &chunk(b"00dc", b"P5\n1 1\n255\nabc")[..]).is_err());
    }
}
