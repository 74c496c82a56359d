//! IEMOCAP: dialogues as avi of MPEG-4 (DX50) and PCM, of which each sample is a span.

use super::{Footage, Replica};

pub const AVI: [&str; 6] = ["-c:v", "mpeg4", "-vtag", "DX50", "-c:a", "pcm_s16le"];
pub const LABELS: [&str; 5] = ["ang", "exc", "fru", "neu", "sad"];
/// The three turns of every dialogue, and the frames that a sample takes of them: two are kept of
/// each second, which has 29 frames, and the second begins with the turn.
pub const TURNS: [([f64; 2], [usize; 3]); 3] = [
    ([0.5, 2.3], [15, 29, 44]),
    ([2.6, 5.1], [78, 107, 136]),
    ([5.3, 7.7], [159, 173, 188]),
];

/// A turn by its number.
pub struct Planned {
    pub id: String,
    /// Of which dialogue.
    pub dialogue: usize,
    /// Which of its turns.
    pub turn: usize,
}

pub fn dialogue(number: usize) -> String {
    format!("Ses0{}F_impro{number:02}", number % 5 + 1)
}

pub fn video(number: usize) -> String {
    format!(
        "Session{}/dialog/avi/DivX/{}.avi",
        number % 5 + 1,
        dialogue(number)
    )
}

pub fn hertz(dialogue: usize, turn: usize) -> u32 {
    400 + 300 * turn as u32 + 1000 * (dialogue % 3) as u32
}

pub fn words(number: usize) -> String {
    format!("Turn {number}, isn't it?")
}

/// Fourteen turns to train on, five each to validate and test, of eight dialogues.
pub fn planned() -> [Vec<Planned>; 3] {
    let turn = |number: usize| {
        let (dialogue, turn) = (number / 3, number % 3);
        Planned {
            id: format!("{}_M{turn:03}", self::dialogue(dialogue)),
            dialogue,
            turn,
        }
    };
    [
        (0..14).map(turn).collect(),
        (14..19).map(turn).collect(),
        (19..24).map(turn).collect(),
    ]
}

pub fn replica() -> Replica {
    let replica = Replica::new();
    let mut number = 0;
    for (planned, list) in planned()
        .iter()
        .zip(["iemocap_train", "iemocap_valid", "iemocap_test"])
    {
        let mut lines = String::new();
        for turn in planned {
            let [start, end] = TURNS[turn.turn].0;
            // Of one dialogue, the list leaves the words out.
            let text = if turn.dialogue == 2 {
                "[transcript omitted: licensed corpus]".into()
            } else {
                words(number)
            };
            lines += &format!(
                "{}, {}, {start:.4}, {end:.4} ### {text}\n",
                turn.id,
                LABELS[number % 5]
            );
            number += 1;
        }
        replica.put(&format!("splits/{list}.txt"), lines);
    }
    for number in 0..8 {
        let tones = [
            (2.45, hertz(number, 0)),
            (2.75, hertz(number, 1)),
            (2.8, hertz(number, 2)),
        ];
        let footage = Footage {
            sample: number,
            frames: 240,
            rate: "30000/1001",
            tones: &tones,
            codecs: &AVI,
        };
        replica.film(&format!("IEMOCAP_full_release/{}", video(number)), footage);
    }
    let transcript: String = (0..3)
        .map(|turn| {
            format!(
                "{}_M{turn:03} [000.5000-002.3000]: {}\n",
                dialogue(2),
                words(6 + turn)
            )
        })
        .collect();
    replica.put(
        &format!(
            "IEMOCAP_full_release/Session3/dialog/transcriptions/{}.txt",
            dialogue(2)
        ),
        transcript,
    );
    replica
}
