//! AVE: mp4 of H.264 and AAC.

use amst_annotations::Dataset;
use amst_data::SplitName;

use crate::made::{Made, tone};
use crate::replica::ave::{MP4, hertz, id, replica};
use crate::replica::{Footage, has_ffmpeg};

#[test]
fn ave_is_prepared_from_its_raw_files() {
    if !has_ffmpeg("ave_is_prepared_from_its_raw_files") {
        return;
    }
    let replica = replica();
    let made = Made::new("ave", &replica, &[]);
    let data = made.prepare(0).unwrap();
    assert_eq!(
        SplitName::ALL.map(|split| data.split(split).len()),
        [30, 6, 6]
    );
    let train = data.split(SplitName::Train);
    assert_eq!(
        (train.id(28), train.label(3), train.label(28)),
        ("-x03_YouTube#2", 7, 7),
        "the later line counts"
    );
    assert_eq!(
        data.split(SplitName::Val).id(5),
        id(5),
        "a clip of two lists is in both"
    );
    for (split, numbers) in [
        (SplitName::Train, 0..28),
        (SplitName::Val, 28..33),
        (SplitName::Test, 33..39),
    ] {
        let part = data.split(split);
        for (index, number) in numbers.enumerate() {
            assert_eq!(part.id(index), id(number));
            assert_eq!(
                made.pictures(&part, index),
                [0, 25, 50].map(|frame| (frame, number))
            );
            let (rows, loudest) = made.sound(&part, index);
            // AAC begins and ends with padding of up to two blocks of 1024.
            assert!((316..=330).contains(&rows), "{rows}");
            assert_eq!(loudest, tone(hertz(number), 22_050), "{number}");
        }
    }
    assert_eq!(made.work(), [0, 0]);

    // One clip has no sound, one lost its end and with it the index.
    let silent = Footage {
        sample: 8,
        frames: 80,
        rate: "25",
        tones: &[],
        codecs: &MP4,
    };
    replica.film(&format!("AVE_Dataset/AVE/{}.mp4", id(30)), silent);
    replica.truncate(&format!("AVE_Dataset/AVE/{}.mp4", id(34)), 0.5);
    let text = made.prepare(1).err().unwrap().to_string();
    for part in [
        format!("{}.mp4 holds no sound", id(30)),
        format!("{}.mp4 is not a video", id(34)),
        "--max-bad 2".into(),
    ] {
        assert!(text.contains(&part), "`{part}` is not in: {text}");
    }
    let data = made.prepare(2).unwrap();
    assert_eq!(
        SplitName::ALL.map(|split| data.split(split).len()),
        [30, 5, 5]
    );
    assert_eq!(made.dataset.spec.classes, Dataset::Ave.classes());
}
