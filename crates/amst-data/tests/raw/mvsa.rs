//! MVSA-Single: pictures and captions, in UTF-8 or ISO-8859-1.

use amst_data::SplitName;

use crate::made::Made;
use crate::replica::mvsa::replica;

#[test]
fn mvsa_is_prepared_from_its_raw_files() {
    let replica = replica();
    let made = Made::new("mvsa-single", &replica, &[]);
    assert_eq!(
        (made.recipe.visual.frames, made.recipe.text.max_length),
        (1, 256)
    );
    let data = made.prepare(0).unwrap();
    for (split, numbers) in [
        (SplitName::Train, 1..13),
        (SplitName::Val, 13..19),
        (SplitName::Test, 19..25),
    ] {
        let part = data.split(split);
        assert_eq!(
            part.ids(),
            numbers
                .clone()
                .map(|number| number.to_string())
                .collect::<Vec<_>>()
        );
        for (index, number) in numbers.enumerate() {
            assert_eq!(part.label(index), number % 3);
            assert_eq!(made.pictures(&part, index), [(number, 255 - number)]);
            let text = if number == 14 {
                "café au lait".into()
            } else {
                format!("RT @a café {number} \u{1f600}")
            };
            assert_eq!(made.text(&part, index), text);
        }
    }

    replica.put("data/15.txt", b"\xff\xfe\0 neither\0\x01");
    replica.truncate("data/16.jpg", 0.5);
    std::fs::remove_file(replica.path("data/20.txt")).unwrap();
    std::fs::remove_file(replica.path("data/21.jpg")).unwrap();
    let text = made.prepare(3).err().unwrap().to_string();
    for part in [
        "data/15.txt: it is neither UTF-8 nor ISO-8859-1",
        "16.jpg is a truncated JPEG",
        "data/20.txt cannot be read",
        "data/21.jpg is not there",
        "--max-bad 4",
    ] {
        assert!(text.contains(part), "`{part}` is not in: {text}");
    }
    let data = made.prepare(4).unwrap();
    assert_eq!(
        SplitName::ALL.map(|split| data.split(split).len()),
        [12, 4, 4]
    );
    let sound = Made::new("mvsa-single", &replica, &["modalities=audio,visual"])
        .prepare(4)
        .err()
        .unwrap();
    assert!(
        sound.to_string().contains("mvsa-single has no audio"),
        "{sound}"
    );
}
