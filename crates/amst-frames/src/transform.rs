//! The two transforms: augmenting for training, plain for evaluation.

use std::cell::RefCell;

use crate::luma::luma;
use crate::normalise::{Normalise, Value};
use crate::resize::TwoPass;
use crate::{CropBox, FrameConfig, FrameError, Picture, random_crop_box};

/// A thread's buffers, reused for each picture.
#[derive(Default)]
struct Scratch {
    resizer: TwoPass,
    grey: Vec<u8>,
    frame: Vec<u8>,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// The part of both transforms that follows the choice of the region.
#[derive(Clone, Debug)]
struct Writer {
    size: [usize; 2],
    channels: usize,
    normalise: Normalise,
}

impl Writer {
    fn new(config: &FrameConfig) -> Result<Self, FrameError> {
        config.validate()?;
        Ok(Self {
            size: config.size,
            channels: config.channels,
            normalise: Normalise::new(&config.mean, &config.std),
        })
    }

    /// Refuses a picture or an output that [`write`](Self::write) cannot handle.
    fn check(&self, picture: &Picture, found: usize) -> Result<(), FrameError> {
        picture.check()?;
        let expected = self.channels * self.size[0] * self.size[1];
        if found == expected {
            return Ok(());
        }
        Err(FrameError::OutputLength { expected, found })
    }

    fn write<V: Value>(&self, picture: &Picture, Region { crop, mirror }: Region, out: &mut [V]) {
        SCRATCH.with_borrow_mut(|scratch| {
            let Scratch {
                resizer,
                grey,
                frame,
            } = scratch;
            frame.resize(self.channels * self.size[0] * self.size[1], 0);
            if self.channels == 1 {
                luma(picture, crop, grey);
                resizer.grey(grey, [crop.height, crop.width], self.size, frame);
            } else {
                resizer.rgb(picture, crop, self.size, frame);
            }
            self.normalise.write(frame, self.size[1], mirror, out);
        });
    }
}

/// The part of a picture that a frame shows.
#[derive(Clone, Copy)]
struct Region {
    crop: CropBox,
    mirror: bool,
}

/// Random resized crop, random mirroring, normalisation.
///
/// Cropping comes before resizing, so pixels outside the crop have no influence.
#[derive(Clone, Debug)]
pub struct TrainTransform {
    writer: Writer,
    crop_scale: Option<[f32; 2]>,
    crop_ratio: [f32; 2],
    flip: f32,
}

impl TrainTransform {
    /// Prepares the transform.
    ///
    /// # Errors
    /// As [`FrameConfig::validate`].
    pub fn new(config: &FrameConfig) -> Result<Self, FrameError> {
        Ok(Self {
            writer: Writer::new(config)?,
            crop_scale: config.crop_scale,
            crop_ratio: config.crop_ratio,
            flip: config.flip,
        })
    }

    /// Writes a frame `[channels, height, width]` into `out`: normalised as `f32`, unnormalised as
    /// bytes.
    ///
    /// `uniform` yields numbers in `[0, 1)`. The draws are, in this order: those
    /// of [`random_crop_box`] unless cropping is off, then one for the mirroring
    /// unless its probability is zero.
    ///
    /// # Errors
    /// Refuses an `out` of another length than [`FrameConfig::volume`] and a
    /// picture whose fields disagree.
    pub fn apply<V: Value>(
        &self,
        picture: &Picture,
        uniform: &mut dyn FnMut() -> f64,
        out: &mut [V],
    ) -> Result<(), FrameError> {
        self.writer.check(picture, out.len())?;
        self.writer
            .write(picture, self.draw_region(picture, uniform), out);
        Ok(())
    }

    fn draw_region(&self, picture: &Picture, uniform: &mut dyn FnMut() -> f64) -> Region {
        let (width, height) = (picture.width, picture.height);
        let crop = self
            .crop_scale
            .map_or(CropBox::whole(width, height), |scale| {
                random_crop_box(width, height, scale, self.crop_ratio, uniform)
            });
        Region {
            crop,
            mirror: self.flip > 0.0 && uniform() < f64::from(self.flip),
        }
    }
}

/// The whole picture resized to exactly the configured size, normalised.
#[derive(Clone, Debug)]
pub struct EvalTransform {
    writer: Writer,
}

impl EvalTransform {
    /// Prepares the transform.
    ///
    /// # Errors
    /// As [`FrameConfig::validate`].
    pub fn new(config: &FrameConfig) -> Result<Self, FrameError> {
        Ok(Self {
            writer: Writer::new(config)?,
        })
    }

    /// Writes a frame `[channels, height, width]` into `out`: normalised as `f32`, unnormalised as
    /// bytes.
    ///
    /// # Errors
    /// Refuses an `out` of another length than [`FrameConfig::volume`] and a
    /// picture whose fields disagree.
    pub fn apply<V: Value>(&self, picture: &Picture, out: &mut [V]) -> Result<(), FrameError> {
        self.writer.check(picture, out.len())?;
        self.writer.write(picture, whole_picture(picture), out);
        Ok(())
    }
}

fn whole_picture(picture: &Picture) -> Region {
    Region {
        crop: CropBox::whole(picture.width, picture.height),
        mirror: false,
    }
}
