//! Several clips in one process: what each gives by itself.

use std::path::PathBuf;

use amst_frames::{
    Ffmpeg, KeepRule, Video, VideoConfig, VideoFrame, declared_frames, sample_together,
};

use crate::clips::{self, Real, fixture};

/// What one process makes of the clips, if everything came out.
fn together(
    ffmpeg: &Ffmpeg,
    paths: &[PathBuf],
    config: &VideoConfig,
) -> Option<Vec<Vec<VideoFrame>>> {
    let mut frames = vec![Vec::new(); paths.len()];
    let take = &mut |clip: usize, frame| {
        frames[clip].push(frame);
        Ok(())
    };
    sample_together(ffmpeg, paths, config, take).then_some(frames)
}

fn assert_as_alone(ffmpeg: &Ffmpeg, paths: &[PathBuf]) {
    for kept_per_second in [1, 2, 5] {
        let config = VideoConfig { kept_per_second };
        let together = together(ffmpeg, paths, &config).expect("everything comes out");
        for (path, frames) in paths.iter().zip(together) {
            let alone = Video::open_with(ffmpeg, path)
                .unwrap()
                .sample(&config, None)
                .unwrap();
            assert!(
                frames == alone.frames,
                "{} at {kept_per_second} a second",
                path.display()
            );
            let stream = Video::open_with(ffmpeg, path)
                .unwrap()
                .probe()
                .video
                .clone()
                .unwrap();
            let rule = KeepRule::new(stream.rate.unwrap().per_second(), kept_per_second).unwrap();
            assert_eq!(
                declared_frames(path, &config),
                Some(rule.count(stream.frames.unwrap()))
            );
        }
    }
}

/// One of them says that it is shorter than it is, one has a single frame.
#[test]
fn each_clip_has_the_frames_that_it_has_alone() {
    let Some(ffmpeg) = clips::ffmpeg("each_clip_has_the_frames_that_it_has_alone") else {
        return;
    };
    let names = [
        "flv1-mp3-2997.flv",
        "flv1-understated.flv",
        "flv1-one-frame.flv",
    ];
    let mut paths: Vec<PathBuf> = names.iter().map(|name| fixture(name)).collect();
    assert_as_alone(&ffmpeg, &paths);
    assert_as_alone(&ffmpeg, &paths[..1]);
    paths.extend(paths.clone().into_iter().cycle().take(9));
    assert_as_alone(&ffmpeg, &paths);
}

#[test]
fn a_real_clip_has_the_frames_that_it_has_alone() {
    let test = "a_real_clip_has_the_frames_that_it_has_alone";
    let (Some(ffmpeg), Some(real)) = (clips::ffmpeg(test), Real::unpack(test)) else {
        return;
    };
    assert_as_alone(
        &ffmpeg,
        &[
            real.path("talking_flv1_mp3.flv"),
            fixture("flv1-mp3-2997.flv"),
        ],
    );
}

/// A file that keeps its rate to itself, damaged ones, one with fewer frames than it declares,
/// another container, none.
#[test]
fn one_clip_that_cannot_be_read_so_sends_all_to_be_read_alone() {
    let Some(ffmpeg) = clips::ffmpeg("one_clip_that_cannot_be_read_so_sends_all_to_be_read_alone")
    else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let whole = std::fs::read(fixture("flv1-mp3-2997.flv")).unwrap();
    let put = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let at = whole
        .windows(9)
        .position(|window| window == b"framerate")
        .unwrap();
    let mut nameless = whole.clone();
    nameless[at] = b'F';
    let mut spoilt = whole.clone();
    let middle = whole.len() / 2;
    spoilt[middle..middle + 600].fill(0x5A);
    let bad = [
        put("nameless.flv", &nameless),
        put("cut.flv", &whole[..whole.len() / 3]),
        put("spoilt.flv", &spoilt),
        put("head.flv", &whole[..400]),
        fixture("flv1-uneven.flv"),
        fixture("h264-aac-25.mp4"),
        folder.path().join("absent.flv"),
        folder.path().into(),
    ];
    let good = fixture("flv1-mp3-2997.flv");
    for bad in bad {
        let read = together(
            &ffmpeg,
            &[good.clone(), bad.clone(), good.clone()],
            &VideoConfig::default(),
        );
        assert!(read.is_none(), "{}", bad.display());
    }
    assert!(together(&ffmpeg, &[], &VideoConfig::default()).is_none());
    assert!(together(&ffmpeg, &vec![good; 101], &VideoConfig::default()).is_none());
}
