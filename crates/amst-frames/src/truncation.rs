//! Detects truncated files by their structure.
//!
//! Decoders accept them: a JPEG that stops half-way is decoded with its lower half
//! grey. Training on such a picture would be a silent fault, so the end marker is
//! looked for first; walking the structure costs microseconds.

/// First bytes of every PNG.
pub(crate) const PNG_SIGNATURE: [u8; 8] = *b"\x89PNG\r\n\x1a\n";

/// First bytes of every JPEG: start of image, then a marker.
pub(crate) const JPEG_SIGNATURE: [u8; 3] = [0xFF, 0xD8, 0xFF];

/// What is missing of a PNG; `None` if its `IEND` chunk is there.
pub(crate) fn png_missing(bytes: &[u8]) -> Option<&'static str> {
    let mut rest = bytes.get(PNG_SIGNATURE.len()..).unwrap_or_default();
    loop {
        let Some((head, body)) = rest.split_first_chunk::<8>() else {
            return Some("it has no IEND chunk");
        };
        let length = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
        // The checksum behind the data belongs to the chunk.
        let Some(next) = length.checked_add(4).and_then(|end| body.get(end..)) else {
            return Some("it stops inside a chunk");
        };
        if &head[4..] == b"IEND" {
            return None;
        }
        rest = next;
    }
}

/// What is missing of a JPEG; `None` if its end-of-image marker is there.
pub(crate) fn jpeg_missing(bytes: &[u8]) -> Option<&'static str> {
    const START_OF_SCAN: u8 = 0xDA;
    const END_OF_IMAGE: u8 = 0xD9;
    let mut rest = bytes.get(2..).unwrap_or_default();
    let mut seen_scan = false;
    loop {
        let Some((marker, body)) = next_marker(rest) else {
            return Some("it has no end-of-image marker");
        };
        match marker {
            END_OF_IMAGE if seen_scan => return None,
            END_OF_IMAGE => return Some("it ends before its first scan"),
            // Markers without a segment: TEM and a second start of image.
            0x01 | 0xD8 => rest = body,
            _ => {
                let length = body.first_chunk().map(|two| u16::from_be_bytes(*two));
                let Some(next) = length.and_then(|length| body.get(usize::from(length).max(2)..))
                else {
                    return Some("it stops inside a header segment");
                };
                seen_scan |= marker == START_OF_SCAN;
                rest = next;
            }
        }
    }
}

/// What is missing of a WebP: behind `RIFF` stands how many bytes follow.
pub(crate) fn webp_missing(bytes: &[u8]) -> Option<&'static str> {
    let (size, rest) = bytes.get(4..)?.split_first_chunk::<4>()?;
    let short = rest.len() < u32::from_le_bytes(*size) as usize;
    short.then_some("it has fewer bytes than it declares")
}

/// Whether a JPEG that is not progressive has a scan for each colour, with chroma subsampling.
///
/// zune-jpeg 0.5.15 decodes such files to noise, without an error.
pub(crate) fn jpeg_has_scan_per_colour(bytes: &[u8]) -> bool {
    const START_OF_SCAN: u8 = 0xDA;
    let mut rest = bytes.get(2..).unwrap_or_default();
    // 0 without chroma subsampling.
    let mut colours = 0;
    while let Some((marker, body)) = next_marker(rest) {
        let length = body
            .first_chunk()
            .map(|two| usize::from(u16::from_be_bytes(*two)));
        let Some((segment, after)) = length.and_then(|length| body.split_at_checked(length.max(2)))
        else {
            return false;
        };
        match marker {
            0x01 | 0xD8 => {
                rest = body;
                continue;
            }
            // Baseline and extended: length, precision, sides, number of colours; then name,
            // sampling and table of each.
            0xC0 | 0xC1 => {
                let components = segment.get(8..).unwrap_or_default().as_chunks::<3>().0;
                let alike = components.windows(2).all(|pair| pair[0][1] == pair[1][1]);
                colours = if alike { 0 } else { components.len() };
            }
            START_OF_SCAN => {
                return segment
                    .get(2)
                    .is_some_and(|&count| usize::from(count) < colours);
            }
            _ => {}
        }
        rest = after;
    }
    false
}

/// The next marker of a JPEG and what follows it. Coded data is skipped: in it,
/// 0xFF is followed by zero (stuffing) or by a restart marker.
fn next_marker(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let mut rest = bytes;
    loop {
        let at = rest.iter().position(|&byte| byte == 0xFF)?;
        rest = &rest[at + 1..];
        match *rest.first()? {
            0x00 | 0xD0..=0xD7 => rest = &rest[1..],
            // A fill byte before the marker.
            0xFF => {}
            marker => return Some((marker, &rest[1..])),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &[u8] = &[
        0xFF, 0xD8, 0xFF, 0xFE, 0, 4, 0xFF, 0xD9, 0xFF, 0xDA, 0, 2, 1, 0xFF, 0, 0xFF, 0xD3, 9,
        0xFF, 0xFF, 0xD9,
    ];

    #[test]
    fn an_end_marker_inside_a_comment_does_not_end_the_file() {
        assert_eq!(jpeg_missing(WHOLE), None);
        for end in 0..WHOLE.len() {
            assert!(jpeg_missing(&WHOLE[..end]).is_some(), "cut at {end}");
        }
    }

    #[test]
    fn bytes_after_the_end_are_ignored() {
        let mut longer = WHOLE.to_vec();
        longer.extend([1, 2, 3]);
        assert_eq!(jpeg_missing(&longer), None);
    }

    #[test]
    fn a_png_chunk_of_impossible_length_is_a_cut() {
        let mut bytes = PNG_SIGNATURE.to_vec();
        bytes.extend([0xFF, 0xFF, 0xFF, 0xFF]);
        bytes.extend(b"IHDR");
        assert_eq!(png_missing(&bytes), Some("it stops inside a chunk"));
    }
}
