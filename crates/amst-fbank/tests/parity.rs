//! Features and decoded samples against what other programs computed:
//! `tests/fixtures/torchaudio/make.py` made the recorded values.

use std::path::{Path, PathBuf};

use amst_fbank::{FbankConfig, Wave, fbank};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/torchaudio")
        .join(name)
}

fn recorded(name: &str) -> Vec<f32> {
    let bytes = std::fs::read(fixture(name)).unwrap();
    bytes
        .as_chunks::<4>()
        .0
        .iter()
        .map(|&b| f32::from_le_bytes(b))
        .collect()
}

struct Case {
    name: String,
    wave: Wave,
    config: FbankConfig,
    frames: usize,
}

fn cases() -> Vec<Case> {
    let text = std::fs::read_to_string(fixture("cases.json")).unwrap();
    let list: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
    let case = |entry: &serde_json::Value| {
        let wave = Wave::read(fixture(entry["clip"].as_str().unwrap())).unwrap();
        assert_eq!(entry["sample_rate"], wave.sample_rate);
        assert_eq!(entry["channels"], wave.channels);
        Case {
            name: entry["name"].as_str().unwrap().to_owned(),
            wave,
            config: serde_json::from_value(entry["config"].clone()).unwrap(),
            frames: entry["frames"].as_u64().unwrap() as usize,
        }
    };
    list.iter().map(case).collect()
}

/// Largest and mean absolute difference.
fn difference(ours: &[f32], theirs: &[f32]) -> (f64, f64) {
    assert_eq!(ours.len(), theirs.len());
    let off = ours
        .iter()
        .zip(theirs)
        .map(|(a, b)| f64::from((a - b).abs()));
    (
        off.clone().fold(0.0, f64::max),
        off.sum::<f64>() / ours.len() as f64,
    )
}

#[test]
fn the_features_are_those_of_torchaudio_on_real_recordings() {
    let cases = cases();
    assert_eq!(cases.len(), 8);
    for case in cases {
        let features = fbank(&case.wave, &case.config).unwrap();
        assert_eq!(
            (features.frames, features.mels),
            (case.frames, case.config.mels),
            "{}",
            case.name
        );
        let (max, mean) = difference(&features.data, &recorded(&format!("{}.f32", case.name)));
        let (max64, mean64) =
            difference(&features.data, &recorded(&format!("{}.ref.f32", case.name)));
        println!(
            "{:26} torchaudio {max:.1e} / {mean:.1e}   float64 {max64:.1e} / {mean64:.1e}",
            case.name
        );
        assert!(max <= 1e-3, "{}: {max:.1e} off torchaudio", case.name);
        assert!(
            max64 <= 2e-3,
            "{}: {max64:.1e} off the float64 reference",
            case.name
        );
    }
}

#[test]
fn every_sample_format_decodes_to_what_soundfile_reads() {
    for name in [
        "pcm_u8",
        "pcm_s16le",
        "pcm_s24le",
        "pcm_s32le",
        "pcm_f32le",
        "pcm_f64le",
        "extensible_s32",
        "flac_s16",
        "flac_s24",
    ] {
        let ending = if name.starts_with("flac") {
            "flac"
        } else {
            "wav"
        };
        let wave = Wave::read(fixture(&format!("decode/{name}.{ending}"))).unwrap();
        assert_eq!(
            (wave.channels, wave.sample_rate, wave.frames()),
            (2, 48_000, 480),
            "{name}"
        );
        assert_eq!(
            wave.samples,
            recorded(&format!("decode/{name}.f32")),
            "{name}"
        );
        assert!(
            wave.samples.iter().any(|x| x.abs() > 0.05),
            "{name} is loud enough to tell"
        );
    }
}
