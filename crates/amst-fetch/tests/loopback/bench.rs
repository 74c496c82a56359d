//! A folder, a clock and ears.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use amst_fetch::{
    Clock, Content, Expected, FetchError, Options, Retry, Source, Step, Verified, download,
};

/// Time that passes at once and is written down.
#[derive(Default)]
pub struct Written(Mutex<Vec<Duration>>);

impl Clock for Written {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000)
    }

    fn sleep(&self, wait: Duration) {
        self.0.lock().unwrap().push(wait);
    }
}

/// A folder, a clock, and everything that was said.
pub struct Bench {
    folder: tempfile::TempDir,
    clock: Arc<Written>,
    pub options: Options,
    pub steps: Vec<Step>,
}

impl Bench {
    pub fn new() -> Self {
        let clock = Arc::new(Written::default());
        let options = Options {
            retry: Retry {
                attempts: 4,
                ..Retry::default()
            },
            connect_timeout: Duration::from_secs(2),
            // Long enough for a busy machine; tests of a stall set a shorter one.
            stall_timeout: Duration::from_secs(20),
            offline: false,
            clock: clock.clone(),
        };
        Self {
            folder: tempfile::tempdir().unwrap(),
            clock,
            options,
            steps: Vec::new(),
        }
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn file(&self) -> PathBuf {
        self.folder.path().join("some folder/file.bin")
    }

    pub fn beside(&self, suffix: &str) -> PathBuf {
        self.folder
            .path()
            .join(format!("some folder/file.bin{suffix}"))
    }

    /// Names in the destination's folder.
    pub fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.file().parent().unwrap());
        let names = entries
            .into_iter()
            .flatten()
            .map(|e| e.unwrap().file_name().to_string_lossy().into_owned());
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    }

    /// Waits in milliseconds.
    pub fn waits(&self) -> Vec<u128> {
        self.clock
            .0
            .lock()
            .unwrap()
            .iter()
            .map(Duration::as_millis)
            .collect()
    }

    pub fn get(&mut self, source: &Source) -> Result<Verified, FetchError> {
        let steps = &mut self.steps;
        let file = self.folder.path().join("some folder/file.bin");
        download(source, &file, &self.options, &mut |step| steps.push(step))
    }

    /// The reasons why a download began anew.
    pub fn started_over(&self) -> Vec<&str> {
        fn why(step: &Step) -> Option<&str> {
            match step {
                Step::StartingOver { why } => Some(why),
                _ => None,
            }
        }
        self.steps.iter().filter_map(why).collect()
    }
}

/// Bytes that no two files share.
pub fn content(length: usize) -> Vec<u8> {
    (0..length).map(|i| (i * i / 7 + i) as u8).collect()
}

/// A source that asks for exactly these bytes.
pub fn source(url: String, content: &[u8]) -> Source {
    Source::new(
        url,
        Expected::pinned(content.len() as u64, Content::of_bytes(content).sha256),
    )
}
