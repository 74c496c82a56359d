//! What the program `amst-fetch` says while it works: one JSON object a line.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::Step;

/// A line of its standard output.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Message {
    /// Something happened to a file.
    Step {
        /// The file's name, as the model or data set calls it.
        file: String,
        /// What.
        #[serde(flatten)]
        step: Step,
    },
    /// Everything is here.
    Done {
        /// The folder.
        folder: PathBuf,
        /// What it holds of what was asked for.
        files: Vec<PathBuf>,
        /// Bytes that came over the network.
        received: u64,
        /// Files whose content nothing known could be compared with.
        unchecked: Vec<PathBuf>,
    },
    /// It is not.
    Failed {
        /// Why, and what to do.
        message: String,
        /// The exit code of the program.
        exit_code: u8,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_one_line_and_comes_back_as_it_was() {
        let step = Step::Received {
            done: 3,
            total: Some(9),
        };
        let step = Message::Step {
            file: "a".into(),
            step,
        };
        let done = Message::Done {
            folder: "f".into(),
            files: vec!["f/a".into()],
            received: 9,
            unchecked: Vec::new(),
        };
        let failed = Message::Failed {
            message: "two\nlines".into(),
            exit_code: 3,
        };
        for message in [step, done, failed] {
            let line = serde_json::to_string(&message).unwrap();
            assert!(!line.contains('\n'));
            assert_eq!(serde_json::from_str::<Message>(&line).unwrap(), message);
        }
        let line = r#"{"kind":"step","file":"a","step":"received","done":3,"total":9}"#;
        assert!(matches!(
            serde_json::from_str(line).unwrap(),
            Message::Step { .. }
        ));
    }
}
