//! Recordings of kinds that only ffmpeg reads. What is expected of them is made by ffmpeg itself,
//! which converts each to WAV.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Command;

use amst_data::{DataError, HostInput, SplitName};
use amst_frames::Ffmpeg;
use amst_recipe::Modality;

use crate::small::Small;

/// The kinds, by the ending that ffmpeg chooses its muxer by, and what it encodes with.
const KINDS: [(&str, &[&str]); 9] = [
    ("opus", &["-c:a", "libopus", "-b:a", "24k"]),
    ("ogg", &["-c:a", "libopus", "-ac", "2"]),
    ("aiff", &[]),
    ("au", &[]),
    ("caf", &[]),
    ("wv", &[]),
    ("wma", &["-ar", "16000"]),
    ("wav", &["-c:a", "pcm_mulaw"]),
    ("mka", &["-c:a", "flac"]),
];

/// Whether there is an ffmpeg; if not, that is said, past the test harness.
fn has_ffmpeg(test: &str) -> bool {
    let is_there = Ffmpeg::find().is_ok();
    if !is_there {
        let line = format!("skipped: {test}: there is no ffmpeg here\n");
        std::io::stderr().write_all(line.as_bytes()).unwrap();
    }
    is_there
}

/// Runs ffmpeg.
fn ffmpeg(arguments: &[&str], input: &Path, more: &[&str], output: &Path) {
    let mut command = Command::new("ffmpeg");
    command.args(["-nostdin", "-v", "error", "-y"]);
    command.args(arguments).arg("-i").arg(input).args(more);
    let output = command.arg(output).output().unwrap();
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{message}");
}

/// A data set of sound alone whose nine recordings last a second and more.
fn recordings() -> Small {
    let mut small = Small::new();
    small.recipe.modalities = vec![Modality::Audio];
    small.recipe.audio.target_frames = 400;
    for n in 0..9 {
        small.put(&format!("a{n}.wav"), &crate::small::wav(8_000 + 700 * n, n));
    }
    small
}

/// All samples, by their numbers in the splits.
fn samples(small: &Small) -> Vec<HostInput> {
    let data = small
        .prepare()
        .unwrap_or_else(|e| panic!("{:?}", e.in_full()));
    let mut samples = Vec::new();
    for split in SplitName::ALL {
        let split = data.split(split);
        for n in 0..split.len() {
            let mut sample = split.sample(n, &[Modality::Audio]).unwrap();
            samples.push(sample.inputs.remove(&Modality::Audio).unwrap());
        }
    }
    samples
}

#[test]
fn what_ffmpeg_reads_gives_the_features_of_its_conversion_to_wav() {
    if !has_ffmpeg("what_ffmpeg_reads_gives_the_features_of_its_conversion_to_wav") {
        return;
    }
    let (given, converted) = (recordings(), recordings());
    for (n, (ending, encoder)) in KINDS.into_iter().enumerate() {
        let wav = format!("a{n}.wav");
        let name = format!("b{n}.{ending}");
        let path = given.root().join(&name);
        ffmpeg(&[], &given.root().join(&wav), encoder, &path);
        given.replace(&wav, &name);
        let as_wav = ["-c:a", "pcm_s16le"];
        ffmpeg(&[], &path, &as_wav, &converted.root().join(&wav));
    }
    let (given, converted) = (samples(&given), samples(&converted));
    assert_eq!(given.len(), KINDS.len());
    for (n, (given, converted)) in given.iter().zip(&converted).enumerate() {
        assert_eq!(given, converted, "{:?}", KINDS[n]);
    }
}

/// Files that `amst-fbank` refuses, among its fixtures.
#[test]
fn the_kinds_that_amst_fbank_refuses_are_read_by_ffmpeg() {
    if !has_ffmpeg("the_kinds_that_amst_fbank_refuses_are_read_by_ffmpeg") {
        return;
    }
    let fixtures =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../amst-fbank/tests/fixtures/compressed");
    let refused = [
        "adts.aac",
        "alac.m4a",
        "he-aac.m4a",
        "mp2.mp2",
        "opus.ogg",
        "opus.webm",
        "six-channels.m4a",
        "six-channels.ogg",
    ];
    let (given, converted) = (recordings(), recordings());
    for (n, name) in refused.into_iter().enumerate() {
        let wav = format!("a{n}.wav");
        given.put(&wav, &fs::read(fixtures.join(name)).unwrap());
        let as_wav = ["-c:a", "pcm_s16le"];
        ffmpeg(
            &[],
            &fixtures.join(name),
            &as_wav,
            &converted.root().join(wav),
        );
    }
    let (given, converted) = (samples(&given), samples(&converted));
    for (n, name) in refused.into_iter().enumerate() {
        assert_eq!(given[n], converted[n], "{name}");
    }
}

#[test]
fn spans_of_what_ffmpeg_reads_are_those_that_it_cuts_out() {
    if !has_ffmpeg("spans_of_what_ffmpeg_reads_are_those_that_it_cuts_out") {
        return;
    }
    let [mut spans, cut] = [recordings(), recordings()];
    let long = spans.root().join("long.opus");
    let source = "sine=frequency=440:beep_factor=3:sample_rate=48000:duration=30";
    ffmpeg(
        &["-f", "lavfi"],
        Path::new(source),
        &["-c:a", "libopus"],
        &long,
    );
    let mut rows = vec!["id,label,split,audio,start,end".to_string()];
    for n in 0..9 {
        let (label, split) = (
            ["ant", "bee", "cat"][n % 3],
            ["train", "val", "test"][n / 3],
        );
        let [start, end] = [3.1 * n as f64, 3.1 * n as f64 + 2.5].map(|s| format!("{s:.3}"));
        rows.push(format!("s{n},{label},{split},long.opus,{start},{end}"));
        let wav = cut.root().join(format!("a{n}.wav"));
        ffmpeg(
            &["-ss", &start, "-to", &end],
            &long,
            &["-c:a", "pcm_s16le"],
            &wav,
        );
    }
    spans.put("manifest.csv", rows.join("\n").as_bytes());
    spans.spec.columns.span = Some(["start", "end"].map(String::from));
    assert_eq!(samples(&spans), samples(&cut));

    spans.put(
        "manifest.csv",
        rows.join("\n").replace("2.500", "31.000").as_bytes(),
    );
    let error = spans.error();
    let message = error.in_full().join("\n");
    assert!(
        message.contains("long.opus") && message.contains("31"),
        "{message}"
    );
}

#[test]
fn what_ffmpeg_cannot_read_either_is_named() {
    if !has_ffmpeg("what_ffmpeg_cannot_read_either_is_named") {
        return;
    }
    let small = recordings();
    let opus = small.root().join("whole.opus");
    ffmpeg(
        &[],
        &small.root().join("a4.wav"),
        &["-c:a", "libopus"],
        &opus,
    );
    let whole = fs::read(&opus).unwrap();
    small.put("a4.wav", &whole[..60]);
    let error = small.error();
    assert!(matches!(error, DataError::BadSamples { .. }), "{error}");
    let message = error.in_full().join("\n");
    assert!(
        message.contains("a4.wav: Opus sound, in which ffmpeg finds no sound"),
        "{message}"
    );
}
