//! MVSA-Single: pictures and captions, in UTF-8 or ISO-8859-1.

use super::{Replica, jpeg};

pub const LABELS: [&str; 3] = ["negative", "neutral", "positive"];

/// Twelve pairs to train on, six each to validate and test.
pub fn replica() -> Replica {
    let replica = Replica::new();
    let ranges = [1..13, 13..19, 19..25];
    for (list, numbers) in ["my_train_mvsa", "my_val_mvsa", "my_test_mvsa"]
        .iter()
        .zip(ranges)
    {
        let lines: String = numbers
            .clone()
            .map(|n| format!("{n}.jpg {}\n", LABELS[n % 3]))
            .collect();
        replica.put(&format!("splits/{list}.txt"), lines);
        for number in numbers {
            replica.put(&format!("data/{number}.jpg"), jpeg(number, 255 - number));
            replica.put(
                &format!("data/{number}.txt"),
                format!("RT @a caf\u{e9} {number} \u{1f600}\n"),
            );
        }
    }
    // As it was saved under ISO-8859-1.
    replica.put("data/14.txt", b"caf\xe9 au lait\r\n");
    replica
}
