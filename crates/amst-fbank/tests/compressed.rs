//! Compressed sound against what ffmpeg decodes: `tests/fixtures/compressed/make.py` recorded it.

use std::path::{Path, PathBuf};

use amst_fbank::{FbankError, HeaderMismatch, Part, Recording, Wave, seconds};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/compressed")
}

struct Case {
    name: String,
    wave: Wave,
    /// Of ffmpeg, `[frames, channels]`.
    recorded: Vec<f32>,
    frames: usize,
}

fn cases() -> Vec<Case> {
    let text = std::fs::read_to_string(folder().join("cases.json")).unwrap();
    let list: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
    let case = |entry: serde_json::Value| {
        let name = entry["name"].as_str().unwrap().to_owned();
        let recording = Recording::read(folder().join(&name), Part::Whole).unwrap();
        assert_eq!(recording.mismatch, None, "{name}");
        let wave = recording.wave;
        assert_eq!(entry["channels"], wave.channels, "{name}");
        assert_eq!(entry["sample_rate"], wave.sample_rate, "{name}");
        let bytes = std::fs::read(folder().join(format!("{name}.f32"))).unwrap();
        let recorded = bytes.as_chunks::<4>().0.iter();
        Case {
            recorded: recorded.map(|&b| f32::from_le_bytes(b)).collect(),
            frames: entry["frames"].as_u64().unwrap() as usize,
            name,
            wave,
        }
    };
    let cases: Vec<_> = list.into_iter().map(case).collect();
    assert_eq!(cases.len(), 17);
    cases
}

#[test]
fn the_samples_are_those_of_ffmpeg_and_as_many() {
    for case in cases() {
        let frames = match case.name.as_str() {
            // libsndfile reads 9600, and so says the file; ffmpeg 5.1 loses the last 128.
            "one-page.ogg" => 9_600,
            _ => case.frames,
        };
        assert_eq!(case.wave.frames(), frames, "{}", case.name);
        let pairs = case.wave.samples.iter().zip(&case.recorded);
        let differences = pairs.map(|(ours, theirs)| f64::from(ours - theirs));
        let (max, squares) = differences.fold((0.0_f64, 0.0), |(max, squares), off| {
            (max.max(off.abs()), squares + off * off)
        });
        let rms = (squares / case.recorded.len() as f64).sqrt();
        println!("{:24} largest {max:.1e}, rms {rms:.1e}", case.name);
        let (largest, root) = match case.name.rsplit('.').next().unwrap() {
            // Lossless.
            "flac" | "oga" => (0.0, 0.0),
            _ => (1e-6, 1e-7),
        };
        assert!(
            max <= largest && rms <= root,
            "{}: {max:.1e} {rms:.1e}",
            case.name
        );
        let loud = case
            .recorded
            .iter()
            .fold(0.0_f32, |loud, x| loud.max(x.abs()));
        assert!(loud > 0.02, "{} is loud enough to tell", case.name);
    }
}

#[test]
fn a_part_is_that_part_of_the_whole_to_the_bit() {
    for case in cases() {
        let (path, length) = (folder().join(&case.name), case.wave.seconds());
        assert_eq!(seconds(&path).unwrap(), length, "{}", case.name);
        for tenth in 0..10 {
            let start = length * f64::from(tenth) / 10.0;
            for end in [(start + 0.003).min(length), length] {
                let part = Recording::read(&path, Part::Span([start, end])).unwrap();
                let expected = case.wave.stretch([start, end], &case.name).unwrap();
                assert!(part.wave == expected, "{}: {start} to {end}", case.name);
            }
        }
        let first = Recording::read(&path, Part::First(length / 3.0))
            .unwrap()
            .wave;
        assert!(
            case.wave.samples.starts_with(&first.samples),
            "{}",
            case.name
        );
        assert_eq!(
            first.frames(),
            (case.wave.frames() as f64 / 3.0).round() as usize
        );
        let all = Recording::read(&path, Part::First(length + 1.0))
            .unwrap()
            .wave;
        assert!(all == case.wave, "{}", case.name);
        let beyond = length + 2.0 / f64::from(case.wave.sample_rate);
        for span in [
            [0.0, beyond],
            [beyond, beyond + 1.0],
            [0.002, 0.001],
            [f64::NAN, 0.001],
        ] {
            let error = Recording::read(&path, Part::Span(span)).unwrap_err();
            assert!(
                matches!(error, FbankError::BadSpan { seconds, .. } if seconds == length),
                "{}: {error}",
                case.name
            );
        }
    }
}

#[test]
fn a_part_of_a_long_recording_has_what_was_decoded_before_it() {
    // The bits of a frame lie in the frames before, and so do the ends of its blocks.
    let once = std::fs::read(folder().join("stereo-44k1-vbr.mp3")).unwrap();
    let mp3 = once.repeat(40);
    let ogg = std::fs::read(folder().join("long.ogg")).unwrap();
    for (long, name) in [(mp3, "long.mp3"), (ogg, "long.ogg")] {
        let whole = Wave::decode(&long, name).unwrap();
        assert!(whole.seconds() >= 4.0, "{name}: {}", whole.seconds());
        for start in [0.0, 1.0, 2.345, 3.5, 3.95] {
            let span = [start, start + 0.05];
            let part = Recording::decode(&long, Part::Span(span), name).unwrap();
            let expected = whole.stretch(span, name).unwrap();
            assert!(part.wave == expected, "{name}: {span:?}");
        }
    }
}

/// Where bands are noise, its numbers depend on all before; elsewhere a part is sought.
#[test]
fn a_part_of_aac_is_that_of_the_whole() {
    for name in ["without-noise.m4a", "with-noise.m4a"] {
        let bytes = std::fs::read(folder().join(name)).unwrap();
        let whole = Wave::decode(&bytes, name).unwrap();
        assert!(whole.seconds() >= 2.0, "{name}: {}", whole.seconds());
        for start in [0.0, 0.01, 0.05, 0.5, 1.0, 1.234, 1.9] {
            for length in [0.001, 0.08] {
                let span = [start, start + length];
                let part = Recording::decode(&bytes, Part::Span(span), name).unwrap();
                let expected = whole.stretch(span, name).unwrap();
                assert!(part.wave == expected, "{name}: {span:?}");
            }
        }
        let beyond = Recording::decode(&bytes, Part::Span([1.9, 9.0]), name).unwrap_err();
        assert!(matches!(beyond, FbankError::BadSpan { .. }), "{beyond}");
    }
}

#[test]
fn a_kind_is_told_by_its_bytes() {
    let bytes = std::fs::read(folder().join("stereo-44k1.mp3")).unwrap();
    assert_eq!(Wave::decode(&bytes, "clip.wav").unwrap().frames(), 8_820);
}

#[test]
fn what_is_not_read_is_named_with_a_command_that_can_be_pasted() {
    for (file, what) in [
        ("opus.ogg", "Opus"),
        ("opus.webm", "WebM"),
        ("adts.aac", "ADTS"),
        ("mp2.mp2", "layer II"),
        ("six-channels.ogg", "more than two channels"),
        ("six-channels.m4a", "aac"),
        ("he-aac.m4a", "HE-AAC"),
        ("alac.m4a", "MP4"),
    ] {
        let bytes = std::fs::read(folder().join(file)).unwrap();
        let decoded = Wave::decode(&bytes, "a b/it's (1).ogg");
        let error = decoded.map(|wave| wave.frames()).unwrap_err();
        assert!(
            matches!(error, FbankError::NotRead { .. }),
            "{file}: {error}"
        );
        let text = error.to_string();
        assert!(text.contains(what), "{file}: {text}");
        let command = r"`ffmpeg -i 'a b/it'\''s (1).ogg' -vn -c:a flac out.flac`";
        assert!(text.contains(command), "{file}: {text}");
    }
}

#[test]
fn a_file_that_was_cut_is_read_as_far_as_it_goes_and_told_of() {
    let cut = |name: &str, keep: f64| {
        let bytes = std::fs::read(folder().join(name)).unwrap();
        let kept = (bytes.len() as f64 * keep) as usize;
        Recording::decode(&bytes[..kept], Part::Whole, name)
    };
    for name in ["stereo-44k1.mp3", "stereo-48k.ogg"] {
        let whole = Wave::read(folder().join(name)).unwrap();
        let part = cut(name, 0.8).unwrap();
        let found = part.wave.frames() as u64;
        assert!(
            found > 2_000 && found < whole.frames() as u64,
            "{name}: {found}"
        );
        assert!(whole.samples.starts_with(&part.wave.samples), "{name}");
        let announced = 8_820;
        let expected = match name {
            "stereo-44k1.mp3" => HeaderMismatch::Samples { announced, found },
            _ => HeaderMismatch::NoEnd { found },
        };
        assert_eq!(part.mismatch, Some(expected), "{name}");
    }
    // FLAC says what its samples are, and symphonia reads no MP4 file that is not whole.
    for name in [
        "id3v2-before-flac.flac",
        "stereo-44k1.m4a",
        "mono-48k-faststart.m4a",
    ] {
        let error = cut(name, 0.8).map(|recording| recording.wave.frames());
        let error = error.unwrap_err();
        assert!(
            matches!(
                error,
                FbankError::Damaged { .. } | FbankError::Truncated { .. }
            ),
            "{name}: {error}"
        );
    }
}

#[test]
fn the_command_of_a_message_converts_the_file() {
    let version = std::process::Command::new("ffmpeg")
        .arg("-version")
        .output();
    if version.is_err() {
        eprintln!("not tested: no ffmpeg here");
        return;
    }
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR")).join("commands");
    for (file, name) in [
        ("opus.ogg", "it's (1): a $HOME.ogg"),
        ("opus.webm", "12:30.webm"),
        ("six-channels.m4a", "-i.m4a"),
        ("he-aac.m4a", "plain.m4a"),
    ] {
        let _ = std::fs::remove_dir_all(&scratch);
        std::fs::create_dir_all(&scratch).unwrap();
        let bytes = std::fs::read(folder().join(file)).unwrap();
        std::fs::write(scratch.join(name), &bytes).unwrap();
        let error = Wave::decode(&bytes, name).map(|wave| wave.frames());
        let text = error.unwrap_err().to_string();
        let command = text.split('`').nth(1).unwrap();
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", command]).current_dir(&scratch);
        let output = shell.stdin(std::process::Stdio::null()).output().unwrap();
        assert!(output.status.success(), "{command}: {output:?}");
        let wave = Wave::read(scratch.join("out.flac")).unwrap();
        assert!(wave.frames() > 3_000, "{command}: {}", wave.frames());
    }
}
