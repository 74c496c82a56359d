//! `amst-fetch NAME`: brings a model into the Hub's cache and says how far it is, one JSON object a line.
//!
//! A program of its own because the libraries that ask the Hub take minutes to build; `cargo xtask fetch` starts it
//! and shows its words as a bar.

use std::collections::HashMap;
use std::io::Write;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use amst_fetch::hub::{Settings, fetch, model};
use amst_fetch::{FetchError, Message, Options, Step};

/// Bytes come thousands of times a second; nobody reads that fast.
const BETWEEN_LINES: Duration = Duration::from_millis(100);

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [name] = arguments.as_slice() else {
        eprintln!("usage: amst-fetch NAME; `cargo xtask fetch --list` shows the names");
        return ExitCode::from(2);
    };
    match bring(name) {
        Ok(done) => {
            say(&done);
            ExitCode::SUCCESS
        }
        Err(error) => {
            let exit_code = error.exit_code();
            say(&Message::Failed { message: error.to_string(), exit_code });
            ExitCode::from(exit_code)
        }
    }
}

fn bring(name: &str) -> Result<Message, FetchError> {
    let mut last = HashMap::<String, Instant>::new();
    let fetched = fetch(model(name)?, &Settings::from_env()?, &Options::from_env(), &mut |file, step| {
        if let Step::Received { done, total } = step {
            let recent = last.get(file).is_some_and(|at| at.elapsed() < BETWEEN_LINES);
            if recent && Some(done) != total {
                return;
            }
            last.insert(file.into(), Instant::now());
        }
        say(&Message::Step { file: file.into(), step });
    })?;
    let folder = fetched.folder;
    Ok(Message::Done {
        folder: folder.path,
        files: folder.files,
        received: fetched.received,
        unchecked: fetched.unchecked,
    })
}

/// Whoever started this may have gone; the download is worth finishing all the same.
fn say(message: &Message) {
    let line = serde_json::to_string(message).unwrap_or_default();
    let _ = writeln!(std::io::stdout(), "{line}");
}
