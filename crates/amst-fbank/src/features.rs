//! The result: a map of log energies.

/// Log-mel energies of one recording.
#[derive(Clone, Debug, PartialEq)]
pub struct Features {
    /// `[frames, mels]`, row after row.
    pub data: Vec<f32>,
    /// Rows: one every frame shift.
    pub frames: usize,
    /// Columns: one a mel filter, the lowest first.
    pub mels: usize,
}

impl Features {
    /// `[target_frames, mels]`: the rows beyond are cut off, the missing ones
    /// are 0 (in the log domain, as the paper's code pads; 0 is not silence).
    pub fn padded(&self, target_frames: usize) -> Vec<f32> {
        let kept = self.frames.min(target_frames) * self.mels;
        let mut map = Vec::with_capacity(target_frames * self.mels);
        map.extend_from_slice(&self.data[..kept]);
        map.resize(target_frames * self.mels, 0.0);
        map
    }
}
