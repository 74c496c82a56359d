//! Sound, against the published extraction to WAV.

use std::path::Path;

use amst_frames::{Ffmpeg, Video, audio};

use crate::clips::{self, Heard, Real, fixture};

/// Lossy sound is decoded in floating point, which processors round in their own
/// way: a few of 32768 levels. After ffmpeg 5.1 the padding of the last packet
/// (1024 instants in AAC) is cut off where the container says how much it is.
fn assert_heard_alike(ffmpeg: &Ffmpeg, path: &Path, heard: &Heard) {
    let name = path.display();
    let sound = Video::open_with(ffmpeg, path).unwrap().audio(None).unwrap();
    assert_eq!(
        (sound.channels, sound.sample_rate),
        (heard.channels, heard.sample_rate),
        "{name}"
    );
    let instants = sound.samples.len() / heard.channels;
    assert!(
        (heard.instants - 1024..=heard.instants).contains(&instants),
        "{name}: {instants} instants"
    );
    let squares: f64 = sound
        .samples
        .iter()
        .map(|&sample| f64::from(sample).powi(2))
        .sum();
    let rms = (squares / sound.samples.len() as f64).sqrt();
    assert!(
        (rms - heard.rms).abs() <= 0.01 * heard.rms,
        "{name}: {rms} and not {}",
        heard.rms
    );
    for (nth, &theirs) in heard.some.iter().enumerate() {
        let ours = sound.samples[(heard.at + nth) * heard.channels] * 32768.0;
        assert!(
            (ours - f32::from(theirs)).abs() <= 4.0,
            "{name}: sample {nth} is {ours} and not {theirs}"
        );
    }
    assert!(sound.losses.is_empty(), "{name}: {}", sound.losses);
}

#[test]
fn the_sound_of_flv_mp4_and_avi_is_the_published_wav() {
    let Some(ffmpeg) = clips::ffmpeg("the_sound_of_flv_mp4_and_avi_is_the_published_wav") else {
        return;
    };
    let heard = clips::golden().sound;
    let mut seen = 0;
    for (name, heard) in heard.iter().filter(|(name, _)| fixture(name).is_file()) {
        assert_heard_alike(&ffmpeg, &fixture(name), heard);
        seen += 1;
    }
    assert_eq!(seen, 3);
}

#[test]
fn the_sound_of_real_clips_is_the_published_wav() {
    let test = "the_sound_of_real_clips_is_the_published_wav";
    let (Some(ffmpeg), Some(real)) = (clips::ffmpeg(test), Real::unpack(test)) else {
        return;
    };
    let mut seen = 0;
    for (name, heard) in clips::golden()
        .sound
        .iter()
        .filter(|(name, _)| !fixture(name).is_file())
    {
        assert_heard_alike(&ffmpeg, &real.path(name), heard);
        seen += 1;
    }
    assert_eq!(seen, 5);
}

#[test]
fn what_was_put_in_at_440_hz_comes_out_at_440_hz() {
    let Some(_) = clips::ffmpeg("what_was_put_in_at_440_hz_comes_out_at_440_hz") else {
        return;
    };
    for name in [
        "flv1-mp3-2997.flv",
        "h264-aac-25.mp4",
        "mpeg4-mp3-23976.avi",
    ] {
        let sound = audio(fixture(name), None).unwrap();
        // One second from the middle; codecs put silence and echoes around the tone.
        let second = sound.sample_rate as usize;
        let middle = &sound.samples[second / 2..second / 2 * 3];
        let rises = middle
            .windows(2)
            .filter(|two| two[0] < 0.0 && two[1] >= 0.0)
            .count();
        assert!(
            rises.abs_diff(440) <= 1,
            "{name}: {rises} rises through zero"
        );
    }
}
