//! What the preparation scripts of AMST, MLA and OGM-GE leave on disk.

use std::path::Path;

use super::{Replica, jpeg};

pub const LABELS: [&str; 5] = ["ang", "exc", "fru", "neu", "sad"];
pub const DESCRIPTOR: &str = r#"
name = "iemocap"
title = "IEMOCAP"
layout = "published-features"
classes = ["ang", "exc", "fru", "neu", "sad"]
frames_per_second = 2

[lists]
format = "iemocap"
train = "splits/iemocap_train.txt"
val = "splits/iemocap_valid.txt"
test = "splits/iemocap_test.txt"

[recipe]
modalities = ["audio", "text", "visual"]
"#;

pub fn id(number: usize) -> String {
    format!("Ses0{}F_impro{number:02}_F{number:03}", number % 5 + 1)
}

pub fn torch(name: &str) -> Vec<u8> {
    std::fs::read(
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../amst-data/tests/fixtures/torch")
            .join(name),
    )
    .unwrap()
}

/// A map of 1024 rows, of which the first `rows` are not 0.
pub fn npy(rows: usize, mels: usize, kind: &str) -> Vec<u8> {
    let mut head =
        format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': (1024, {mels}), }}");
    while (10 + head.len() + 1) % 64 != 0 {
        head.push(' ');
    }
    head.push('\n');
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    file.extend((head.len() as u16).to_le_bytes());
    file.extend(head.as_bytes());
    let value = |at: usize| {
        if at / mels < rows {
            -((at % 97) as f32) - 0.5
        } else {
            0.0
        }
    };
    file.extend((0..1024 * mels).flat_map(|at| value(at).to_le_bytes()));
    file
}

pub fn replica() -> Replica {
    let replica = Replica::new();
    for (list, numbers) in ["iemocap_train", "iemocap_valid", "iemocap_test"]
        .iter()
        .zip([0..10, 10..15, 15..20])
    {
        let line = |n: usize| format!("{}, {}, 1.0000, 2.0000 ### words\n", id(n), LABELS[n % 5]);
        replica.put(
            &format!("splits/{list}.txt"),
            numbers.clone().map(line).collect::<String>(),
        );
        for number in numbers {
            let id = id(number);
            replica.put(
                &format!("features/fbank/{id}.npy"),
                npy(100 + number, 128, "<f4"),
            );
            // Seven frames, as a folder may list them in any order.
            for frame in [87, 0, 14, 29, 43, 58, 72] {
                let name = format!("features/IMAGE_KEPT_2_PER_SEC/{id}/{frame:05}.jpg");
                replica.put(&name, jpeg(frame, number));
            }
            let text = ["a", "b", "c"][number % 3];
            for part in ["token", "pm"] {
                let file = format!("features/text_token/roberta-base/{id}_{part}.pt");
                replica.put(&file, torch(&format!("{text}_{part}.pt")));
            }
        }
    }
    replica.put("dataset.toml", DESCRIPTOR);
    replica
}
