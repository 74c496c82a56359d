//! UR-FUNNY: mp4 of H.264 and AAC, and the sentence in the lists.

use super::ave::MP4;
use super::{Footage, Replica};

pub const LISTS: [&str; 3] = ["ur_funny_train", "ur_funny_valid", "ur_funny_test"];

pub fn hertz(number: usize) -> u32 {
    400 + 100 * number as u32
}

/// Every second clip is longer: 120 frames instead of 50, of which two are kept.
pub fn frames(number: usize) -> usize {
    if number.is_multiple_of(2) { 50 } else { 120 }
}

pub fn words(number: usize) -> String {
    format!("and that, ladies and gentlemen, is number {number} ### of them")
}

pub fn replica() -> Replica {
    let replica = Replica::new();
    for (list, numbers) in LISTS.iter().zip([0..10, 10..16, 16..22]) {
        let label = |number: usize| if number % 4 < 2 { "FUNNY" } else { "NOTFUNNY" };
        let lines: String = numbers
            .clone()
            .map(|n| format!("{}, {}, ### {}\n", 100 + n, label(n), words(n)))
            .collect();
        replica.put(&format!("splits/{list}.txt"), lines);
        for number in numbers {
            let tones = [(frames(number) as f64 / 30.0, hertz(number))];
            let footage = Footage {
                sample: number,
                frames: frames(number),
                rate: "30",
                tones: &tones,
                codecs: &MP4,
            };
            replica.film(&format!("urfunny2_videos/{}.mp4", 100 + number), footage);
        }
    }
    replica
}
