//! Resampling against torchaudio: `tests/fixtures/resample/make.py` recorded it.

use std::path::Path;

use amst_fbank::{FbankError, Wave, resample};

fn recorded(name: &str) -> Vec<f32> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/resample");
    let bytes = std::fs::read(folder.join(format!("{name}.f32"))).unwrap();
    let samples = bytes.as_chunks::<4>().0.iter();
    samples.map(|&b| f32::from_le_bytes(b)).collect()
}

const PAIRS: [(u32, u32); 6] = [
    (44_100, 16_000),
    (48_000, 16_000),
    (8_000, 16_000),
    (22_050, 16_000),
    (16_000, 44_100),
    (11_025, 16_000),
];

#[test]
fn the_samples_are_those_of_torchaudio() {
    let input = recorded("input");
    for (from, to) in PAIRS {
        let (ours, theirs) = (
            resample(&input, from, to),
            recorded(&format!("{from}-{to}")),
        );
        assert_eq!(ours.len(), theirs.len(), "{from} to {to}");
        let off = ours.iter().zip(&theirs).map(|(a, b)| (a - b).abs());
        let off = off.fold(0.0, f32::max);
        println!("{from} to {to}: largest difference {off:.1e}");
        assert!(off <= 2e-6, "{from} to {to}: {off:.1e}");
    }
}

#[test]
fn each_channel_is_resampled_by_itself() {
    let input = recorded("input");
    let samples = input.iter().flat_map(|x| [*x, -x / 2.0]).collect();
    let wave = Wave {
        samples,
        channels: 2,
        sample_rate: 44_100,
    };
    let at_16k = wave.resampled(16_000).unwrap();
    assert_eq!((at_16k.channels, at_16k.sample_rate), (2, 16_000));
    let mono = resample(&input, 44_100, 16_000);
    let expected: Vec<f32> = mono.iter().flat_map(|x| [*x, -x / 2.0]).collect();
    assert_eq!(at_16k.samples, expected);
    assert_eq!(wave.resampled(44_100).unwrap(), wave);
}

#[test]
fn few_samples_and_odd_rates_have_the_length_that_torchaudio_gives() {
    assert_eq!(resample(&[], 44_100, 16_000), [0.0; 0]);
    assert_eq!(resample(&[1.0], 44_100, 16_000).len(), 1);
    assert_eq!(resample(&[0.5; 10], 16_000, 44_100).len(), 28);
    // No common divisor: as many phases as there are samples are enough.
    assert_eq!(
        resample(&[0.5; 100], 4_294_967_291, 4_294_967_279).len(),
        100
    );
}

#[test]
fn a_rate_that_would_fill_the_memory_is_refused() {
    let wave = |sample_rate| Wave {
        samples: vec![0.0; 8],
        channels: 1,
        sample_rate,
    };
    for (from, to) in [
        (7, 16_000),
        (0, 16_000),
        (16_000, 0),
        (4_000_000_000, 16_000),
    ] {
        let error = wave(from).resampled(to).unwrap_err();
        assert!(matches!(error, FbankError::BadWave { .. }), "{error}");
    }
}
