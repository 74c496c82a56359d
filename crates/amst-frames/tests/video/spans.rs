//! Stretches of a dialogue, against the published cutting.

use amst_frames::{Picture, Span, Video, VideoConfig};

use crate::clips::{self, assert_as_opencv_reads, fixture};

const DIALOGUE: &str = "mpeg4-pcm-2997.avi";

#[test]
fn a_span_holds_the_frames_of_the_published_cut() {
    let Some(ffmpeg) = clips::ffmpeg("a_span_holds_the_frames_of_the_published_cut") else {
        return;
    };
    let video = Video::open_with(&ffmpeg, fixture(DIALOGUE)).unwrap();
    for cut in clips::golden().spans {
        let span = Span::new(cut.start, cut.end).unwrap();
        for (kept_per_second, indices) in cut.kept {
            let read = video
                .sample(&VideoConfig { kept_per_second }, Some(span))
                .unwrap();
            let ours: Vec<_> = read.frames.iter().map(|frame| frame.index).collect();
            assert_eq!(ours, indices, "{} at {kept_per_second} a second", cut.strip);
            assert!(read.losses.is_empty(), "{}: {}", cut.strip, read.losses);
            if kept_per_second == 2 {
                let pictures: Vec<&Picture> =
                    read.frames.iter().map(|frame| &frame.picture).collect();
                assert_as_opencv_reads(&cut.strip, &pictures, &cut.strip);
            }
        }
    }
}

/// Here the published command goes wrong in ffmpeg 5.1: a seek to the very
/// beginning of an avi with B-frames lands in its middle.
#[test]
fn a_span_from_the_beginning_begins_there() {
    let Some(ffmpeg) = clips::ffmpeg("a_span_from_the_beginning_begins_there") else {
        return;
    };
    let config = VideoConfig { kept_per_second: 2 };
    for name in [DIALOGUE, "flv1-mp3-2997.flv", "h264-aac-25.mp4"] {
        let video = Video::open_with(&ffmpeg, fixture(name)).unwrap();
        let whole = video.sample(&config, None).unwrap().frames;
        let start = video
            .sample(&config, Some(Span::new(0.0, 1.2).unwrap()))
            .unwrap()
            .frames;
        assert_eq!(start, whole[..3], "{name}");
        let sound = video.audio(Some(Span::new(0.0, 1.2).unwrap())).unwrap();
        assert_eq!(
            sound.samples,
            video.audio(None).unwrap().samples[..sound.samples.len()],
            "{name}"
        );
        assert!(sound.losses.is_empty(), "{name}");
    }
}

#[test]
fn the_sound_of_a_span_is_cut_out_to_the_sample() {
    let Some(ffmpeg) = clips::ffmpeg("the_sound_of_a_span_is_cut_out_to_the_sample") else {
        return;
    };
    let video = Video::open_with(&ffmpeg, fixture(DIALOGUE)).unwrap();
    let whole = video.audio(None).unwrap();
    assert_eq!(
        (whole.sample_rate, whole.channels, whole.samples.len()),
        (8000, 1, 32_000)
    );
    for (start, end) in [(0.0, 0.5), (0.25, 1.2), (1.5, 2.75), (3.0, 4.0)] {
        let sound = video.audio(Some(Span::new(start, end).unwrap())).unwrap();
        let [from, to] = [start, end].map(|seconds| (seconds * 8000.0) as usize);
        assert_eq!(sound.samples, whole.samples[from..to], "{start} to {end}");
    }
}
