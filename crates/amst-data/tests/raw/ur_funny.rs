//! UR-FUNNY: mp4 of H.264 and AAC, and the sentence in the lists.

use amst_data::SplitName;

use crate::made::{Made, tone};
use crate::replica::has_ffmpeg;
use crate::replica::ur_funny::{frames, hertz, replica, words};

#[test]
fn ur_funny_is_prepared_from_its_raw_files() {
    if !has_ffmpeg("ur_funny_is_prepared_from_its_raw_files") {
        return;
    }
    let replica = replica();
    let made = Made::new("ur-funny", &replica, &[]);
    let data = made.prepare(0).unwrap();
    for (split, numbers) in [
        (SplitName::Train, 0..10),
        (SplitName::Val, 10..16),
        (SplitName::Test, 16..22),
    ] {
        let part = data.split(split);
        assert_eq!(
            part.ids(),
            numbers
                .clone()
                .map(|number| (100 + number).to_string())
                .collect::<Vec<_>>()
        );
        for (index, number) in numbers.enumerate() {
            assert_eq!(part.label(index), number % 4 / 2);
            let frames = if number.is_multiple_of(2) {
                [0, 0, 0]
            } else {
                [0, 30, 60]
            };
            assert_eq!(
                made.pictures(&part, index),
                frames.map(|frame| (frame, number))
            );
            let (rows, loudest) = made.sound(&part, index);
            let hundredths = self::frames(number) * 100 / 30;
            assert!(
                (hundredths - 4..hundredths + 12).contains(&rows),
                "{rows} of {hundredths}"
            );
            assert_eq!(loudest, tone(hertz(number), 22_050));
            assert_eq!(made.text(&part, index), words(number));
        }
    }
    assert_eq!(made.work(), [0, 0]);

    // Corrupt in the middle: whether ffmpeg conceals that or not, it is told.
    let name = "urfunny2_videos/111.mp4";
    let whole = replica.read(name);
    let mut bytes = whole.clone();
    let middle = bytes.len() / 8..bytes.len() / 4;
    bytes[middle].fill(0);
    replica.put(name, bytes);
    let complaints = made.complaints();
    assert!(
        !complaints.is_empty() && complaints.iter().all(|line| line.contains("111.mp4")),
        "{complaints:?}"
    );
    replica.put(name, whole);

    std::fs::remove_file(replica.path("urfunny2_videos/117.mp4")).unwrap();
    let text = made.prepare(0).err().unwrap().to_string();
    assert!(
        text.contains("urfunny2_videos/117.mp4 is not there"),
        "{text}"
    );
    let list = String::from_utf8(replica.read("splits/ur_funny_train.txt")).unwrap();
    replica.put(
        "splits/ur_funny_train.txt",
        list.replacen("NOTFUNNY", "UNFUNNY", 1),
    );
    let text = made.prepare(9).err().unwrap().to_string();
    assert!(
        text.contains("ur_funny_train.txt:3: `UNFUNNY` is no label here"),
        "{text}"
    );
}
