//! `amst-fetch model NAME` and `amst-fetch dataset NAME RAW [POINTERS]`: brings files and says how
//! far it is, one JSON object a line.
//!
//! A program of its own because the libraries that ask the Hub take minutes to build; `cargo xtask
//! fetch` starts it and shows a progress bar.

use std::collections::HashMap;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use amst_fetch::datasets::{self, Recipe};
use amst_fetch::hub::{self, Settings, model};
use amst_fetch::{Client, FetchError, Message, Options, Step};

/// Bytes come thousands of times a second, which is too fast to read.
const BETWEEN_LINES: Duration = Duration::from_millis(100);

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let outcome = match arguments.as_slice() {
        ["model", name] => bring_model(name),
        ["dataset", name, raw] => bring_dataset(name, Path::new(raw), None),
        ["dataset", name, raw, pointers] => {
            bring_dataset(name, Path::new(raw), Some(Path::new(pointers)))
        }
        _ => {
            eprintln!("usage: amst-fetch model NAME, or amst-fetch dataset NAME RAW [POINTERS]");
            eprintln!("`cargo xtask fetch --list` shows the names");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(done) => {
            say(&done);
            ExitCode::SUCCESS
        }
        Err(error) => {
            let exit_code = error.exit_code();
            say(&Message::Failed {
                message: error.to_string(),
                exit_code,
            });
            ExitCode::from(exit_code)
        }
    }
}

fn bring_model(name: &str) -> Result<Message, FetchError> {
    let mut lines = Lines::default();
    let (settings, options) = (Settings::from_env()?, Options::from_env());
    let fetched = hub::fetch(model(name)?, &settings, &options, &mut |file, step| {
        lines.say(file, step)
    })?;
    let folder = fetched.folder;
    Ok(Message::Done {
        folder: folder.path,
        files: folder.files,
        received: fetched.received,
        unchecked: fetched.unchecked,
    })
}

fn bring_dataset(name: &str, raw: &Path, pointers: Option<&Path>) -> Result<Message, FetchError> {
    let mut lines = Lines::default();
    let client = Client::new(Options::from_env());
    let recipe = Recipe::find(name)?;
    let done = datasets::fetch(&client, &recipe, raw, pointers, &mut |file, step| {
        lines.say(file, step)
    })?;
    let received = done.iter().map(|file| file.received).sum();
    // The paths, thousands of them, follow from the recipe.
    Ok(Message::Done {
        folder: raw.into(),
        files: Vec::new(),
        received,
        unchecked: Vec::new(),
    })
}

/// Says what happens to files, but of bytes only now and then.
#[derive(Default)]
struct Lines {
    /// When each file's bytes were last reported.
    reported: HashMap<String, Instant>,
}

impl Lines {
    fn say(&mut self, file: &str, step: Step) {
        if let Step::Received { done, total } = step {
            let recent = self
                .reported
                .get(file)
                .is_some_and(|at| at.elapsed() < BETWEEN_LINES);
            if recent && Some(done) != total {
                return;
            }
            self.reported.insert(file.into(), Instant::now());
        }
        say(&Message::Step {
            file: file.into(),
            step,
        });
    }
}

/// The program that started this may have ended; the download is finished all the same.
fn say(message: &Message) {
    let line = serde_json::to_string(message).unwrap_or_default();
    let _ = writeln!(std::io::stdout(), "{line}");
}
