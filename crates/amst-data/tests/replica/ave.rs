//! AVE: mp4 of H.264 and AAC.

use amst_annotations::Dataset;

use super::{Footage, Replica};

pub const MP4: [&str; 8] = [
    "-c:v",
    "libx264",
    "-preset",
    "ultrafast",
    "-pix_fmt",
    "yuv420p",
    "-c:a",
    "aac",
];

pub fn id(number: usize) -> String {
    format!("-x{number:02}_YouTube")
}

pub fn hertz(number: usize) -> u32 {
    300 + 100 * (number % 20) as u32
}

/// A clip of each class to train on, and one that is listed twice; six each to validate and test,
/// one of them again one of training.
pub fn replica() -> Replica {
    let replica = Replica::new();
    let classes = Dataset::Ave.classes();
    let line = |number: usize, class: usize| format!("{}.mp4 {}\n", id(number), classes[class]);
    let train: String = (0..28).map(|number| line(number, number)).collect();
    // The clip that is listed twice leaves its first class to another one.
    replica.put(
        "splits/my_train_ave.txt",
        train + &line(3, 7) + &line(39, 3),
    );
    replica.put(
        "splits/my_val_ave.txt",
        (28..33)
            .map(|number| line(number, number % 28))
            .collect::<String>()
            + &line(5, 5),
    );
    replica.put(
        "splits/my_test_ave.txt",
        (33..39)
            .map(|number| line(number, number % 28))
            .collect::<String>(),
    );
    for number in 0..40 {
        let tones = [(3.2, hertz(number))];
        let footage = Footage {
            sample: number,
            frames: 80,
            rate: "25",
            tones: &tones,
            codecs: &MP4,
        };
        replica.film(&format!("AVE_Dataset/AVE/{}.mp4", id(number)), footage);
    }
    replica
}
