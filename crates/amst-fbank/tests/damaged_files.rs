//! No damage to a file makes the program panic: every fixture, cut and with bytes changed.

use std::path::Path;

use amst_fbank::{Part, Recording};

fn fixtures() -> Vec<(String, Vec<u8>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut files = Vec::new();
    for folder in ["compressed", "wav-headers", "torchaudio/decode"] {
        for entry in std::fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            if ![".f32", ".py", ".json", ".md"]
                .iter()
                .any(|ending| name.ends_with(ending))
            {
                files.push((name, std::fs::read(path).unwrap()));
            }
        }
    }
    files.sort();
    assert!(files.len() > 60, "{}", files.len());
    files
}

/// Reads it in every way; whatever is read is sound.
fn try_all(bytes: &[u8], name: &str) {
    for part in [Part::Whole, Part::Span([0.01, 0.05]), Part::First(0.02)] {
        let Ok(recording) = Recording::decode(bytes, part, name) else {
            continue;
        };
        let wave = recording.wave;
        assert!(!wave.samples.is_empty(), "{name}");
        assert_eq!(wave.frames() * wave.channels, wave.samples.len(), "{name}");
        assert!(wave.samples.iter().all(|x| x.is_finite()), "{name}");
    }
}

#[test]
fn a_file_cut_anywhere_is_read_or_refused() {
    for (name, bytes) in fixtures() {
        for cut in (0..64).map(|part| bytes.len() * part / 64).chain(0..64) {
            try_all(&bytes[..cut.min(bytes.len())], &name);
        }
    }
}

#[test]
fn a_file_with_changed_bytes_is_read_or_refused() {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as usize % below.max(1)
    };
    for (name, bytes) in fixtures() {
        if bytes.is_empty() {
            continue;
        }
        for round in 0..120 {
            let mut changed = bytes.clone();
            for _ in 0..1 + random(6) {
                // Headers stand first, and tables of MP4 last.
                let at = match round % 3 {
                    0 => random(bytes.len().min(200)),
                    1 => random(bytes.len()),
                    _ => bytes.len() - 1 - random(bytes.len().min(1_200)),
                };
                changed[at] = match random(4) {
                    0 => 0,
                    1 => 0xff,
                    2 => changed[at] ^ 1 << random(8),
                    _ => random(256) as u8,
                };
            }
            try_all(&changed, &name);
        }
    }
}
