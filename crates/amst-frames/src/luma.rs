//! Luma: one grey value for each pixel.

use crate::{CropBox, Picture};

/// Writes the luma of a box of the picture, `[crop.height, crop.width]`, by the
/// ITU-R 601 weights in 16-bit fixed point that PIL's `convert("L")` uses. They
/// sum to one, so replicated grey comes back unchanged.
pub(crate) fn luma(picture: &Picture, crop: CropBox, grey: &mut Vec<u8>) {
    grey.clear();
    grey.reserve(crop.width * crop.height);
    for row in picture
        .rgb
        .chunks_exact(picture.width * 3)
        .skip(crop.top)
        .take(crop.height)
    {
        let pixels = row[crop.left * 3..(crop.left + crop.width) * 3]
            .as_chunks::<3>()
            .0;
        grey.extend(pixels.iter().map(|&rgb| luma_of(rgb)));
    }
}

fn luma_of([red, green, blue]: [u8; 3]) -> u8 {
    const HALF: u32 = 0x8000;
    let sum = u32::from(red) * 19595 + u32::from(green) * 38470 + u32::from(blue) * 7471 + HALF;
    (sum >> 16) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grey_stays_what_it_was() {
        for value in 0..=255 {
            assert_eq!(luma_of([value; 3]), value);
        }
    }

    #[test]
    fn green_weighs_most() {
        assert_eq!(
            [[255, 0, 0], [0, 255, 0], [0, 0, 255]].map(luma_of),
            [76, 150, 29]
        );
    }
}
