//! What the features look like.

use serde::{Deserialize, Serialize};

use crate::FbankError;

/// The parameters of the filterbank; the default is the paper's 1024×128.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FbankConfig {
    /// Mel filters, the columns of the features.
    pub mels: usize,
    /// Length of a frame in milliseconds.
    pub frame_length_ms: f32,
    /// Distance between the starts of two frames in milliseconds.
    pub frame_shift_ms: f32,
    /// Frames after which a recording is cut, and to which
    /// [`Features::padded`](crate::Features::padded) is meant to fill it up;
    /// `None` keeps every frame. 1 to 1,000,000, which is 2.8 hours at 10 ms.
    pub target_frames: Option<usize>,
    /// Pre-emphasis: this share of the sample before is taken off each sample.
    pub preemphasis: f32,
    /// Lower edge of the lowest filter in Hz.
    pub low_hz: f32,
    /// Upper edge of the highest filter in Hz; `None` is half the sample rate.
    pub high_hz: Option<f32>,
    /// Subtract the mean over all channels from the wave first. Each frame
    /// loses its own mean in any case, so this moves only the rounding.
    pub remove_mean: bool,
}

impl Default for FbankConfig {
    fn default() -> Self {
        Self {
            mels: 128,
            frame_length_ms: 25.0,
            frame_shift_ms: 10.0,
            target_frames: Some(1024),
            preemphasis: 0.97,
            low_hz: 20.0,
            high_hz: None,
            remove_mean: true,
        }
    }
}

impl FbankConfig {
    /// Checks all that can be checked without knowing the sample rate.
    ///
    /// # Errors
    /// [`FbankError::BadConfig`] names the first key that is out of range.
    pub fn validate(&self) -> Result<(), FbankError> {
        let length = self.frame_length_ms;
        let high = self.high_hz.unwrap_or(f32::MAX);
        ensure(
            (1..=4096).contains(&self.mels),
            "mels",
            self.mels,
            "use 1 to 4096 filters",
        )?;
        ensure(
            length > 0.0 && length <= 10_000.0,
            "frame_length_ms",
            length,
            MILLISECONDS,
        )?;
        let shift = self.frame_shift_ms;
        ensure(
            shift > 0.0 && shift <= 10_000.0,
            "frame_shift_ms",
            shift,
            MILLISECONDS,
        )?;
        let target = self.target_frames.unwrap_or(1);
        let remedy = "use 1 to 1000000 frames, or leave the length free";
        ensure(
            (1..=1_000_000).contains(&target),
            "target_frames",
            target,
            remedy,
        )?;
        let share = self.preemphasis;
        ensure(
            (0.0..=1.0).contains(&share),
            "preemphasis",
            share,
            "use a share of 0 to 1",
        )?;
        let low = self.low_hz;
        ensure(
            low.is_finite() && low >= 0.0,
            "low_hz",
            low,
            "use 0 Hz or more, such as 20",
        )?;
        let remedy = format!("use more than `low_hz`, {low} Hz");
        ensure(high > low, "high_hz", high, &remedy)
    }
}

const MILLISECONDS: &str = "use more than 0 and at most 10000 milliseconds";

/// Turns a condition that does not hold into an error about `key`.
pub(crate) fn ensure(
    holds: bool,
    key: &'static str,
    value: impl ToString,
    remedy: &str,
) -> Result<(), FbankError> {
    if holds {
        return Ok(());
    }
    let (value, remedy) = (value.to_string(), remedy.to_owned());
    Err(FbankError::BadConfig { key, value, remedy })
}
