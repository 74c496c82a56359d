//! Antialiased bilinear resizing, as PIL does it.

use fast_image_resize::images::{TypedCroppedImage, TypedImage, TypedImageRef};
use fast_image_resize::pixels::{U8, U8x3};
use fast_image_resize::{FilterType, PixelTrait, ResizeAlg, ResizeOptions, Resizer};

use crate::limits::MAX_SIDE;
use crate::{CropBox, FrameError, Picture};

/// Resizes the whole picture to `[height, width]`; the aspect ratio is not kept.
///
/// A picture that has that size already is returned unchanged.
///
/// # Errors
/// Refuses a picture whose fields disagree and a target with a side of zero.
pub fn resize(picture: &Picture, size: [usize; 2]) -> Result<Picture, FrameError> {
    crop_resize(picture, CropBox::whole(picture.width, picture.height), size)
}

/// Cuts `crop` out of the picture, then resizes it to `[height, width]`. Pixels
/// outside the box have no influence on the result.
///
/// # Errors
/// Refuses a picture whose fields disagree, a box that is empty or not inside
/// the picture, and a target with a side of zero.
pub fn crop_resize(
    picture: &Picture,
    crop: CropBox,
    size: [usize; 2],
) -> Result<Picture, FrameError> {
    picture.check()?;
    crop.check([picture.width, picture.height])?;
    check_target(size)?;
    let [height, width] = size;
    let mut rgb = vec![0; height * width * 3];
    TwoPass::default().rgb(picture, crop, size, &mut rgb);
    Ok(Picture { width, height, rgb })
}

fn check_target([height, width]: [usize; 2]) -> Result<(), FrameError> {
    let sides = 1..=MAX_SIDE;
    if sides.contains(&height) && sides.contains(&width) {
        return Ok(());
    }
    Err(FrameError::TargetSize {
        height,
        width,
        limit: MAX_SIDE,
    })
}

/// A resizer, and a buffer between its two passes, for reuse.
///
/// PIL resizes the width first and rounds to 8 bits before it resizes the height.
/// The resizing library would start with the height, so it is called for one
/// direction at a time.
#[derive(Default)]
pub(crate) struct TwoPass {
    resizer: Resizer,
    between: Vec<u8>,
}

impl TwoPass {
    /// Resizes a box of a checked picture into `out`, `[height, width, 3]`.
    pub(crate) fn rgb(
        &mut self,
        picture: &Picture,
        crop: CropBox,
        size: [usize; 2],
        out: &mut [u8],
    ) {
        let sides = [picture.height, picture.width];
        self.run::<U8x3>(&picture.rgb, sides, crop, size, out);
    }

    /// Resizes a whole grey picture of `from` rows and columns into `out`.
    pub(crate) fn grey(&mut self, grey: &[u8], from: [usize; 2], size: [usize; 2], out: &mut [u8]) {
        self.run::<U8>(grey, from, CropBox::whole(from[1], from[0]), size, out);
    }

    fn run<P: PixelTrait>(
        &mut self,
        source: &[u8],
        sides: [usize; 2],
        crop: CropBox,
        [height, width]: [usize; 2],
        out: &mut [u8],
    ) {
        if crop.height == height {
            return self.pass::<P>(source, sides, crop, [height, width], out);
        }
        let mut between = std::mem::take(&mut self.between);
        between.resize(crop.height * width * P::size(), 0);
        let narrowed = [crop.height, width];
        self.pass::<P>(source, sides, crop, narrowed, &mut between);
        let whole = CropBox::whole(width, crop.height);
        self.pass::<P>(&between, narrowed, whole, [height, width], out);
        self.between = between;
    }

    /// One call of the library. The source is always the same kind of view, as each
    /// combination of view and pixel type compiles all of the library's kernels.
    fn pass<P: PixelTrait>(
        &mut self,
        source: &[u8],
        sides: [usize; 2],
        crop: CropBox,
        size: [usize; 2],
        out: &mut [u8],
    ) {
        let bilinear = ResizeOptions::new()
            .resize_alg(ResizeAlg::Convolution(FilterType::Bilinear))
            .use_alpha(false);
        let [rows, columns] = sides.map(side);
        let source = TypedImageRef::<P>::from_buffer(columns, rows, source)
            .expect("the buffer has the length of its sides");
        let [left, top] = [crop.left, crop.top].map(side);
        let cropped =
            TypedCroppedImage::new(source, left, top, side(crop.width), side(crop.height))
                .expect("the box lies inside the picture");
        let [height, width] = size.map(side);
        let mut target = TypedImage::<P>::from_buffer(width, height, out)
            .expect("the output has the length of its sides");
        self.resizer
            .resize_typed(&cropped, &mut target, &bilinear)
            .expect("a whole view needs no further crop");
    }
}

/// A side in the resizing library's type; sides were checked before.
fn side(length: usize) -> u32 {
    u32::try_from(length).expect("sides are at most 65535")
}
