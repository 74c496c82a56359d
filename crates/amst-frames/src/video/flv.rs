//! The metadata of an flv file, read without starting ffprobe.
//!
//! ```text
//! header     FLV, version, flags: 5 bytes; length of the header: u32; 0: u32
//! tag        kind: u8, length: u24, time: u32, stream: u24; the data; the length again: u32
//! ```
//!
//! The first tag is of kind 18: `onMetaData` and named values in AMF0. Numbers are big-endian.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::video::probe::{Rate, StreamInfo, frames_in};

/// Bytes that are read: more than metadata takes.
const READ_BYTES: u64 = 1 << 16;

/// The largest numerator and denominator of ffmpeg's frame rates of an flv.
const MAX_TERM: i64 = 1000;

/// The picture stream of an flv file as ffprobe would describe it. `None` for any other file, and
/// for one that does not declare duration and rate: ffprobe then derives them by decoding.
pub(super) fn stream_info(path: &Path) -> Option<StreamInfo> {
    let mut bytes = Vec::new();
    File::open(path)
        .ok()?
        .take(READ_BYTES)
        .read_to_end(&mut bytes)
        .ok()?;
    let Metadata { duration, rate } = metadata(&bytes)?;
    let rate = nearest_fraction(rate?)?;
    let duration = duration.filter(|&seconds| seconds.is_finite() && seconds > 0.0)?;
    // ffmpeg counts in whole microseconds.
    let duration = (duration * 1e6) as i64 as f64 / 1e6;
    Some(StreamInfo {
        map: "V:0".into(),
        rate: Some(rate),
        frames: frames_in(duration, rate),
    })
}

#[derive(Debug, Default, PartialEq)]
struct Metadata {
    duration: Option<f64>,
    rate: Option<f64>,
}

fn metadata(file: &[u8]) -> Option<Metadata> {
    const SCRIPT: u8 = 18;
    let (head, _) = file.split_first_chunk::<9>()?;
    let start = u32::from_be_bytes([head[5], head[6], head[7], head[8]]) as usize;
    let tag = file.get(start.checked_add(4)?..)?;
    let length = u32::from_be_bytes([0, *tag.get(1)?, *tag.get(2)?, *tag.get(3)?]) as usize;
    let mut body = Amf(tag.get(11..)?.get(..length)?);
    let named = head.starts_with(b"FLV")
        && tag[0] == SCRIPT
        && body.byte()? == STRING
        && body.string()? == b"onMetaData";
    if !named {
        return None;
    }
    match body.byte()? {
        OBJECT => {}
        ECMA_ARRAY => drop(body.bytes(4)?),
        _ => return None,
    }
    let mut found = Metadata::default();
    body.object(1, &mut |name, number| match name {
        b"duration" => found.duration = Some(number),
        b"framerate" => found.rate = Some(number),
        _ => {}
    })?;
    Some(found)
}

const NUMBER: u8 = 0;
const BOOLEAN: u8 = 1;
const STRING: u8 = 2;
const OBJECT: u8 = 3;
const ECMA_ARRAY: u8 = 8;
const OBJECT_END: u8 = 9;
const STRICT_ARRAY: u8 = 10;
const DATE: u8 = 11;

/// The deepest nesting of values that is read.
const MAX_DEPTH: usize = 8;

/// A reader of AMF0.
struct Amf<'a>(&'a [u8]);

impl<'a> Amf<'a> {
    fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.bytes(1).map(|byte| byte[0])
    }

    fn string(&mut self) -> Option<&'a [u8]> {
        let length = u16::from_be_bytes(*self.bytes(2)?.first_chunk()?);
        self.bytes(usize::from(length))
    }

    /// Reads an object to its end, and passes the numbers at its top level to `number`.
    fn object(&mut self, depth: usize, number: &mut dyn FnMut(&[u8], f64)) -> Option<()> {
        loop {
            let name = self.string()?;
            let kind = self.byte()?;
            match kind {
                OBJECT_END if name.is_empty() => return Some(()),
                NUMBER => {
                    let value = f64::from_be_bytes(*self.bytes(8)?.first_chunk()?);
                    if depth == 1 {
                        number(name, value);
                    }
                }
                kind => self.skip(kind, depth)?,
            }
        }
    }

    /// Skips a value.
    fn skip(&mut self, kind: u8, depth: usize) -> Option<()> {
        if depth == MAX_DEPTH {
            return None;
        }
        match kind {
            NUMBER => drop(self.bytes(8)?),
            BOOLEAN => drop(self.byte()?),
            STRING => drop(self.string()?),
            DATE => drop(self.bytes(10)?),
            OBJECT => self.object(depth + 1, &mut |_, _| {})?,
            ECMA_ARRAY => {
                self.bytes(4)?;
                self.object(depth + 1, &mut |_, _| {})?;
            }
            STRICT_ARRAY => {
                let count = u32::from_be_bytes(*self.bytes(4)?.first_chunk()?);
                for _ in 0..count {
                    let kind = self.byte()?;
                    self.skip(kind, depth + 1)?;
                }
            }
            // Null and undefined.
            5 | 6 => {}
            _ => return None,
        }
        Some(())
    }
}

/// The fraction that ffmpeg makes of a rate (`av_d2q`): the nearest with a denominator of at most
/// [`MAX_TERM`].
fn nearest_fraction(rate: f64) -> Option<Rate> {
    let sensible = (1.0..=MAX_TERM as f64).contains(&rate);
    if !sensible {
        return None;
    }
    // Convergents of the continued fraction, the last one cut down to fit.
    let exponent = (rate.to_bits() >> 52) as i32 - 1023;
    let scale = 1i64 << (61 - exponent);
    let (mut left, mut right) = (
        (rate * scale as f64 + 0.5).floor() as i128,
        i128::from(scale),
    );
    let ([mut p0, mut q0], [mut p1, mut q1]) = ([0i128, 1], [1i128, 0]);
    while right > 0 {
        let whole = left / right;
        let (p2, q2) = (whole * p1 + p0, whole * q1 + q0);
        let limit = i128::from(MAX_TERM);
        if p2 > limit || q2 > limit {
            let most = [(limit - p0).checked_div(p1), (limit - q0).checked_div(q1)];
            let fitting = most.into_iter().flatten().min().unwrap_or(0);
            if right * (2 * fitting * q1 + q0) > left * q1 {
                (p1, q1) = (fitting * p1 + p0, fitting * q1 + q0);
            }
            break;
        }
        (p0, q0, p1, q1) = (p1, q1, p2, q2);
        (left, right) = (right, left - whole * right);
    }
    Some(Rate {
        frames: p1.try_into().ok()?,
        seconds: q1.try_into().ok().filter(|&q: &u32| q > 0)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A value of each kind before and after the two that count.
    fn file() -> Vec<u8> {
        let text = |text: &str| [&(text.len() as u16).to_be_bytes()[..], text.as_bytes()].concat();
        let number =
            |name: &str, value: f64| [&text(name)[..], &[NUMBER], &value.to_be_bytes()].concat();
        let inner = [&number("duration", 9.0)[..], &[0, 0, OBJECT_END]].concat();
        let body = [
            &[STRING][..],
            &text("onMetaData"),
            &[ECMA_ARRAY, 0, 0, 0, 4],
            &[&text("stereo")[..], &[BOOLEAN, 1]].concat(),
            &[
                &text("cues")[..],
                &[STRICT_ARRAY, 0, 0, 0, 2, OBJECT],
                &inner,
                &[STRING],
                &text("x"),
            ]
            .concat(),
            &number("duration", 2.652),
            &[&text("made")[..], &[DATE], &[0; 10]].concat(),
            &number("framerate", 29.970_029_97),
            &[0, 0, OBJECT_END],
        ]
        .concat();
        let length = (body.len() as u32).to_be_bytes();
        [
            b"FLV\x01\x05\0\0\0\x09\0\0\0\0\x12",
            &length[1..],
            &[0; 7],
            &body,
        ]
        .concat()
    }

    #[test]
    fn duration_and_rate_are_found_among_other_values() {
        let file = file();
        assert_eq!(
            metadata(&file),
            Some(Metadata {
                duration: Some(2.652),
                rate: Some(29.970_029_97)
            })
        );
        for cut in 0..file.len() {
            assert_eq!(metadata(&file[..cut]), None, "cut at {cut}");
        }
    }

    #[test]
    fn no_byte_makes_it_fail() {
        let whole = file();
        for at in 0..whole.len() {
            for value in [0, 1, 2, 3, 8, 9, 10, 11, 255] {
                let mut file = whole.clone();
                file[at] = value;
                metadata(&file);
            }
        }
        let nested = [
            &b"FLV\x01\x05\0\0\0\x09\0\0\0\0\x12\0\xff\xff\0\0\0\0\0\0\0\x02\0\x0aonMetaData\x03"[..],
            &b"\0\x01a\x03".repeat(20_000),
        ]
        .concat();
        assert_eq!(metadata(&nested), None);
    }

    /// Beside what ffprobe 5.1 prints for files with these numbers in their metadata.
    #[test]
    fn a_rate_is_the_fraction_that_ffprobe_prints() {
        let rates = [
            (29.970_029_970_029_97, "989/33"),
            (29.97, "989/33"),
            (23.976_023_976, "983/41"),
            (25.0, "25/1"),
            (14.985, "989/66"),
            (12.5, "25/2"),
            (29.999, "30/1"),
            (59.94, "959/16"),
            (7.3, "73/10"),
            (1.0, "1/1"),
            (999.5, "999/1"),
            (1000.0, "1000/1"),
            (15.000_001, "15/1"),
            (16.2162, "600/37"),
        ];
        for (rate, fraction) in rates {
            assert_eq!(
                nearest_fraction(rate).unwrap().to_string(),
                fraction,
                "{rate}"
            );
        }
        for rate in [0.0, -1.0, 0.5, 1e9, f64::NAN, f64::INFINITY] {
            assert_eq!(nearest_fraction(rate), None, "{rate}");
        }
    }
}
