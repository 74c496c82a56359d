//! Frames against OpenCV.

use std::path::Path;

use amst_frames::{Ffmpeg, Picture, Video, VideoConfig, frames_at_load, sample};

use crate::clips::{self, Read, Real, assert_as_opencv_reads, fixture};

/// Holds a clip to what OpenCV reads out of it.
fn assert_read_alike(ffmpeg: &Ffmpeg, path: &Path, opencv: &Read) {
    let name = path.file_name().expect("a file").to_string_lossy();
    let video = Video::open_with(ffmpeg, path).unwrap();
    let stream = video.probe().video.as_ref().expect("a picture stream");
    assert_eq!(
        stream.rate.expect("a rate").per_second(),
        opencv.rate,
        "{name}"
    );
    assert_eq!(stream.frames, Some(opencv.declared), "{name}");
    for (&kept_per_second, indices) in &opencv.kept {
        let video = video
            .sample(&VideoConfig { kept_per_second }, None)
            .unwrap();
        let ours: Vec<_> = video.frames.iter().map(|frame| frame.index).collect();
        assert_eq!(&ours, indices, "{name} at {kept_per_second} a second");
        for frame in &video.frames {
            assert_eq!(
                [frame.picture.width, frame.picture.height],
                opencv.size,
                "{name}"
            );
        }
        if kept_per_second == 1 {
            let pictures: Vec<&Picture> = video.frames.iter().map(|frame| &frame.picture).collect();
            let strip = Path::new(&*name).with_extension("png");
            assert_as_opencv_reads(&name, &pictures, &strip.to_string_lossy());
        }
    }
}

#[test]
fn the_frames_of_each_kind_of_clip_are_opencvs() {
    let Some(ffmpeg) = clips::ffmpeg("the_frames_of_each_kind_of_clip_are_opencvs") else {
        return;
    };
    let made = clips::golden().made;
    assert_eq!(made.len(), 12);
    for (name, opencv) in made {
        assert_read_alike(&ffmpeg, &fixture(&name), &opencv);
    }
}

#[test]
fn the_frames_of_real_clips_are_opencvs() {
    let test = "the_frames_of_real_clips_are_opencvs";
    let (Some(ffmpeg), Some(real)) = (clips::ffmpeg(test), Real::unpack(test)) else {
        return;
    };
    let read = clips::golden().real;
    assert_eq!(read.len(), 7);
    for (name, opencv) in read {
        assert_read_alike(&ffmpeg, &real.path(&name), &opencv);
        let whole = Video::open_with(&ffmpeg, real.path(&name)).unwrap();
        let losses = whole.sample(&VideoConfig::default(), None).unwrap().losses;
        assert!(losses.is_empty(), "{name}: {losses}");
    }
}

#[test]
fn fewer_frames_than_a_sample_takes_are_the_first_each_time() {
    let Some(_) = clips::ffmpeg("fewer_frames_than_a_sample_takes_are_the_first_each_time") else {
        return;
    };
    for name in ["h264-two-frames.mp4", "flv1-one-frame.flv"] {
        let video = sample(fixture(name), &VideoConfig { kept_per_second: 2 }).unwrap();
        assert_eq!(video.frames.len(), 1, "{name}");
        assert_eq!(frames_at_load(video.frames.len(), 3), [0, 0, 0]);
        assert_eq!(video.frames[0].file_name(), "00000.jpg");
    }
}

#[test]
fn frames_come_one_at_a_time_and_may_be_left_off() {
    let Some(ffmpeg) = clips::ffmpeg("frames_come_one_at_a_time_and_may_be_left_off") else {
        return;
    };
    let video = Video::open_with(&ffmpeg, fixture("mpeg4-pcm-2997.avi")).unwrap();
    let mut frames = video.frames(&VideoConfig::default(), None).unwrap();
    assert_eq!(frames.next().unwrap().unwrap().index, 0);
    assert_eq!(frames.losses(), None, "not known before the end");
    assert_eq!(
        frames
            .by_ref()
            .map(|frame| frame.unwrap().index)
            .collect::<Vec<_>>(),
        [29, 58, 87, 116]
    );
    assert!(frames.losses().unwrap().is_empty());
    assert!(frames.next().is_none());
    drop(
        video
            .frames(
                &VideoConfig {
                    kept_per_second: 29,
                },
                None,
            )
            .unwrap(),
    );
}

#[test]
fn threads_side_by_side_read_what_one_reads_alone() {
    let Some(ffmpeg) = clips::ffmpeg("threads_side_by_side_read_what_one_reads_alone") else {
        return;
    };
    let video = Video::open_with(&ffmpeg, fixture("flv1-mp3-2997.flv")).unwrap();
    let read = || {
        (
            video.sample(&VideoConfig::default(), None).unwrap(),
            video.audio(None).unwrap(),
        )
    };
    let alone = read();
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..6).map(|_| scope.spawn(read)).collect();
        for thread in threads {
            assert_eq!(thread.join().unwrap(), alone);
        }
    });
}

/// A JPEG at 95 is for keeping: what comes back is close, and not much larger
/// than what OpenCV writes.
#[test]
fn a_frame_survives_its_jpeg_file() {
    let picture = Picture::read(fixture("bbb_h264_aac51_720p.png")).unwrap();
    let jpeg = picture.to_jpeg(95).unwrap();
    let back = Picture::decode(&jpeg, "back.jpg").unwrap();
    assert_eq!((back.width, back.height), (picture.width, picture.height));
    let total: f64 = back
        .rgb
        .iter()
        .zip(&picture.rgb)
        .map(|(&a, &b)| f64::from(a.abs_diff(b)))
        .sum();
    let mean = total / picture.rgb.len() as f64;
    println!("{} bytes, mean difference {mean:.3}", jpeg.len());
    assert!(mean < 2.0, "mean difference {mean}");
    assert!(picture.to_jpeg(0).is_err() && picture.to_jpeg(101).is_err());
    assert!(
        Picture {
            width: 2,
            height: 2,
            rgb: vec![0; 11]
        }
        .to_jpeg(95)
        .is_err()
    );
}
