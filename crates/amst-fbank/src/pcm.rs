//! Samples as a WAV file stores them, as numbers.

use std::io::{self, Read};

use crate::sample_memory;

/// How one sample is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    Unsigned8,
    Signed16,
    Signed24,
    Signed32,
    Float32,
    Float64,
}

/// A whole number of samples of any size.
const BLOCK: usize = 24 * 2048;

impl Encoding {
    /// Bytes of one sample.
    pub(crate) fn bytes(self) -> usize {
        match self {
            Self::Unsigned8 => 1,
            Self::Signed16 => 2,
            Self::Signed24 => 3,
            Self::Signed32 | Self::Float32 => 4,
            Self::Float64 => 8,
        }
    }

    /// The next `count` samples, a block of bytes at a time.
    pub(crate) fn read(self, source: &mut impl Read, count: usize) -> io::Result<Vec<f32>> {
        let mut samples = Vec::new();
        sample_memory::reserve(&mut samples, count);
        let mut block = vec![0; BLOCK.min(count * self.bytes())];
        while samples.len() < count {
            let left = (count - samples.len()) * self.bytes();
            let bytes = left.min(BLOCK);
            source.read_exact(&mut block[..bytes])?;
            self.append(&block[..bytes], &mut samples);
        }
        Ok(samples)
    }

    fn append(self, data: &[u8], samples: &mut Vec<f32>) {
        match self {
            Self::Unsigned8 => each(data, samples, |[x]| (f32::from(x) - 128.0) / 128.0),
            Self::Signed16 => each(data, samples, |b| {
                f32::from(i16::from_le_bytes(b)) / 32_768.0
            }),
            // Moved to the top of 32 bits, which extends the sign.
            Self::Signed24 => each(data, samples, |[a, b, c]| {
                full_scale(i32::from_le_bytes([0, a, b, c]))
            }),
            Self::Signed32 => each(data, samples, |b| full_scale(i32::from_le_bytes(b))),
            Self::Float32 => each(data, samples, f32::from_le_bytes),
            Self::Float64 => each(data, samples, |b| f64::from_le_bytes(b) as f32),
        }
    }
}

fn full_scale(sample: i32) -> f32 {
    sample as f32 / 2_147_483_648.0
}

fn each<const N: usize>(data: &[u8], samples: &mut Vec<f32>, sample: impl Fn([u8; N]) -> f32) {
    samples.extend(data.as_chunks::<N>().0.iter().map(|&bytes| sample(bytes)));
}
