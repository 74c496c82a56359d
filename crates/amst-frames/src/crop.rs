//! Which part of a picture a training frame shows.

use crate::FrameError;

/// Tries before the central crop is taken instead.
const TRIES: usize = 10;

/// A box of pixels inside a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CropBox {
    /// First column.
    pub left: usize,
    /// First row.
    pub top: usize,
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
}

impl CropBox {
    /// # Errors
    ///
    /// It is empty, or not inside a picture of `width` x `height`.
    pub(crate) fn check(&self, [width, height]: [usize; 2]) -> Result<(), FrameError> {
        let sides = [
            (self.left, self.width, width),
            (self.top, self.height, height),
        ];
        let is_inside = |&(start, length, whole): &(usize, usize, usize)| {
            length > 0 && start.checked_add(length).is_some_and(|end| end <= whole)
        };
        if sides.iter().all(is_inside) {
            return Ok(());
        }
        Err(FrameError::CropOutside {
            left: self.left,
            top: self.top,
            crop_width: self.width,
            crop_height: self.height,
            width,
            height,
        })
    }

    /// The whole of a picture of `width` x `height`.
    pub fn whole(width: usize, height: usize) -> Self {
        Self {
            left: 0,
            top: 0,
            width,
            height,
        }
    }
}

/// Draws the box of a random resized crop, by the rule of torchvision's
/// `RandomResizedCrop`.
///
/// The box covers a share of the area drawn uniformly from `scale`, with an
/// aspect ratio (width over height) drawn log-uniformly from `ratio`, at a
/// uniform place. A box that does not fit is drawn again, up to ten times; then
/// the largest central box of an allowed ratio is taken. Because large boxes
/// fail more often, the mean area of a 480x360 picture is 0.433 at the default
/// settings and not the 0.54 that `scale` suggests.
///
/// `uniform` yields numbers in `[0, 1)`; two are drawn a try and two more for
/// the place. Whatever it yields, the box lies inside the picture and is not
/// empty (given that the picture is not).
pub fn random_crop_box(
    width: usize,
    height: usize,
    scale: [f32; 2],
    ratio: [f32; 2],
    uniform: &mut dyn FnMut() -> f64,
) -> CropBox {
    let area = width as f64 * height as f64;
    let [narrow, wide] = ratio.map(|ratio| f64::from(ratio).ln());
    for _ in 0..TRIES {
        let target = area * between(f64::from(scale[0]), f64::from(scale[1]), uniform());
        let aspect = between(narrow, wide, uniform()).exp();
        let crop_width = (target * aspect).sqrt().round_ties_even() as usize;
        let crop_height = (target / aspect).sqrt().round_ties_even() as usize;
        if (1..=width).contains(&crop_width) && (1..=height).contains(&crop_height) {
            return CropBox {
                top: below(height - crop_height + 1, uniform()),
                left: below(width - crop_width + 1, uniform()),
                width: crop_width,
                height: crop_height,
            };
        }
    }
    centre_box(width, height, ratio)
}

/// The largest central box whose ratio is allowed.
fn centre_box(width: usize, height: usize, ratio: [f32; 2]) -> CropBox {
    let [narrowest, widest] = ratio.map(f64::from);
    let actual = width as f64 / height as f64;
    let (crop_width, crop_height) = if actual < narrowest {
        let rows = (width as f64 / narrowest).round_ties_even() as usize;
        (width, rows.clamp(1.min(height), height))
    } else if actual > widest {
        let columns = (height as f64 * widest).round_ties_even() as usize;
        (columns.clamp(1.min(width), width), height)
    } else {
        (width, height)
    };
    CropBox {
        left: (width - crop_width) / 2,
        top: (height - crop_height) / 2,
        width: crop_width,
        height: crop_height,
    }
}

fn between(low: f64, high: f64, uniform: f64) -> f64 {
    low + (high - low) * uniform
}

/// A whole number below `count` (which is at least 1).
fn below(count: usize, uniform: f64) -> usize {
    ((uniform * count as f64) as usize).min(count - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_strip_too_wide_for_every_try_gets_its_centre() {
        let scale = [1.0, 1.0];
        let ratio = [0.75, 4.0 / 3.0];
        let wide = random_crop_box(300, 30, scale, ratio, &mut || 0.5);
        assert_eq!(
            wide,
            CropBox {
                left: 130,
                top: 0,
                width: 40,
                height: 30
            }
        );
        let tall = random_crop_box(30, 300, scale, ratio, &mut || 0.5);
        assert_eq!(
            tall,
            CropBox {
                left: 0,
                top: 130,
                width: 30,
                height: 40
            }
        );
    }

    #[test]
    fn a_single_pixel_can_be_cropped() {
        let one = random_crop_box(1, 1, [0.08, 1.0], [4.0, 5.0], &mut || 0.99);
        assert_eq!(one, CropBox::whole(1, 1));
    }
}
