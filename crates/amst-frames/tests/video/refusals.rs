//! Bad videos: refused or reported, by name and with the remedy.

use std::path::{Path, PathBuf};
use std::process::Command;

use amst_frames::{Ffmpeg, FrameError, Span, Video, VideoConfig, audio, probe, sample};

use crate::clips::{self, fixture};

/// Set for the copy of this test program that has no ffmpeg.
const INNER: &str = "AMST_TEST_WITHOUT_FFMPEG";

fn config() -> VideoConfig {
    VideoConfig::default()
}

/// A file in a folder of its own, with these bytes in it.
fn file(name: &str, bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).expect("a file can be written");
    (folder, path)
}

fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(fixture(name)).expect("a fixture can be read")
}

#[test]
fn a_folder_without_ffmpeg_is_refused_with_the_packages() {
    let folder = tempfile::tempdir().unwrap();
    let error = Ffmpeg::from_path(folder.path()).unwrap_err();
    assert!(matches!(error, FrameError::NoFfmpeg { .. }));
    for word in ["apt-get install ffmpeg", "conda", "brew", "AMST_FFMPEG"] {
        assert!(error.to_string().contains(word), "{error}");
    }
    // An ffmpeg alone is not enough.
    std::fs::write(
        folder
            .path()
            .join(format!("ffmpeg{}", std::env::consts::EXE_SUFFIX)),
        "",
    )
    .unwrap();
    assert!(
        Ffmpeg::from_path(folder.path())
            .unwrap_err()
            .to_string()
            .contains("ffprobe")
    );
}

#[test]
fn the_variable_names_the_folder() {
    let name = "refusals::the_variable_names_the_folder";
    if std::env::var_os(INNER).is_some() {
        for error in [
            sample(fixture("h264-aac-25.mp4"), &config()).unwrap_err(),
            audio(fixture("h264-aac-25.mp4"), None).unwrap_err(),
            probe(fixture("h264-aac-25.mp4")).unwrap_err(),
        ] {
            assert!(matches!(error, FrameError::NoFfmpeg { .. }), "{error}");
        }
        return;
    }
    let empty = tempfile::tempdir().unwrap();
    let this = std::env::current_exe().unwrap();
    let variables: [(&str, &Path); 2] = [("AMST_FFMPEG", empty.path()), ("PATH", empty.path())];
    for (variable, folder) in variables {
        let mut inner = Command::new(&this);
        inner
            .args(["--exact", name])
            .env_remove("AMST_FFMPEG")
            .env(variable, folder)
            .env(INNER, "1");
        let output = inner.output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(
            output.status.success() && said.contains("1 passed"),
            "{variable}: {said}"
        );
    }
}

#[test]
fn what_is_no_video_is_refused_by_name() {
    let Some(ffmpeg) = clips::ffmpeg("what_is_no_video_is_refused_by_name") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let refused = |path: &Path, word: &str| {
        let error = Video::open_with(&ffmpeg, path).unwrap_err();
        assert!(matches!(error, FrameError::NotAVideo { .. }), "{error}");
        let said = error.to_string();
        assert!(
            said.contains(&*path.to_string_lossy()) && said.contains(word),
            "{said}"
        );
    };
    refused(folder.path(), "folder");
    let (_folder, empty) = file("empty.flv", b"");
    refused(&empty, "empty");
    let noise: Vec<u8> = (0..5000u32)
        .map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    let (_folder, noise) = file("noise.mp4", &noise);
    refused(&noise, "noise.mp4");
    // Without its index, which stands at the end, an mp4 is nothing.
    let mp4 = bytes("h264-aac-25.mp4");
    let (_folder, half) = file("half.mp4", &mp4[..mp4.len() / 2]);
    refused(&half, "moov");
    let missing = Video::open_with(&ffmpeg, "no/such/clip.flv").unwrap_err();
    assert!(matches!(missing, FrameError::VideoUnreadable { .. }));
    assert!(missing.to_string().contains("no/such/clip.flv"));
}

#[test]
fn a_name_is_a_name_whatever_it_looks_like() {
    let Some(ffmpeg) = clips::ffmpeg("a_name_is_a_name_whatever_it_looks_like") else {
        return;
    };
    for name in [
        "-version.flv",
        "pipe:0.flv",
        "a %03d 'b' [c].flv",
        "Übung.flv",
    ] {
        let (_folder, path) = file(name, &bytes("flv1-one-frame.flv"));
        let video = Video::open_with(&ffmpeg, path).unwrap();
        assert_eq!(
            video.sample(&config(), None).unwrap().frames.len(),
            1,
            "{name}"
        );
    }
}

#[test]
fn a_playlist_in_disguise_leads_nowhere() {
    let Some(ffmpeg) = clips::ffmpeg("a_playlist_in_disguise_leads_nowhere") else {
        return;
    };
    let list = b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n";
    let (_folder, path) = file("list.mp4", list);
    let error = Video::open_with(&ffmpeg, path)
        .and_then(|video| video.sample(&config(), None))
        .unwrap_err();
    assert!(error.to_string().contains("list.mp4"), "{error}");
}

#[test]
fn a_truncated_flv_gives_what_it_holds_and_says_what_is_missing() {
    let Some(ffmpeg) =
        clips::ffmpeg("a_truncated_flv_gives_what_it_holds_and_says_what_is_missing")
    else {
        return;
    };
    let whole = bytes("flv1-mp3-2997.flv");
    let complete = Video::open_with(&ffmpeg, fixture("flv1-mp3-2997.flv")).unwrap();
    let (_folder, path) = file("cut.flv", &whole[..whole.len() * 6 / 10]);
    let video = Video::open_with(&ffmpeg, &path).unwrap();
    let read = video.sample(&config(), None).unwrap();
    let all = complete.sample(&config(), None).unwrap();
    assert!(all.losses.is_empty());
    assert_eq!(
        (all.frames.len(), read.frames.len(), read.losses.missing),
        (3, 2, 1),
        "{}",
        read.losses
    );
    assert_eq!(
        read.frames[..],
        all.frames[..2],
        "what came out is what was there"
    );
    let sound = video.audio(None).unwrap();
    assert!(sound.losses.missing > 10_000, "{}", sound.losses);
    assert!(sound.samples.len() < complete.audio(None).unwrap().samples.len() * 7 / 10);
    println!("{}; {}", read.losses, sound.losses);
}

#[test]
fn a_video_of_which_nothing_is_left_is_an_error() {
    let Some(ffmpeg) = clips::ffmpeg("a_video_of_which_nothing_is_left_is_an_error") else {
        return;
    };
    let whole = bytes("flv1-mp3-2997.flv");
    // The header and the file's own description, but no frame.
    let (_folder, path) = file("stump.flv", &whole[..300]);
    let error = Video::open_with(&ffmpeg, &path)
        .and_then(|video| video.sample(&config(), None))
        .unwrap_err();
    assert!(error.to_string().contains("stump.flv"), "{error}");
    // An mp4 whose pictures and sound are gone, but not its index.
    let mut blank = bytes("h264-aac-25.mp4");
    let data = blank.windows(4).position(|four| four == b"mdat").unwrap() + 4;
    let index = blank.windows(4).position(|four| four == b"moov").unwrap() - 4;
    blank[data..index].fill(0xFF);
    let (_folder, path) = file("blank.mp4", &blank);
    let video = Video::open_with(&ffmpeg, &path).unwrap();
    let error = video.sample(&config(), None).unwrap_err();
    assert!(matches!(error, FrameError::Undecodable { .. }), "{error}");
    assert!(error.to_string().contains("blank.mp4"), "{error}");
    assert!(matches!(
        video.audio(None),
        Err(FrameError::Undecodable { .. })
    ));
}

#[test]
fn damage_in_the_middle_is_reported() {
    let Some(ffmpeg) = clips::ffmpeg("damage_in_the_middle_is_reported") else {
        return;
    };
    let mut damaged = bytes("h264-aac-25.mp4");
    let data = damaged.windows(4).position(|four| four == b"mdat").unwrap();
    damaged[data + 5000..data + 6000].fill(0xFF);
    let (_folder, path) = file("damaged.mp4", &damaged);
    let video = Video::open_with(&ffmpeg, &path).unwrap();
    let read = video
        .sample(
            &VideoConfig {
                kept_per_second: 25,
            },
            None,
        )
        .unwrap();
    assert!(!read.losses.messages.is_empty());
    assert!(
        !read.losses.messages.iter().any(|line| line.contains("0x")),
        "the same words each time"
    );
    assert_eq!(
        video
            .sample(
                &VideoConfig {
                    kept_per_second: 25
                },
                None
            )
            .unwrap()
            .losses,
        read.losses
    );
    println!("{}", read.losses);
}

#[test]
fn a_video_without_sound_and_sound_without_a_video_are_told_apart() {
    let Some(ffmpeg) =
        clips::ffmpeg("a_video_without_sound_and_sound_without_a_video_are_told_apart")
    else {
        return;
    };
    let mute = Video::open_with(&ffmpeg, fixture("h264-rotated.mp4")).unwrap();
    let error = mute.audio(None).unwrap_err();
    assert!(
        matches!(error, FrameError::NoStream { kind: "sound", .. }),
        "{error}"
    );
    assert!(error.to_string().contains("h264-rotated.mp4"), "{error}");
    let mut wav =
        b"RIFF\x34\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data\x10\0\0\0".to_vec();
    wav.extend([0; 16]);
    let (_folder, path) = file("tone.wav", &wav);
    let sound = Video::open_with(&ffmpeg, &path).unwrap();
    assert_eq!(sound.audio(None).unwrap().samples, [0.0; 8]);
    let error = sound.sample(&config(), None).unwrap_err();
    assert!(
        matches!(
            error,
            FrameError::NoStream {
                kind: "pictures",
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn a_span_past_the_end_is_refused() {
    let Some(ffmpeg) = clips::ffmpeg("a_span_past_the_end_is_refused") else {
        return;
    };
    let video = Video::open_with(&ffmpeg, fixture("mpeg4-pcm-2997.avi")).unwrap();
    for (start, end) in [(3.0, 4.2), (4.5, 5.0), (100.0, 101.0)] {
        let span = Some(Span::new(start, end).unwrap());
        for error in [
            video.sample(&config(), span).unwrap_err(),
            video.audio(span).unwrap_err(),
        ] {
            assert!(matches!(error, FrameError::SpanOutside { .. }), "{error}");
            assert!(error.to_string().contains("mpeg4-pcm-2997.avi"), "{error}");
        }
    }
}

#[test]
fn more_frames_than_a_second_has_cannot_be_kept() {
    let Some(ffmpeg) = clips::ffmpeg("more_frames_than_a_second_has_cannot_be_kept") else {
        return;
    };
    let video = Video::open_with(&ffmpeg, fixture("h264-aac-25.mp4")).unwrap();
    let all = video
        .sample(
            &VideoConfig {
                kept_per_second: 25,
            },
            None,
        )
        .unwrap();
    assert_eq!(all.frames.len(), 65);
    let error = video
        .sample(
            &VideoConfig {
                kept_per_second: 26,
            },
            None,
        )
        .unwrap_err();
    assert!(
        matches!(&error, FrameError::FrameRate { kept: 26, rate, .. } if rate == "25/1"),
        "{error}"
    );
    let error = video
        .sample(&VideoConfig { kept_per_second: 0 }, None)
        .unwrap_err();
    assert!(
        matches!(
            error,
            FrameError::Config {
                key: "kept_per_second",
                ..
            }
        ),
        "{error}"
    );
}
