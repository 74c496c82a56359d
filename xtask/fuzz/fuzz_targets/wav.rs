//! A WAV file, and features of what was read of it.
#![no_main]

use amst_fbank::{FbankConfig, Wave, fbank};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(wave) = Wave::decode(bytes, "fuzzed") else { return };
    assert_eq!(wave.frames() * wave.channels, wave.samples.len());
    assert!(wave.samples.iter().all(|sample| sample.is_finite()));
    // A plan for a rate of 4 GHz would fill the memory with its window; the extractor refuses long
    // ones by itself.
    let config = FbankConfig { mels: 8, target_frames: Some(16), ..FbankConfig::default() };
    if let Ok(features) = fbank(&wave, &config) {
        assert_eq!(features.data.len(), features.frames * features.mels);
        assert!(features.data.iter().all(|value| value.is_finite()));
    }
});
