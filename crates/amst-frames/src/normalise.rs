//! From 8-bit pixels to normalised planes.

/// For each channel, the normalised value of each of the 256 bytes.
///
/// A table gives the same bits as torchvision's arithmetic in `f32`: divide by 255,
/// subtract the mean, divide by the deviation.
#[derive(Clone, Debug)]
pub(crate) struct Normalise {
    tables: Vec<[f32; 256]>,
}

impl Normalise {
    /// Makes a table for each channel.
    pub(crate) fn new(mean: &[f32], std: &[f32]) -> Self {
        let channels = mean.iter().zip(std);
        Self {
            tables: channels
                .map(|(mean, std)| std::array::from_fn(|byte| (byte as f32 / 255.0 - mean) / std))
                .collect(),
        }
    }

    /// Writes interleaved rows of `width` pixels as planes
    /// `[channels, height, width]`, mirrored left to right if asked.
    pub(crate) fn write<V: Value>(&self, bytes: &[u8], width: usize, mirror: bool, out: &mut [V]) {
        match self.tables.as_slice() {
            [grey] => write_grey(|byte| V::from_byte(byte, grey), bytes, width, mirror, out),
            [red, green, blue] => {
                // An array of three, whose indices are constants in the loops below.
                let tables = [red, green, blue];
                write_rgb(
                    |channel, byte| V::from_byte(byte, tables[channel]),
                    bytes,
                    width,
                    mirror,
                    out,
                )
            }
            _ => unreachable!("a validated configuration has one or three channels"),
        }
    }
}

/// A value of a frame: normalised (`f32`), or a byte (`u8`) that is normalised elsewhere and takes
/// a quarter of the memory.
pub trait Value: Copy + Default + sealed::Sealed {
    /// A byte's value, by the table of its channel.
    #[doc(hidden)]
    fn from_byte(byte: u8, normalised: &[f32; 256]) -> Self;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for u8 {}
}

impl Value for f32 {
    #[inline(always)]
    fn from_byte(byte: u8, normalised: &[f32; 256]) -> Self {
        normalised[usize::from(byte)]
    }
}

impl Value for u8 {
    #[inline(always)]
    fn from_byte(byte: u8, _: &[f32; 256]) -> Self {
        byte
    }
}

fn write_grey<T>(value: impl Fn(u8) -> T, bytes: &[u8], width: usize, mirror: bool, out: &mut [T]) {
    for (row, out) in bytes.chunks_exact(width).zip(out.chunks_exact_mut(width)) {
        for (&byte, out) in row.iter().zip(&mut *out) {
            *out = value(byte);
        }
        if mirror {
            out.reverse();
        }
    }
}

fn write_rgb<T>(
    value: impl Fn(usize, u8) -> T,
    bytes: &[u8],
    width: usize,
    mirror: bool,
    out: &mut [T],
) {
    let plane = out.len() / 3;
    let (red, rest) = out.split_at_mut(plane);
    let (green, blue) = rest.split_at_mut(plane);
    let planes = red
        .chunks_exact_mut(width)
        .zip(green.chunks_exact_mut(width))
        .zip(blue.chunks_exact_mut(width));
    for (row, ((red, green), blue)) in bytes.chunks_exact(width * 3).zip(planes) {
        let pixels = row.as_chunks::<3>().0;
        for (((pixel, red), green), blue) in pixels
            .iter()
            .zip(&mut *red)
            .zip(&mut *green)
            .zip(&mut *blue)
        {
            *red = value(0, pixel[0]);
            *green = value(1, pixel[1]);
            *blue = value(2, pixel[2]);
        }
        if mirror {
            red.reverse();
            green.reverse();
            blue.reverse();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mirroring_turns_rows_and_keeps_their_order() {
        let normalise = Normalise::new(&[0.0; 3], &[1.0 / 255.0; 3]);
        let bytes: Vec<u8> = (0..12).collect();
        let mut out = [0.0; 12];
        normalise.write(&bytes, 2, true, &mut out);
        let rounded = out.map(f32::round);
        assert_eq!(rounded, [3., 0., 9., 6., 4., 1., 10., 7., 5., 2., 11., 8.]);
        let mut same = [0u8; 12];
        normalise.write(&bytes, 2, true, &mut same);
        assert_eq!(same.map(f32::from), rounded);
    }
}
