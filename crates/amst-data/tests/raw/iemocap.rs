//! IEMOCAP: dialogues as avi of MPEG-4 (DX50) and PCM, of which each sample is a span.

use amst_data::SplitName;

use crate::made::{Made, tone};
use crate::replica::has_ffmpeg;
use crate::replica::iemocap::{TURNS, hertz, planned, replica, words};

#[test]
fn iemocap_is_prepared_from_its_raw_files() {
    if !has_ffmpeg("iemocap_is_prepared_from_its_raw_files") {
        return;
    }
    let replica = replica();
    let made = Made::new("iemocap", &replica, &[]);
    let data = made.prepare(0).unwrap();
    let mut number = 0;
    for (split, planned) in SplitName::ALL.into_iter().zip(planned()) {
        let part = data.split(split);
        assert_eq!(
            part.ids(),
            planned
                .iter()
                .map(|turn| turn.id.clone())
                .collect::<Vec<_>>()
        );
        for (index, turn) in planned.iter().enumerate() {
            assert_eq!(part.label(index), number % 5);
            let ([start, end], frames) = TURNS[turn.turn];
            assert_eq!(
                made.pictures(&part, index),
                frames.map(|frame| (frame, turn.dialogue)),
                "{}",
                turn.id
            );
            let (rows, loudest) = made.sound(&part, index);
            // 25 ms and 10 ms at 22,050 Hz.
            let wanted = 1 + (((end - start) * 22_050.0) as usize - 551) / 220;
            assert!(rows.abs_diff(wanted) <= 1, "{rows} instead of {wanted}");
            assert_eq!(
                loudest,
                tone(hertz(turn.dialogue, turn.turn), 22_050),
                "{}",
                turn.id
            );
            assert_eq!(made.text(&part, index), words(number));
            number += 1;
        }
    }
    assert_eq!(made.work(), [0, 0]);

    let list = String::from_utf8(replica.read("splits/iemocap_test.txt")).unwrap();
    replica.put(
        "splits/iemocap_test.txt",
        list.replacen("5.3000, 7.7000", "7.5000, 9.5000", 1),
    );
    let omitted = String::from_utf8(replica.read("splits/iemocap_train.txt")).unwrap();
    replica.put(
        "splits/iemocap_train.txt",
        omitted.replacen(&words(0), "[transcript omitted: licensed corpus]", 1),
    );
    let text = made.prepare(1).err().unwrap().to_string();
    for part in [
        "is 8.",
        "a span from 7.5 s to 9.5 s",
        "transcriptions/Ses01F_impro00.txt",
        "--max-bad 2",
    ] {
        assert!(text.contains(part), "`{part}` is not in: {text}");
    }
    let data = made.prepare(2).unwrap();
    assert_eq!(
        SplitName::ALL.map(|split| data.split(split).len()),
        [13, 5, 4]
    );
}
