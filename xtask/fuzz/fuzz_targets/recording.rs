//! A recording of any kind, or a part of it: the first byte says which part, the rest are the file's.
#![no_main]

use amst_fbank::{Part, Recording};
use libfuzzer_sys::fuzz_target;

/// Decoders that are not ours may give up: that is caught and told. A panic of ours is a crash.
fn crash_on_our_own_panics() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if info.location().is_some_and(|place| place.file().contains("amst-fbank")) {
            usual(info);
        }
    }));
}

fuzz_target!(init: crash_on_our_own_panics(), |bytes: &[u8]| {
    let Some((&which, file)) = bytes.split_first() else { return };
    let start = f64::from(which / 3) / 100.0;
    let part = match which % 3 {
        0 => Part::Whole,
        1 => Part::First(0.05),
        _ => Part::Span([start, start + 0.02]),
    };
    match Recording::decode(file, part, "fuzzed") {
        Ok(Recording { wave, .. }) => {
            assert_eq!(wave.frames() * wave.channels, wave.samples.len());
            assert!(!wave.samples.is_empty());
            assert!(wave.samples.iter().all(|sample| sample.is_finite()));
            let rate = f64::from(wave.sample_rate);
            if let Part::Span([start, end]) = part {
                let frames = (end * rate).round() - (start * rate).round();
                assert_eq!(wave.frames() as f64, frames);
            }
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
