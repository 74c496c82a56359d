//! CREMA-D: flv of FLV1 and MP3, and WAV beside.

use amst_data::{DataError, SplitName};
use amst_recipe::Modality::{Audio, Visual};

use crate::made::{Made, tone};
use crate::replica::crema_d::{EMOTIONS, Planned, number, planned, replica};
use crate::replica::{Replica, has_ffmpeg};

#[test]
fn crema_d_is_prepared_from_its_raw_files() {
    if !has_ffmpeg("crema_d_is_prepared_from_its_raw_files") {
        return;
    }
    let replica = replica();
    let made = Made::new("crema-d", &replica, &[]);
    let data = made.prepare(0).unwrap();
    for (split, planned) in SplitName::ALL.into_iter().zip(planned()) {
        let part = data.split(split);
        assert_eq!(
            part.ids(),
            planned
                .iter()
                .map(|clip| clip.id.clone())
                .collect::<Vec<_>>()
        );
        for (index, clip) in planned.iter().enumerate() {
            let label = EMOTIONS
                .iter()
                .position(|(_, label)| *label == clip.label)
                .unwrap();
            assert_eq!(part.label(index), label);
            // Seconds of 29 frames each; of 8 kept frames every second one, of 2 the first.
            let frames = match clip.frames {
                75 => [0, 29, 58],
                210 => [0, 58, 116],
                _ => [0, 0, 0],
            };
            let expected = frames.map(|frame| (frame, number(&clip.id)));
            assert_eq!(made.pictures(&part, index), expected, "{}", clip.id);
            let (rows, loudest) = made.sound(&part, index);
            let samples = (clip.frames as f64 * 1001.0 / 30_000.0 * 16_000.0) as usize;
            assert_eq!(rows, 1 + (samples - 400) / 160);
            assert_eq!(loudest, tone(300 + 100 * number(&clip.id) as u32, 16_000));
        }
    }
    assert_eq!(made.work(), [0, 0], "it is prepared once");
}

#[test]
fn what_is_wrong_with_crema_ds_files_is_listed_and_can_be_left_out() {
    if !has_ffmpeg("what_is_wrong_with_crema_ds_files_is_listed_and_can_be_left_out") {
        return;
    }
    let replica = replica();
    let [train, val, test] = planned();
    let video = |id: &str| format!("CREMA-D/VideoFlash/{id}.flv");
    replica.truncate(&video(&train[1].id), 0.6);
    replica.put(&video(&train[2].id), b"no video at all");
    replica.put(
        &format!("CREMA-D/AudioWAV/{}.wav", train[3].id),
        b"RIFFbroken",
    );
    std::fs::remove_file(replica.path(&video(&val[0].id))).unwrap();
    std::fs::remove_file(replica.path(&format!("CREMA-D/AudioWAV/{}.wav", test[1].id))).unwrap();
    let made = Made::new("crema-d", &replica, &[]);
    let error = made.prepare(0).err().unwrap();
    let text = error.to_string();
    let (cut, none, broken) = (&train[1].id, &train[2].id, &train[3].id);
    for part in [
        format!("{cut}: CREMA-D/VideoFlash/{cut}.flv: picture is damaged: "),
        format!("{none}: "),
        format!("{broken}: "),
        format!("{}.flv is not there", val[0].id),
        format!("{}.wav is not there", test[1].id),
        "--max-bad 5".into(),
    ] {
        assert!(text.contains(&part), "`{part}` is not in: {text}");
    }
    assert!(
        matches!(&error, DataError::BadSamples { samples: 5, .. }) && error.in_full().len() == 5,
        "{text}"
    );
    assert!(made.prepare(4).is_err());
    let data = made.prepare(5).unwrap();
    let out: Vec<_> = data
        .left_out()
        .iter()
        .map(|out| (out.id.clone(), out.modality))
        .collect();
    let expected = [
        (cut, Visual),
        (none, Visual),
        (broken, Audio),
        (&val[0].id, Visual),
        (&test[1].id, Audio),
    ];
    assert_eq!(out, expected.map(|(id, modality)| (id.clone(), modality)));
    assert_eq!(
        SplitName::ALL.map(|split| data.split(split).len()),
        [9, 5, 5]
    );
}

#[test]
fn wrong_lines_of_lists_and_labels_that_are_none_are_all_told() {
    let replica = Replica::new();
    let [train, val, test] = planned();
    let lines = |planned: &[Planned]| -> String {
        planned
            .iter()
            .map(|clip| format!("{}.flv {}\n", clip.id, clip.label))
            .collect()
    };
    replica.put(
        "splits/80_train_cre.txt",
        lines(&train).replace(" Anger", " anger"),
    );
    replica.put("splits/10_val_cre.txt", lines(&val) + "1001_DFA_ANG_XX\n");
    replica.put("splits/10_test_cre.txt", lines(&test));
    replica.put("AudioWAV/x", "");
    let mut made = Made::new("crema-d", &replica, &[]);
    let error = made.prepare(0).err().unwrap();
    let text = error.to_string();
    for part in [
        "80_train_cre.txt:1:",
        "80_train_cre.txt:7:",
        "did you mean `Anger`?",
        "10_val_cre.txt:7:",
    ] {
        assert!(text.contains(part), "`{part}` is not in: {text}");
    }
    let all = error.in_full();
    assert!(
        all.len() > 2 && all.iter().all(|line| line.contains("_cre.txt:")),
        "{all:?}"
    );
    for (list, clips) in [("80_train", &train), ("10_val", &val), ("10_test", &test)] {
        replica.put(&format!("splits/{list}_cre.txt"), lines(clips));
    }
    made.dataset
        .spec
        .classes
        .retain(|class| *class != val[1].label);
    let text = made.prepare(0).err().unwrap().to_string();
    let place = format!(
        "`{}` of `{}`, splits/10_val_cre.txt:2",
        val[1].label, val[1].id
    );
    assert!(
        text.contains(&place) && !text.contains("80_train_cre.txt:\n"),
        "{text}"
    );
    std::fs::remove_file(replica.path("splits/10_val_cre.txt")).unwrap();
    let text = made.prepare(0).err().unwrap().to_string();
    let remedy = format!(
        "cargo xtask fetch crema-d --raw {}`",
        replica.raw().display()
    );
    assert!(
        text.contains("10_val_cre.txt") && text.contains(&remedy),
        "{text}"
    );
}
