//! What `amst train --progress json` says, one JSON object a line.

use serde::Deserialize;

/// A line of a child's standard output.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Message {
    /// Before the first epoch.
    Start {
        /// Epochs that it will take.
        epochs: usize,
        /// Identity of the cell that the child trains.
        cell: String,
    },
    /// Instead, where a run goes on.
    Resumed {
        /// Identity of the cell that the child trains.
        cell: String,
        /// Epochs in all.
        epochs: usize,
        /// Epochs that are done.
        epoch: usize,
    },
    /// After each epoch.
    Epoch {
        /// Fused accuracy on the validation split.
        val_accuracy: f64,
    },
    /// After the last.
    Done {
        /// Fused accuracy on the test split at the selected epoch.
        test_accuracy: f64,
    },
}

impl Message {
    /// The message of a line; `None` for anything else that a child may print.
    pub fn parse(line: &str) -> Option<Self> {
        serde_json::from_str(line).ok()
    }

    /// The identity of the cell that the child trains, where the message tells it.
    pub fn cell(&self) -> Option<&str> {
        match self {
            Self::Start { cell, .. } | Self::Resumed { cell, .. } => Some(cell),
            Self::Epoch { .. } | Self::Done { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_understood_whatever_else_it_carries() {
        let start = r#"{"kind":"start","epochs":12,"cell":"ab"}"#;
        assert_eq!(
            Message::parse(start),
            Some(Message::Start {
                epochs: 12,
                cell: "ab".into()
            })
        );
        let resumed = r#"{"kind":"resumed","cell":"ab","epochs":12,"epoch":3,"step":7,"notes":[]}"#;
        assert_eq!(
            Message::parse(resumed),
            Some(Message::Resumed {
                cell: "ab".into(),
                epochs: 12,
                epoch: 3
            })
        );
        let epoch = r#"{"kind":"epoch","epoch":3,"epochs":12,"val_accuracy":0.83,"seconds":1.2}"#;
        assert_eq!(
            Message::parse(epoch),
            Some(Message::Epoch { val_accuracy: 0.83 })
        );
        let done = r#"{"kind":"done","test_accuracy":0.84}"#;
        assert_eq!(
            Message::parse(done),
            Some(Message::Done {
                test_accuracy: 0.84
            })
        );
    }

    #[test]
    fn other_lines_are_ignored() {
        for line in ["", "hello", "{", r#"{"kind":"song"}"#, "[1]"] {
            assert_eq!(Message::parse(line), None, "{line}");
        }
    }
}
