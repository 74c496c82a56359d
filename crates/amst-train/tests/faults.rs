//! A disk that fails: each thing that is asked of it in turn, in two ways. What was saved before
//! can be resumed, and what was being saved is there whole or not at all.

#[allow(dead_code)] // Shared with the tests of equal runs, which need more of it.
#[path = "reproducibility/cells.rs"]
mod cells;

use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use amst_data::Prepared;
use amst_recipe::{Cell, CellResult, DataLock};
use amst_train::{
    Checkpoint, Content, Disk, FileSystem, Keep, Run, SaveEvery, TrainError, Trainer,
};
use burn::tensor::Device;

/// Two epochs of two steps of the smallest network there is.
const TINY: [&str; 7] = [
    "method=unimodal",
    "modalities=text",
    "epochs=2",
    "batch_size=16",
    "synthetic.train=32",
    "synthetic.val=16",
    "synthetic.test=16",
];

/// Fails the n-th thing that is asked of it. A write that fails has written half.
struct Faulty {
    count: AtomicUsize,
    fails_at: usize,
    kind: ErrorKind,
    free: u64,
}

impl Faulty {
    fn at(fails_at: usize, kind: ErrorKind) -> Arc<Self> {
        Arc::new(Self {
            count: AtomicUsize::new(0),
            fails_at,
            kind,
            free: u64::MAX,
        })
    }

    fn asked(&self) -> io::Result<()> {
        match self.count.fetch_add(1, Ordering::SeqCst) + 1 == self.fails_at {
            true => Err(self.kind.into()),
            false => Ok(()),
        }
    }

    fn failed(&self) -> bool {
        self.count.load(Ordering::SeqCst) >= self.fails_at
    }
}

struct HalfWritten<'a> {
    disk: &'a Faulty,
    file: &'a mut dyn Write,
}

impl Write for HalfWritten<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.disk.asked() {
            Ok(()) => self.file.write(bytes),
            Err(error) => {
                self.file.write_all(&bytes[..bytes.len() / 2])?;
                self.file.flush()?;
                Err(error)
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl FileSystem for Faulty {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        self.asked()?;
        Disk.create_dir(path)
    }

    fn write(&self, path: &Path, content: Content<'_>) -> io::Result<()> {
        self.asked()?;
        Disk.write(path, &mut |file| {
            content(&mut HalfWritten { disk: self, file })
        })?;
        // All was written, and then the disk did not have it after all.
        self.asked()
    }

    fn append(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        if let Err(error) = self.asked() {
            Disk.append(path, &bytes[..bytes.len() / 2])?;
            return Err(error);
        }
        Disk.append(path, bytes)
    }

    fn cut(&self, path: &Path, length: u64) -> io::Result<()> {
        self.asked()?;
        Disk.cut(path, length)
    }

    fn sync(&self, path: &Path) -> io::Result<()> {
        self.asked()?;
        Disk.sync(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.asked()?;
        Disk.rename(from, to)
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.asked()?;
        Disk.link(from, to)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.asked()?;
        Disk.remove_file(path)
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        self.asked()?;
        Disk.remove_dir(path)
    }

    fn available(&self, _: &Path) -> io::Result<u64> {
        Ok(self.free)
    }
}

struct Bench {
    cell: Cell,
    lock: DataLock,
    data: Prepared,
}

impl Bench {
    fn new() -> Self {
        let (cell, lock) = cells::cell(&TINY);
        let data = Prepared::synthetic(&cell.recipe).unwrap();
        Self { cell, lock, data }
    }

    fn train(
        &self,
        disk: Arc<dyn FileSystem>,
        runs: &Path,
        keep: &str,
    ) -> Result<CellResult, TrainError> {
        let run = Run::create_on(disk, runs, &self.cell, &self.lock)?;
        let trainer = Trainer::new(run, self.data.clone(), Device::flex())?;
        trainer
            .checkpoints(SaveEvery::Steps(1), keep.parse::<Keep>().unwrap())
            .train(&mut |_| {})
    }

    fn dir(&self, runs: &Path) -> PathBuf {
        runs.join(self.cell.run_dir())
    }
}

fn states(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir.join("checkpoints"))
        .into_iter()
        .flatten()
        .flatten();
    let is_state = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().starts_with('0');
    let mut states: Vec<_> = entries.map(|entry| entry.path()).filter(is_state).collect();
    states.sort();
    states
}

/// What a message must name: the path and, where the disk is full, the bytes.
fn assert_told(error: &TrainError, runs: &Path, kind: ErrorKind) {
    let message = error.to_string();
    assert!(message.contains(&runs.display().to_string()), "{message}");
    assert_eq!(error.exit_code(), 3, "{message}");
    if let TrainError::Space { .. } = error {
        assert!(
            kind == ErrorKind::StorageFull && message.contains("bytes are needed"),
            "{message}"
        );
    }
}

fn each_fails_in_turn(kind: ErrorKind) -> usize {
    let bench = Bench::new();
    let whole = tempfile::tempdir().unwrap();
    bench.train(Arc::new(Disk), whole.path(), "best").unwrap();
    let result = std::fs::read(bench.dir(whole.path()).join("result.json")).unwrap();
    for n in 1.. {
        let runs = tempfile::tempdir().unwrap();
        let disk = Faulty::at(n, kind);
        let outcome = bench.train(disk.clone(), runs.path(), "best");
        if !disk.failed() {
            assert!(n > 150, "only {n} things were asked of the disk");
            return n - 1;
        }
        let dir = bench.dir(runs.path());
        match outcome {
            Err(error) => assert_told(&error, runs.path(), kind),
            // A second name that a file system does not give, or the event of an error.
            Ok(_) => assert!(dir.join("result.json").exists()),
        }
        for state in states(&dir) {
            // One that is being removed may have lost its manifest; there are two newer ones then.
            let newest = states(&dir);
            if newest[newest.len().saturating_sub(2)..].contains(&state) {
                Checkpoint::open(&state)
                    .unwrap()
                    .verify()
                    .unwrap_or_else(|e| panic!("{kind:?} at {n}: {e}"));
            }
        }
        let finished = Run::finished(runs.path(), &bench.cell)
            .unwrap_or_else(|e| panic!("{kind:?} at {n}: {e}"));
        if finished.is_none() {
            bench
                .train(Arc::new(Disk), runs.path(), "best")
                .unwrap_or_else(|e| panic!("{kind:?} at {n}: {e}"));
        }
        let again = std::fs::read(dir.join("result.json")).unwrap();
        assert!(again == result, "{kind:?} at {n}: another result");
    }
    unreachable!("the disk is asked for finitely many things")
}

#[test]
fn a_disk_that_is_full_at_any_write_loses_nothing_that_was_saved() {
    println!(
        "{} writes failed for lack of disk space, zero lost",
        each_fails_in_turn(ErrorKind::StorageFull)
    );
}

#[test]
fn a_disk_that_breaks_at_any_write_loses_nothing_that_was_saved() {
    println!(
        "{} writes failed, zero lost",
        each_fails_in_turn(ErrorKind::Other)
    );
}

#[test]
fn a_run_without_enough_disk_space_is_refused_before_its_first_step() {
    let bench = Bench::new();
    let runs = tempfile::tempdir().unwrap();
    let small = Faulty {
        count: AtomicUsize::new(0),
        fails_at: usize::MAX,
        kind: ErrorKind::Other,
        free: 1000,
    };
    let error = bench
        .train(Arc::new(small), runs.path(), "best")
        .unwrap_err();
    let TrainError::Space {
        path,
        need,
        free: 1000,
    } = &error
    else {
        panic!("{error}")
    };
    // 32 tokens of width 16, a layer of 16 x 16 + 16 and a head of 16 x 4 + 4 numbers of four
    // bytes: network, velocities and best network, three times.
    let network = 4 * (32 * 16 + 16 * 16 + 16 + 16 * 4 + 4);
    assert_eq!((path, *need), (&bench.dir(runs.path()), 9 * network));
    assert!(
        error.to_string().contains("--out") && error.exit_code() == 3,
        "{error}"
    );
    assert!(states(&bench.dir(runs.path())).is_empty());
}

#[test]
fn a_read_only_disk_is_reported_with_the_path() {
    let bench = Bench::new();
    let runs = tempfile::tempdir().unwrap();
    let error = bench
        .train(
            Faulty::at(1, ErrorKind::ReadOnlyFilesystem),
            runs.path(),
            "best",
        )
        .unwrap_err();
    assert!(matches!(error, TrainError::Io { .. }), "{error}");
    assert_told(&error, runs.path(), ErrorKind::ReadOnlyFilesystem);
    assert!(error.to_string().contains("--out"), "{error}");
}
