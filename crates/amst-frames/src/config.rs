//! The settings of a frame.

use serde::{Deserialize, Serialize};

use crate::limits::MAX_SIDE;
use crate::{FrameError, crop_scale_serde};

/// How pictures become frames. The default is the paper's: 224x224, ImageNet
/// normalisation, random resized crop and mirroring in training.
///
/// A data set whose pictures must not be mirrored or cropped says so:
///
/// ```
/// use amst_frames::FrameConfig;
///
/// let digits = FrameConfig::grey([28, 28]);
/// assert_eq!((digits.shape(), digits.crop_scale, digits.flip), ([1, 28, 28], None, 0.0));
/// digits.validate()?;
/// # Ok::<(), amst_frames::FrameError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FrameConfig {
    /// Height and width of a frame in pixels.
    pub size: [usize; 2],
    /// 3 for RGB, 1 for luma (as PIL's `convert("L")`).
    pub channels: usize,
    /// Subtracted from each channel, on the scale where white is 1.
    pub mean: Vec<f32>,
    /// Divides each channel after that.
    pub std: Vec<f32>,
    /// Smallest and largest share of the area that a training crop covers;
    /// `None` (written `false`) resizes the whole picture instead.
    #[serde(with = "crop_scale_serde")]
    pub crop_scale: Option<[f32; 2]>,
    /// Narrowest and widest aspect ratio (width over height) of a training crop.
    pub crop_ratio: [f32; 2],
    /// Probability that a training frame is mirrored left to right; 0 never.
    pub flip: f32,
}

impl Default for FrameConfig {
    fn default() -> Self {
        Self {
            size: [224, 224],
            channels: 3,
            mean: vec![0.485, 0.456, 0.406],
            std: vec![0.229, 0.224, 0.225],
            crop_scale: Some([0.08, 1.0]),
            crop_ratio: [3.0 / 4.0, 4.0 / 3.0],
            flip: 0.5,
        }
    }
}

impl FrameConfig {
    /// Small grey pictures such as digits: luma, values from -1 to 1, neither
    /// cropped nor mirrored. `size` is height and width.
    pub fn grey(size: [usize; 2]) -> Self {
        Self {
            size,
            channels: 1,
            mean: vec![0.5],
            std: vec![0.5],
            crop_scale: None,
            flip: 0.0,
            ..Self::default()
        }
    }

    /// `[channels, height, width]` of a frame.
    pub fn shape(&self) -> [usize; 3] {
        [self.channels, self.size[0], self.size[1]]
    }

    /// Values in a frame: channels x height x width.
    pub fn volume(&self) -> usize {
        self.shape().into_iter().fold(1, usize::saturating_mul)
    }

    /// Checks every setting.
    ///
    /// # Errors
    /// [`FrameError::Config`] names the first setting that makes no sense.
    pub fn validate(&self) -> Result<(), FrameError> {
        let refuse = |key, value: String, remedy| Err(FrameError::Config { key, value, remedy });
        if !self.size.iter().all(|side| (1..=MAX_SIDE).contains(side)) {
            let value = format!("{:?}", self.size);
            return refuse("size", value, "give height and width, each from 1 to 65535");
        }
        if ![1, 3].contains(&self.channels) {
            let value = self.channels.to_string();
            return refuse("channels", value, "give 3 (RGB) or 1 (grey)");
        }
        self.validate_normalisation()?;
        if let Some([low, high]) = self.crop_scale
            && !(low > 0.0 && low <= high && high <= 1.0)
        {
            let value = format!("{:?}", [low, high]);
            return refuse(
                "crop_scale",
                value,
                "give two shares with 0 < low <= high <= 1, or false",
            );
        }
        let [narrow, wide] = self.crop_ratio;
        if !(narrow > 0.0 && narrow <= wide && wide.is_finite()) {
            let value = format!("{:?}", self.crop_ratio);
            return refuse("crop_ratio", value, "give two ratios with 0 < low <= high");
        }
        if !(0.0..=1.0).contains(&self.flip) {
            return refuse(
                "flip",
                self.flip.to_string(),
                "give a probability from 0 to 1",
            );
        }
        Ok(())
    }

    fn validate_normalisation(&self) -> Result<(), FrameError> {
        if self.mean.len() != self.channels || !self.mean.iter().all(|mean| mean.is_finite()) {
            return Err(FrameError::Config {
                key: "mean",
                value: format!("{:?}", self.mean),
                remedy: "give one finite number a channel",
            });
        }
        let is_valid = |std: &f32| std.is_normal() && *std > 0.0;
        if self.std.len() != self.channels || !self.std.iter().all(is_valid) {
            return Err(FrameError::Config {
                key: "std",
                value: format!("{:?}", self.std),
                remedy: "give one number above zero a channel",
            });
        }
        Ok(())
    }
}
