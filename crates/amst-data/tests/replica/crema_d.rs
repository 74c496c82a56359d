//! CREMA-D: flv of FLV1 and MP3, and WAV beside.

use super::{Footage, Replica, wav};

pub const EMOTIONS: [(&str, &str); 6] = [
    ("ANG", "Anger"),
    ("DIS", "Disgust"),
    ("FEA", "Fear"),
    ("HAP", "Happy"),
    ("NEU", "Neutral"),
    ("SAD", "Sad"),
];
pub const FLV: [&str; 4] = ["-c:v", "flv", "-c:a", "libmp3lame"];

/// A clip by its number: name, label, frames of its video.
pub struct Planned {
    pub id: String,
    pub label: &'static str,
    pub frames: usize,
}

/// Twelve clips to train on, six each to validate and test, one of which stands in both lists as in
/// the published ones.
pub fn planned() -> [Vec<Planned>; 3] {
    let sentences = ["DFA", "IEO", "IOM", "ITH"];
    let clip = |number: usize| {
        let (code, label) = EMOTIONS[number % 6];
        let id = format!("{}_{}_{code}_XX", 1001 + number, sentences[number % 4]);
        // At 29.97 a second: 2.5 s, 7 s, and 1.2 s, which has two kept frames.
        Planned {
            id,
            label,
            frames: [75, 210, 36][number % 3],
        }
    };
    let mut val: Vec<_> = (12..18).map(clip).collect();
    val[5] = clip(18);
    [
        (0..12).map(clip).collect(),
        val,
        (18..24).map(clip).collect(),
    ]
}

/// The number of a clip, from its speaker.
pub fn number(id: &str) -> usize {
    id[..4].parse::<usize>().unwrap() - 1001
}

pub fn replica() -> Replica {
    let replica = Replica::new();
    for (planned, list) in planned()
        .iter()
        .zip(["80_train_cre", "10_val_cre", "10_test_cre"])
    {
        let lines: String = planned
            .iter()
            .map(|clip| format!("{}.flv {}\n", clip.id, clip.label))
            .collect();
        replica.put(&format!("splits/{list}.txt"), lines);
        for clip in planned {
            let seconds = clip.frames as f64 * 1001.0 / 30_000.0;
            replica.put(
                &format!("CREMA-D/AudioWAV/{}.wav", clip.id),
                wav(seconds, 300 + 100 * number(&clip.id) as u32),
            );
            let tones = [(seconds, 440)];
            let footage = Footage {
                sample: number(&clip.id),
                frames: clip.frames,
                rate: "30000/1001",
                tones: &tones,
                codecs: &FLV,
            };
            replica.film(&format!("CREMA-D/VideoFlash/{}.flv", clip.id), footage);
        }
    }
    replica
}
