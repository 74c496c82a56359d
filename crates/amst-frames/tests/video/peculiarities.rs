//! Whole and cut clips of each kind of container, with what makes a healthy one look damaged.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use amst_frames::{Ffmpeg, Span, Video, VideoConfig};

use crate::clips;

/// Endings, and the codecs that go into such a file.
const CONTAINERS: [(&str, &str); 15] = [
    ("mp4", "-c:v mpeg4 -c:a aac"),
    // With the index first, and in fragments.
    ("front.mp4", "-c:v mpeg4 -c:a aac -movflags +faststart"),
    (
        "fragmented.mp4",
        "-c:v mpeg4 -c:a aac -movflags +frag_keyframe+empty_moov -g 10",
    ),
    ("mov", "-c:v mpeg4 -c:a pcm_s16le"),
    ("3gp", "-c:v h263 -s 128x96 -c:a aac"),
    ("mkv", "-c:v mpeg4 -c:a ac3"),
    (
        "webm",
        "-c:v libvpx -deadline realtime -cpu-used 8 -c:a libopus",
    ),
    ("avi", "-c:v mpeg4 -c:a mp2"),
    ("flv", "-c:v flv1 -c:a adpcm_swf"),
    ("mpg", "-c:v mpeg2video -c:a mp2"),
    ("vob", "-c:v mpeg2video -c:a ac3"),
    ("ts", "-c:v mpeg2video -c:a aac"),
    ("m2ts", "-c:v mpeg2video -c:a ac3"),
    ("wmv", "-c:v wmv2 -c:a wmav2"),
    ("ogv", "-c:v libtheora -c:a libvorbis -ac 2"),
];

/// What a clip is like: seconds of pictures and of sound (0: none of it), and how the pictures are
/// made.
const PECULIARITIES: [(&str, f64, f64, &str); 7] = [
    ("the sound is shorter", 3.0, 1.2, ""),
    ("the sound is longer", 1.5, 4.0, ""),
    ("there is no sound", 2.5, 0.0, ""),
    // Five a second after the first second.
    (
        "the frame rate is variable",
        3.0,
        3.0,
        "-vf select=lt(n\\,25)+not(mod(n\\,5)) -vsync passthrough",
    ),
    ("the pictures start late", 2.0, 3.0, "late"),
    ("there is one frame only", 1.0, 0.0, "-frames:v 1"),
    ("the frame rate is odd", 3.0, 3.0, "-r 30000/1001"),
];

fn run(arguments: &[&str]) -> Output {
    let named = std::env::var_os("AMST_FFMPEG").map(PathBuf::from);
    let program = match named {
        Some(folder) if folder.is_dir() => folder.join("ffmpeg"),
        Some(program) if !program.as_os_str().is_empty() => program,
        _ => "ffmpeg".into(),
    };
    let mut command = Command::new(program);
    command
        .args(["-nostdin", "-v", "error", "-y"])
        .args(arguments);
    command.output().expect("ffmpeg can be started")
}

/// A clip; `None`, and a line that says so, where this ffmpeg lacks a codec.
fn make(folder: &Path, ending: &str, codecs: &str, nth: usize) -> Option<PathBuf> {
    let (what, pictures, sound, how) = PECULIARITIES[nth];
    let path = folder.join(format!("{nth}.{ending}"));
    let pictures = format!("testsrc2=s=96x64:r=25:d={pictures}");
    let tone = format!("sine=f=440:d={sound}");
    let mut arguments = vec![];
    let late = how == "late";
    if late {
        arguments.extend(["-itsoffset", "1"]);
    }
    arguments.extend(["-f", "lavfi", "-i", &pictures]);
    if sound > 0.0 {
        arguments.extend(["-f", "lavfi", "-i", &tone]);
    }
    arguments.extend(codecs.split(' '));
    arguments.extend(how.split(' ').filter(|word| !late && !word.is_empty()));
    if ending == "flv" {
        arguments.extend(["-ar", "44100"]);
    }
    let name = path.to_str().expect("UTF-8");
    arguments.extend(["-threads", "1", name]);
    let made = run(&arguments);
    let said = String::from_utf8_lossy(&made.stderr);
    if said.contains("Unknown encoder") {
        eprintln!("left out: {ending}: {}", said.trim());
        return None;
    }
    assert!(made.status.success(), "{ending}, {what}: {said}");
    Some(path)
}

/// A clip of a kind of container and of a peculiarity.
struct Clip<'a> {
    ffmpeg: &'a Ffmpeg,
    path: &'a Path,
    /// For messages.
    name: &'a str,
    nth: usize,
    has_sound: bool,
}

/// Each clip is made once; the containers are gone through side by side.
#[test]
fn what_ffmpeg_decodes_without_complaint_is_whole_and_what_was_cut_is_not() {
    let test = "what_ffmpeg_decodes_without_complaint_is_whole_and_what_was_cut_is_not";
    let Some(ffmpeg) = clips::ffmpeg(test) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        for (ending, codecs) in CONTAINERS {
            let (folder, ffmpeg) = (folder.path(), &ffmpeg);
            scope.spawn(move || {
                for (nth, (what, _, sound, _)) in PECULIARITIES.iter().enumerate() {
                    if let Some(path) = make(folder, ending, codecs, nth) {
                        let clip = Clip {
                            ffmpeg,
                            path: &path,
                            name: &format!("{ending}, {what}"),
                            nth,
                            has_sound: *sound > 0.0,
                        };
                        assert_is_whole(&clip);
                        // Of every other one, because starting ffmpeg is what takes the time.
                        if nth % 2 == 0 {
                            assert_cut_is_noticed(&clip);
                        }
                    }
                }
            });
        }
    });
}

/// What ffmpeg decodes without a complaint has no losses, neither all of it nor a part.
fn assert_is_whole(clip: &Clip<'_>) {
    let Clip { path, name, .. } = clip;
    let decoded = run(&["-i", path.to_str().unwrap(), "-f", "null", "-"]);
    let said = String::from_utf8_lossy(&decoded.stderr);
    assert!(
        decoded.status.success() && said.is_empty(),
        "{name}: {said}"
    );
    let video = Video::open_with(clip.ffmpeg, path).unwrap();
    // Ten a second promise more frames than one, so that fewer are noticed sooner.
    let config = VideoConfig {
        kept_per_second: 10,
    };
    // Where a part could be told from the whole: sound that ends early, frames that come seldom.
    let part = matches!(clip.nth, 0 | 3).then(|| Span::new(0.25, 1.25).unwrap());
    for span in [None].into_iter().chain(part.map(Some)) {
        let read = video.sample(&config, span).unwrap();
        assert!(read.losses.is_empty(), "{name}, pictures: {}", read.losses);
        if clip.has_sound {
            let losses = video.audio(span).unwrap().losses;
            assert!(losses.is_empty(), "{name}, sound: {losses}");
        }
    }
}

/// Cut in the middle of the data, where nearly every cut is, or near its end, in turns.
fn assert_cut_is_noticed(clip: &Clip<'_>) {
    let name = clip.name;
    let whole = std::fs::read(clip.path).unwrap();
    let percent = [60, 93][clip.nth / 2 % 2];
    let file = clip.path.file_name().unwrap().display();
    let cut = clip.path.with_file_name(format!("cut-{file}"));
    // Never where a packet of 188, 192 or 2048 bytes ends, nor in the first bytes of one.
    let end = whole.len() * percent / 100 / 128 * 128 - 63;
    std::fs::write(&cut, &whole[..end]).unwrap();
    let Ok(video) = Video::open_with(clip.ffmpeg, &cut) else {
        return;
    };
    if let Ok(read) = video.sample(&VideoConfig::default(), None) {
        assert!(read.losses.is_incomplete(), "{name}: {}", read.losses);
    }
    if clip.has_sound
        && let Ok(sound) = video.audio(None)
    {
        assert!(sound.losses.is_incomplete(), "{name}: {}", sound.losses);
    }
}

/// A transport stream declares no length, and neither does an MPEG program stream: cut between two
/// packets, it is a stream like any other. Only a complaint about the last picture, which is seldom
/// whole, can tell.
#[test]
fn of_a_transport_stream_cut_between_two_packets_nothing_is_known() {
    let test = "of_a_transport_stream_cut_between_two_packets_nothing_is_known";
    let Some(ffmpeg) = clips::ffmpeg(test) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let path = make(folder.path(), "ts", "-c:v mpeg2video -c:a aac", 0).unwrap();
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() * 6 / 10 / 188 * 188]).unwrap();
    let video = Video::open_with(&ffmpeg, &path).unwrap();
    let read = video.sample(&VideoConfig::default(), None).unwrap();
    assert!(!read.losses.is_incomplete(), "{}", read.losses);
    println!("{}", read.losses);
}
