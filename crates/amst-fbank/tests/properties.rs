//! What holds for every wave.

use amst_fbank::{Fbank, FbankConfig, Wave, fbank};
use proptest::collection::vec;
use proptest::prelude::*;

const FLOOR: f32 = -15.942_385;

fn open_ended() -> FbankConfig {
    FbankConfig {
        target_frames: None,
        mels: 40,
        ..FbankConfig::default()
    }
}

fn mono(samples: Vec<f32>) -> Wave {
    Wave {
        samples,
        channels: 1,
        sample_rate: 8_000,
    }
}

/// A header that is nearly right, so that random bytes reach every branch.
fn nearly_wav() -> impl Strategy<Value = Vec<u8>> {
    let field = |usual: Vec<u16>| prop_oneof![proptest::sample::select(usual), any::<u16>()];
    let format = (
        field(vec![1, 3, 0xfffe]),
        field(vec![1, 2]),
        field(vec![1, 2, 4]),
        field(vec![8, 16, 24, 32]),
    );
    let lengths = (
        prop_oneof![Just(16_u32), Just(40), any::<u32>()],
        prop_oneof![0_u32..64, any::<u32>()],
    );
    (format, lengths, vec(any::<u8>(), 0..80)).prop_map(
        |((tag, channels, align, bits), (fmt, data), tail)| {
            let mut bytes = b"RIFF\0\0\0\0WAVEfmt ".to_vec();
            bytes.extend(fmt.to_le_bytes());
            bytes.extend(
                [tag, channels, 8_000, 0, 0, 0, align, bits]
                    .map(u16::to_le_bytes)
                    .concat(),
            );
            bytes.extend(vec![1; (fmt as usize).clamp(16, 40) - 16]);
            bytes.extend(b"data");
            bytes.extend(data.to_le_bytes());
            bytes.extend(tail);
            bytes
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_decode_or_are_refused_without_a_panic(bytes in vec(any::<u8>(), 0..200)) {
        let _ = Wave::decode(&bytes, "noise");
    }

    #[test]
    fn nearly_right_bytes_decode_or_are_refused_without_a_panic(bytes in nearly_wav()) {
        if let Ok(wave) = Wave::decode(&bytes, "noise") {
            prop_assert!(wave.frames() > 0 && wave.frames() * wave.channels == wave.samples.len());
            prop_assert!(fbank(&wave, &FbankConfig::default()).is_ok() || wave.sample_rate < 80);
        }
    }

    #[test]
    fn there_is_a_row_for_each_frame_that_fits(samples in 200_usize..3_000) {
        let features = fbank(&mono(vec![0.1; samples]), &open_ended()).unwrap();
        prop_assert_eq!(features.frames, 1 + (samples - 200) / 80);
        prop_assert_eq!(features.data.len(), features.frames * 40);
        let target = FbankConfig { target_frames: Some(7), ..open_ended() };
        prop_assert_eq!(fbank(&mono(vec![0.1; samples]), &target).unwrap().frames, features.frames.min(7));
    }

    #[test]
    fn a_gain_adds_its_logarithm_and_a_shift_adds_nothing(
        samples in vec(-0.5_f32..0.5, 400), gain in 0.5_f32..2.0, shift in -0.2_f32..0.2,
    ) {
        let changed = samples.iter().map(|x| gain * x + shift).collect();
        let before = fbank(&mono(samples), &open_ended()).unwrap();
        let after = fbank(&mono(changed), &open_ended()).unwrap();
        for (before, after) in before.data.iter().zip(&after.data) {
            // Energies next to the floor, and cancellation, are not in question.
            if *before > -5.0 {
                prop_assert!((after - before - 2.0 * gain.ln()).abs() < 1e-2, "{} {}", before, after);
            }
        }
    }

    #[test]
    fn a_wave_that_starts_one_shift_later_gives_the_rows_from_the_second_on(samples in vec(-0.5_f32..0.5, 600)) {
        let config = FbankConfig { remove_mean: false, ..open_ended() };
        let whole = fbank(&mono(samples.clone()), &config).unwrap();
        let later = fbank(&mono(samples[80..].to_vec()), &config).unwrap();
        prop_assert_eq!(&whole.data[40..], &later.data[..]);
    }

    #[test]
    fn only_the_first_channel_is_heard(left in vec(-0.5_f32..0.5, 400), right in vec(-0.5_f32..0.5, 400)) {
        let config = FbankConfig { remove_mean: false, ..open_ended() };
        let samples = left.iter().zip(&right).flat_map(|(&l, &r)| [l, r]).collect();
        let stereo = Wave { channels: 2, ..mono(samples) };
        prop_assert_eq!(fbank(&stereo, &config).unwrap(), fbank(&mono(left), &config).unwrap());
    }
}

#[test]
fn silence_is_the_floor() {
    let features = fbank(&mono(vec![0.0; 800]), &open_ended()).unwrap();
    assert!(features.data.iter().all(|&x| x == FLOOR));
}

#[test]
fn a_wave_shorter_than_a_frame_is_half_a_map_of_a_hundredth() {
    let short = mono(vec![0.3; 199]);
    let features = fbank(&short, &FbankConfig::default()).unwrap();
    assert_eq!((features.frames, features.mels), (512, 128));
    let map = features.padded(1024);
    assert!(map[..512 * 128].iter().all(|&x| x == 0.01));
    assert!(map[512 * 128..].iter().all(|&x| x == 0.0));
    assert_eq!(map.len(), 1024 * 128);
    assert_eq!(fbank(&short, &open_ended()).unwrap().frames, 1);
}

#[test]
fn padding_fills_with_zeros_and_cuts_what_is_too_long() {
    let features = fbank(&mono(vec![0.2; 440]), &open_ended()).unwrap();
    assert_eq!(features.frames, 4);
    assert_eq!(features.padded(2), features.data[..80]);
    assert_eq!(features.padded(6)[..160], features.data);
    assert_eq!(features.padded(6)[160..], [0.0; 80]);
}

#[test]
fn threads_share_an_extractor_and_agree() {
    let plan = Fbank::new(&open_ended(), 8_000).unwrap();
    let wave = mono((0..4_000).map(|n| (n as f32 * 0.3).sin()).collect());
    let alone = plan.compute(&wave).unwrap();
    std::thread::scope(|scope| {
        let calls: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| plan.compute(&wave).unwrap()))
            .collect();
        assert!(calls.into_iter().all(|call| call.join().unwrap() == alone));
    });
}
