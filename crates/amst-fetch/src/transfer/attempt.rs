//! Attempts in a row, until the file is complete or there is no use in another.

use std::path::Path;
use std::time::Duration;

use amst_files::{folder_of, read_block};

use super::address::shown_text;
use super::http::{Answer, Http, reading};
use super::options::Options;
use super::partial::{Notes, Partial};
use super::retry::Failure;
use crate::{Content, Difference, FetchError, Source, Step, Verified};

/// Bytes that are read and written at once.
const BLOCK: usize = 128 << 10;

pub(crate) struct Transfer<'a> {
    source: &'a Source,
    destination: &'a Path,
    http: &'a Http,
    options: &'a Options,
    progress: &'a mut dyn FnMut(Step),
    received: u64,
    /// The most bytes that were ever here; only more than that counts as progress.
    furthest: u64,
    failures: u32,
    /// Whether bytes of several answers are in the file.
    pieced: bool,
    /// Whether a file of several pieces was wrong before.
    pieced_wrong: bool,
}

/// All bytes are here.
enum Complete {
    Right(Content),
    Wrong(Difference),
}

impl<'a> Transfer<'a> {
    pub(crate) fn new(
        source: &'a Source,
        destination: &'a Path,
        http: &'a Http,
        options: &'a Options,
        progress: &'a mut dyn FnMut(Step),
    ) -> Self {
        Self {
            source,
            destination,
            http,
            options,
            progress,
            received: 0,
            furthest: 0,
            failures: 0,
            pieced: false,
            pieced_wrong: false,
        }
    }

    pub(crate) fn run(mut self, mut partial: Partial) -> Result<Verified, FetchError> {
        match self.bring(&mut partial) {
            Ok(Complete::Right(content)) => {
                partial.finish()?;
                Ok(Verified {
                    path: self.destination.into(),
                    content,
                    received: self.received,
                })
            }
            Ok(Complete::Wrong(difference)) => {
                let quarantine = partial.quarantine()?;
                (self.progress)(Step::Quarantined {
                    path: quarantine.clone(),
                    why: difference.to_string(),
                });
                Err(FetchError::Wrong {
                    url: shown_text(&self.source.url),
                    difference: difference.into(),
                    quarantine,
                })
            }
            Err(error) => {
                // An empty file would only be in the way; bytes are worth keeping.
                if partial.length() == 0 {
                    partial.remove()?;
                }
                Err(error)
            }
        }
    }

    /// Attempts until all bytes are here, checked or not to be had. Pieces of several answers that
    /// make no right file are thrown away once, because one of them may be of an older version.
    fn bring(&mut self, partial: &mut Partial) -> Result<Complete, FetchError> {
        self.furthest = partial.length();
        loop {
            match self.attempt(partial) {
                Ok(()) => {}
                Err(Failure::Final(error)) => return Err(error),
                Err(Failure::Passing { why, retry_after }) => {
                    partial.sync()?;
                    self.pause(why, retry_after, partial.length())?;
                    continue;
                }
            }
            partial.sync()?;
            (self.progress)(Step::Verifying);
            // Read from the disk, so that what is checked is what stays.
            let content = Content::of_file(partial.path())?;
            match self.source.expected.differs(&content) {
                None => return Ok(Complete::Right(content)),
                Some(_) if self.pieced && !self.pieced_wrong => {
                    self.pieced_wrong = true;
                    let why = "the pieces do not make the file that was asked for";
                    self.start_over(partial, why)?;
                }
                Some(difference) => return Ok(Complete::Wrong(difference)),
            }
        }
    }

    fn attempt(&mut self, partial: &mut Partial) -> Result<(), Failure> {
        let size = self.source.expected.size;
        let validator = partial
            .notes(self.source.expected)
            .and_then(|notes| notes.validator);
        if partial.length() > 0 {
            if size.is_some_and(|size| partial.length() > size) {
                self.start_over(partial, "more is here than the file has")?;
            } else if size == Some(partial.length()) {
                self.pieced = true;
                return Ok(());
            } else if validator.is_none() {
                self.start_over(partial, "nothing tells whether the file is still the same")?;
            }
        }
        let range = match (partial.length(), &validator) {
            (from @ 1.., Some(validator)) => {
                vec![
                    ("range", format!("bytes={from}-")),
                    ("if-range", validator.clone()),
                ]
            }
            _ => Vec::new(),
        };
        let answer = self.http.get(self.source, &range, self.options)?;
        let total = self.accept(partial, &answer, validator)?;
        self.check_space(partial, total)?;
        self.receive(partial, answer, total)
    }

    /// Makes the unfinished file ready for what the answer brings; the length of the whole, if
    /// it is known.
    fn accept(
        &mut self,
        partial: &mut Partial,
        answer: &Answer,
        asked_for: Option<String>,
    ) -> Result<Option<u64>, Failure> {
        let validator = validator(answer);
        match answer.status {
            206 if partial.length() > 0 => {
                let range = answer.header("content-range").and_then(content_range);
                let Some((from, total)) = range.filter(|(from, _)| *from == partial.length())
                else {
                    let why = "the server sent another part than it was asked for";
                    self.start_over(partial, why)?;
                    return Err(Failure::passing(why));
                };
                if validator.is_some() && validator != asked_for {
                    let why = "the file changed at its source";
                    self.start_over(partial, why)?;
                    return Err(Failure::passing(why));
                }
                (self.progress)(Step::Resuming { from });
                self.pieced = true;
                self.agreed(total)
            }
            200 => {
                if partial.length() > 0 {
                    self.start_over(partial, "the server sends the file anew")?;
                }
                let total = self.agreed(answer.length())?;
                partial.note(&Notes {
                    validator,
                    expected: self.source.expected,
                })?;
                Ok(total)
            }
            status => {
                self.start_over(partial, "the server has no such part")?;
                Err(Failure::passing(format!(
                    "the server answers {status} to a request for a part"
                )))
            }
        }
    }

    /// The length of the whole file, where what is known and what the server says do not contradict
    /// each other.
    fn agreed(&self, said: Option<u64>) -> Result<Option<u64>, Failure> {
        match (self.source.expected.size, said) {
            (Some(expected), Some(found)) if expected != found => Err(FetchError::Length {
                url: shown_text(&self.source.url),
                expected,
                found,
            }
            .into()),
            (known, said) => Ok(known.or(said)),
        }
    }

    fn check_space(&self, partial: &Partial, total: Option<u64>) -> Result<(), Failure> {
        let needed = total.unwrap_or(0).saturating_sub(partial.length());
        // A file system that cannot be asked may still have enough.
        match fs4::available_space(folder_of(self.destination)) {
            Ok(free) if free < needed => Err(FetchError::Space {
                path: self.destination.into(),
                needed,
                available: Some(free),
            }
            .into()),
            _ => Ok(()),
        }
    }

    fn receive(
        &mut self,
        partial: &mut Partial,
        answer: Answer,
        total: Option<u64>,
    ) -> Result<(), Failure> {
        partial.seek_end()?;
        let mut body = answer.into_reader();
        let mut block = vec![0; BLOCK];
        loop {
            let read = read_block(&mut body, &mut block)
                .map_err(|error| reading(error, self.options.stall_timeout))?;
            if read == 0 {
                break;
            }
            self.received += read as u64;
            let found = partial.length() + read as u64;
            if let Some(expected) = total.filter(|total| found > *total) {
                partial.empty()?;
                return Err(FetchError::Length {
                    url: shown_text(&self.source.url),
                    expected,
                    found,
                }
                .into());
            }
            partial.append(
                &block[..read],
                total.unwrap_or(found).saturating_sub(partial.length()),
            )?;
            (self.progress)(Step::Received {
                done: partial.length(),
                total,
            });
        }
        match total {
            Some(total) if partial.length() < total => Err(Failure::passing(format!(
                "it broke off after {} of {total} bytes",
                partial.length()
            ))),
            _ => Ok(()),
        }
    }

    fn start_over(&mut self, partial: &mut Partial, why: &str) -> Result<(), FetchError> {
        (self.progress)(Step::StartingOver { why: why.into() });
        self.pieced = false;
        partial.empty()
    }

    /// Waits before the next attempt, or gives up.
    fn pause(
        &mut self,
        why: String,
        retry_after: Option<(u16, Duration)>,
        here: u64,
    ) -> Result<(), FetchError> {
        self.failures = if here > self.furthest {
            1
        } else {
            self.failures + 1
        };
        self.furthest = self.furthest.max(here);
        self.options.wait_after(
            self.failures,
            &self.source.url,
            why,
            retry_after,
            self.progress,
        )
    }
}

/// What `If-Range` may carry: a strong entity tag, else a date.
fn validator(answer: &Answer) -> Option<String> {
    let tag = answer.header("etag").filter(|tag| tag.starts_with('"'));
    tag.or_else(|| answer.header("last-modified"))
        .map(String::from)
}

/// The first byte and the whole length of `bytes 10-99/100`; the length may be a star.
fn content_range(text: &str) -> Option<(u64, Option<u64>)> {
    let (range, total) = text.trim().strip_prefix("bytes ")?.split_once('/')?;
    let from = range.split_once('-')?.0.parse().ok()?;
    match total {
        "*" => Some((from, None)),
        total => Some((from, Some(total.parse().ok()?))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_content_range_says_where_it_starts_and_how_long_the_whole_is() {
        assert_eq!(content_range("bytes 10-99/100"), Some((10, Some(100))));
        assert_eq!(content_range("bytes 0-0/*"), Some((0, None)));
        for wrong in [
            "",
            "bytes",
            "bytes 1/2",
            "bytes */100",
            "items 0-1/2",
            "bytes -5/9",
            "bytes 1-2/x",
        ] {
            assert_eq!(content_range(wrong), None, "{wrong}");
        }
    }
}
