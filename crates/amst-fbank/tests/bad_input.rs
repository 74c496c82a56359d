//! Input that is refused, and what the refusal says.

use std::io::Cursor;

use amst_fbank::{Fbank, FbankConfig, FbankError, Part, Recording, Wave, fbank};
use hound::{SampleFormat, WavSpec, WavWriter};

/// A float WAV, written by another program's writer.
fn float_wav(samples: &[f32]) -> Vec<u8> {
    let spec = WavSpec {
        channels: 2,
        sample_rate: 8_000,
        bits_per_sample: 32,
        sample_format: SampleFormat::Float,
    };
    let mut bytes = Cursor::new(Vec::new());
    let mut writer = WavWriter::new(&mut bytes, spec).unwrap();
    samples
        .iter()
        .for_each(|&sample| writer.write_sample(sample).unwrap());
    writer.finalize().unwrap();
    bytes.into_inner()
}

/// A WAV of one `fmt ` and one `data` chunk, with an odd chunk between them.
fn chunks(tag: u16, channels: u16, bits: u16, data: &[u8]) -> Vec<u8> {
    let align = channels * bits.div_ceil(8);
    let mut bytes = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0".to_vec();
    bytes.extend([tag, channels].map(u16::to_le_bytes).concat());
    bytes.extend(
        [8_000_u32, 8_000 * u32::from(align)]
            .map(u32::to_le_bytes)
            .concat(),
    );
    bytes.extend([align, bits].map(u16::to_le_bytes).concat());
    bytes.extend(b"LIST\x03\0\0\0abc\0data");
    bytes.extend((data.len() as u32).to_le_bytes());
    bytes.extend(data);
    bytes
}

fn refusal(bytes: &[u8]) -> FbankError {
    let error = Wave::decode(bytes, "clip.wav").unwrap_err();
    assert!(error.to_string().starts_with("clip.wav: "), "{error}");
    error
}

#[test]
fn a_missing_file_is_named() {
    let error = Wave::read("no/such/clip.wav").unwrap_err();
    assert!(matches!(error, FbankError::Io { .. }));
    assert!(
        error
            .to_string()
            .starts_with("no/such/clip.wav: cannot be read"),
        "{error}"
    );
}

#[test]
fn a_wav_cut_before_its_first_whole_sample_is_refused_as_truncated() {
    let samples = [0.25, -0.25, 0.5, -0.5];
    let whole = float_wav(&samples);
    let header = whole.len() - 16;
    for length in 1..header + 8 {
        let error = refusal(&whole[..length]);
        assert!(
            matches!(error, FbankError::Truncated { .. }),
            "cut at {length}: {error}"
        );
    }
    // Further on, the whole sampling instants are read.
    for length in header + 8..whole.len() {
        let wave = Wave::decode(&whole[..length], "clip.wav").unwrap();
        assert_eq!(wave.samples, samples[..2], "cut at {length}");
    }
}

#[test]
fn a_file_without_samples_is_refused_as_empty() {
    assert!(matches!(refusal(&[]), FbankError::Empty { .. }));
    assert!(matches!(refusal(&float_wav(&[])), FbankError::Empty { .. }));
}

#[test]
fn other_files_are_refused_as_not_wav() {
    for bytes in [&b"\x89PNG\r\n\x1a\n"[..], b"RIFF\0\0\0\0AVI LIST", b"R\0"] {
        assert!(matches!(refusal(bytes), FbankError::NotWav { .. }));
    }
}

#[test]
fn formats_that_are_not_read_are_refused_by_their_name() {
    let cases = [
        (b"RF64\0\0\0\0WAVE".to_vec(), "RF64"),
        (chunks(1, 1, 64, &[0; 8]), "64-bit"),
        (chunks(3, 1, 16, &[0; 8]), "16-bit"),
        // Found by fuzzing: no multiple of eight follows it in 16 bits.
        (chunks(1, 1, u16::MAX, &[0; 8]), "65535-bit"),
        (chunks(0x11, 1, 4, &[0; 8]), "tag 17"),
        (chunks(1, 0, 16, &[0; 8]), "0 channels"),
    ];
    for (bytes, reason) in cases {
        let error = refusal(&bytes);
        assert!(matches!(error, FbankError::Unsupported { .. }), "{error}");
        assert!(error.to_string().contains(reason), "{error}");
    }
}

#[test]
fn samples_that_are_no_number_are_refused_with_their_place() {
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e30] {
        let mut samples = vec![0.1; 16_000];
        samples[8_001] = bad;
        let error = refusal(&float_wav(&samples));
        assert!(
            matches!(
                error,
                FbankError::BadSample {
                    frame: 4_000,
                    channel: 1,
                    ..
                }
            ),
            "{error}"
        );
        assert!(error.to_string().contains("at 0.5000 s"), "{error}");
        let wave = Wave {
            samples,
            channels: 2,
            sample_rate: 8_000,
        };
        assert!(matches!(
            fbank(&wave, &FbankConfig::default()),
            Err(FbankError::BadSample { .. })
        ));
    }
}

#[test]
fn full_scale_is_scaled_as_torchaudio_scales_it() {
    let decoded = |tag, bits, data: &[u8]| {
        Wave::decode(&chunks(tag, 1, bits, data), "clip.wav")
            .unwrap()
            .samples
    };
    assert_eq!(decoded(1, 8, &[0, 128, 255]), [-1.0, 0.0, 127.0 / 128.0]);
    assert_eq!(
        decoded(1, 16, &[0, 0x80, 0xff, 0x7f]),
        [-1.0, 32_767.0 / 32_768.0]
    );
    assert_eq!(
        decoded(1, 24, &[0, 0, 0x80, 1, 0, 0]),
        [-1.0, 1.0 / 8_388_608.0]
    );
    assert_eq!(decoded(1, 32, &[0, 0, 0, 0x80, 0, 0, 0, 0x40]), [-1.0, 0.5]);
    assert_eq!(decoded(3, 64, &(-1.5_f64).to_le_bytes()), [-1.5]);
}

#[test]
fn settings_out_of_range_are_named() {
    let refused = |change: fn(&mut FbankConfig)| {
        let mut config = FbankConfig::default();
        change(&mut config);
        match Fbank::new(&config, 8_000) {
            Err(FbankError::BadConfig { key, .. }) => key,
            other => panic!("{config:?} gave {other:?}"),
        }
    };
    assert_eq!(refused(|c| c.mels = 0), "mels");
    assert_eq!(refused(|c| c.frame_length_ms = f32::NAN), "frame_length_ms");
    assert_eq!(refused(|c| c.frame_length_ms = 0.1), "frame_length_ms");
    assert_eq!(refused(|c| c.frame_shift_ms = 0.0), "frame_shift_ms");
    assert_eq!(refused(|c| c.frame_shift_ms = 0.1), "frame_shift_ms");
    assert_eq!(refused(|c| c.target_frames = Some(0)), "target_frames");
    assert_eq!(
        refused(|c| c.target_frames = Some(1_000_001)),
        "target_frames"
    );
    assert_eq!(refused(|c| c.preemphasis = 1.1), "preemphasis");
    assert_eq!(refused(|c| c.low_hz = -1.0), "low_hz");
    assert_eq!(refused(|c| c.low_hz = 4_000.0), "low_hz");
    assert_eq!(refused(|c| c.high_hz = Some(10.0)), "high_hz");
    assert_eq!(refused(|c| c.high_hz = Some(4_001.0)), "high_hz");
}

#[test]
fn an_unknown_setting_is_refused() {
    assert!(serde_json::from_str::<FbankConfig>(r#"{"mels": 80}"#).is_ok());
    assert!(serde_json::from_str::<FbankConfig>(r#"{"mel": 80}"#).is_err());
}

#[test]
fn a_wave_whose_parts_do_not_fit_is_refused() {
    let plan = Fbank::new(&FbankConfig::default(), 8_000).unwrap();
    let wave = |samples: usize, channels, sample_rate| Wave {
        samples: vec![0.0; samples],
        channels,
        sample_rate,
    };
    assert!(matches!(
        plan.compute(&wave(801, 2, 8_000)),
        Err(FbankError::BadWave { .. })
    ));
    assert!(matches!(
        plan.compute(&wave(800, 0, 8_000)),
        Err(FbankError::BadWave { .. })
    ));
    assert!(matches!(
        plan.compute(&wave(0, 1, 8_000)),
        Err(FbankError::Empty { .. })
    ));
    assert!(matches!(
        plan.compute(&wave(800, 1, 16_000)),
        Err(FbankError::RateMismatch { .. })
    ));
}

#[test]
fn a_damaged_or_truncated_flac_file_is_refused() {
    let file = include_bytes!("fixtures/torchaudio/decode/flac_s16.flac");
    assert_eq!(Wave::decode(file, "clip.flac").unwrap().frames(), 480);
    let mut flipped = file.to_vec();
    let middle = flipped.len() - 200;
    flipped[middle] ^= 4;
    for bytes in [&file[..20], &file[..60], &file[..file.len() - 9], &flipped] {
        let error = Wave::decode(bytes, "clip.flac").unwrap_err();
        assert!(
            matches!(error, FbankError::Damaged { .. } | FbankError::Empty { .. }),
            "{error}"
        );
        assert!(error.to_string().starts_with("clip.flac: "), "{error}");
    }
}

/// Found by fuzzing: 1,300 bytes that took a second for each such fragment.
#[test]
fn a_fragment_of_more_packets_than_the_file_has_bytes_is_refused() {
    let file = include_bytes!("fixtures/compressed/fragmented.mp4");
    let run = file.windows(4).position(|name| name == b"trun").unwrap();
    // Behind the name: version and flags, of which none says that packets have entries, and a number.
    let mut crafted = file.to_vec();
    crafted[run + 4..run + 12].copy_from_slice(&[0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]);
    let error = Wave::decode(&crafted, "clip.mp4").unwrap_err();
    let message = error.to_string();
    assert!(matches!(error, FbankError::Damaged { .. }), "{message}");
    assert!(
        message.contains("states 4294967295 packets in"),
        "{message}"
    );
}

/// Without the MD5 sum of all samples: each frame has a checksum, and each must be there.
#[test]
fn a_flac_file_with_any_byte_changed_is_refused_or_has_the_same_samples() {
    let file = include_bytes!("fixtures/compressed/seven-frames.flac");
    let parts = [Part::Whole, Part::Span([0.05, 0.15])];
    let healthy = parts.map(|part| Recording::decode(file, part, "clip.flac").unwrap().wave);
    let mut refused = 0;
    for at in 0..file.len() {
        let mut damaged = file.to_vec();
        damaged[at] ^= 1 << (at % 8);
        for (part, healthy) in parts.iter().zip(&healthy) {
            match Recording::decode(&damaged, *part, "clip.flac") {
                Ok(recording) => assert_eq!(recording.wave, *healthy, "byte {at}, {part:?}"),
                Err(_) => refused += 1,
            }
        }
    }
    // 8,192 bytes are padding, some before it are text, and the part leaves out two frames of seven.
    let in_frames = file.len() - 8_300;
    assert!(refused > in_frames * 3 / 2, "{refused} of {in_frames}");
}

#[test]
fn a_stretch_outside_its_recording_is_refused() {
    let wave = Wave {
        samples: (0..20).map(|n| n as f32 / 20.0).collect(),
        channels: 2,
        sample_rate: 10,
    };
    let part = wave.stretch([0.2, 0.5], "talk.wav").unwrap();
    assert_eq!((part.frames(), part.samples[0]), (3, 0.2));
    assert_eq!(wave.stretch([0.0, 1.0], "talk.wav").unwrap(), wave);
    for span in [
        [0.0, 1.1],
        [-0.1, 0.5],
        [0.5, 0.5],
        [0.6, 0.5],
        [f64::NAN, 1.0],
    ] {
        let error = wave.stretch(span, "talk.wav").unwrap_err();
        assert!(matches!(error, FbankError::BadSpan { .. }), "{error}");
        assert!(error.to_string().contains("it is 1 s long"), "{error}");
    }
}
