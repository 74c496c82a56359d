//! What a checkpoint costs: for how long training waits, how long it takes to be on the disk, and
//! how long it is from the start of a process to its first step, of AMST-Full at the paper's width.
//!
//! ```sh
//! cargo bench -p amst-train --bench checkpoint                        # width 64: four ResNet-18s, some minutes
//! AMST_BENCH_WIDTH=16 cargo bench -p amst-train --bench checkpoint
//! ```
//!
//! Inputs are small, since their size changes neither. Run as a test, it only tries itself at width
//! 4.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use amst::methods::built_in;
use amst_data::Prepared;
use amst_recipe::{Cell, DataLock, DatasetSpec, ResolvedDataset};
use amst_train::{
    Checkpoint, Content, Disk, EventKind, FileSystem, Interrupt, Keep, Run, SaveEvery, Signal,
    Trainer,
};
use burn::tensor::Device;

/// Steps of the run, each with a checkpoint.
const STEPS: usize = 6;

fn main() {
    let is_bench = std::env::args().any(|argument| argument == "--bench");
    let width = if is_bench {
        setting("AMST_BENCH_WIDTH", 64)
    } else {
        4
    };
    let (cell, lock) = cell(width);
    let data = Prepared::synthetic(&cell.recipe).expect("a recipe that works");
    let runs = tempfile::tempdir().expect("a temporary folder");
    let timed = Arc::new(Timed::default());
    let (mut steps, mut at) = (0, Instant::now());
    let interrupt = Interrupt::new();
    let run = Run::create_on(timed.clone(), runs.path(), &cell, &lock).expect("a run");
    let dir = run.dir().to_path_buf();
    let trainer = Trainer::new(run, data.clone(), Device::flex()).expect("a trainer");
    let trainer = trainer
        .checkpoints(SaveEvery::Steps(1), Keep::default())
        .stop_on(interrupt.clone());
    let mut step_times = Vec::new();
    let mut hear = |event: &amst_train::Event| {
        if let EventKind::Step { .. } = event.kind {
            step_times.push(at.elapsed());
            (steps, at) = (steps + 1, Instant::now());
            if steps == STEPS {
                interrupt.raise(Signal::Terminate);
            }
        }
    };
    trainer.train(&mut hear).expect_err("it is stopped");
    let bytes = Checkpoint::open(&dir)
        .expect("it left a checkpoint")
        .manifest()
        .bytes();
    println!(
        "width {width}: a checkpoint of {:.0} MB",
        bytes as f64 / 1e6
    );
    println!(
        "  a step with the checkpoint before it: {:.2?}",
        median(step_times)
    );
    println!(
        "  from the first byte to the last on the disk: {:.2?}",
        median(timed.took.lock().unwrap().clone())
    );
    drop(runs);
    waits(&cell, &lock, &data, if is_bench { 10 } else { 1 });
    resumes(&cell, &lock, data);
}

/// How long training waits where the checkpoint before is on the disk already.
fn waits(cell: &Cell, lock: &DataLock, data: &Prepared, pause: u64) {
    let runs = tempfile::tempdir().expect("a temporary folder");
    let run = Run::create(runs.path(), cell, lock).expect("a run");
    let path = run.dir().join("events.jsonl");
    let trainer = Trainer::new(run, data.clone(), Device::flex()).expect("a trainer");
    // After an epoch, of one step: one snapshot each, and a wait for none.
    let trainer = trainer.checkpoints(SaveEvery::Epoch, Keep::default());
    let mut hear = |event: &amst_train::Event| {
        if let EventKind::Epoch { .. } = event.kind {
            std::thread::sleep(Duration::from_secs(pause));
        }
    };
    trainer.train(&mut hear).expect("it ends");
    let text = std::fs::read_to_string(path).expect("its events");
    let events = text.lines().map(|line| {
        serde_json::from_str::<amst_train::Event>(line)
            .expect("an event")
            .kind
    });
    let saves: Vec<Duration> = events
        .filter_map(|kind| match kind {
            EventKind::Epoch { phases, .. } => {
                phases.get("save").copied().map(Duration::from_secs_f64)
            }
            _ => None,
        })
        .collect();
    println!(
        "  training waits for a checkpoint: {:.2?}, at most {:.2?}",
        median(saves.clone()),
        saves.iter().max().unwrap()
    );
}

/// From the start of a process to the end of its first step.
fn resumes(cell: &Cell, lock: &DataLock, data: Prepared) {
    let runs = tempfile::tempdir().expect("a temporary folder");
    let stopped = |runs: &Path| {
        let (start, interrupt) = (Instant::now(), Interrupt::new());
        let run = Run::create(runs, cell, lock).expect("a run");
        let trainer = Trainer::new(run, data.clone(), Device::flex()).expect("a trainer");
        let trainer = trainer
            .checkpoints(SaveEvery::Never, Keep::default())
            .stop_on(interrupt.clone());
        let (mut begun, mut stepped) = (None, None);
        let mut hear = |event: &amst_train::Event| match event.kind {
            EventKind::Start { .. } | EventKind::Resumed { .. } => begun = Some(start.elapsed()),
            EventKind::Step { .. } => {
                stepped.get_or_insert(start.elapsed());
                interrupt.raise(Signal::Again);
            }
            _ => {}
        };
        trainer.train(&mut hear).expect_err("it is stopped");
        (begun.expect("it begins"), stepped.expect("it makes a step"))
    };
    let first = stopped(runs.path());
    let again = stopped(runs.path());
    println!(
        "  from a fresh start to training: {:.2?}, to the end of its first step: {:.2?}",
        first.0, first.1
    );
    println!(
        "  from a checkpoint to training: {:.2?}, to the end of its first step: {:.2?}",
        again.0, again.1
    );
}

fn cell(width: usize) -> (Cell, DataLock) {
    let dataset = ResolvedDataset {
        spec: DatasetSpec::synthetic(),
        root: Default::default(),
    };
    let lock = DataLock::of(&dataset).expect("generated data");
    let settings = [
        "method=amst-full",
        "epochs=8",
        "batch_size=4",
        "synthetic.train=4",
        "synthetic.val=4",
        "synthetic.test=4",
    ];
    let widths = [
        format!("audio.width={width}"),
        format!("visual.width={width}"),
    ];
    let settings: Vec<String> = settings
        .iter()
        .map(|s| s.to_string())
        .chain(widths)
        .collect();
    (
        built_in().cell(
            built_in()
                .resolve(&[dataset.spec.recipe], &settings)
                .expect("a recipe"),
            &lock,
        ),
        lock,
    )
}

fn setting(name: &str, default: usize) -> usize {
    match std::env::var(name) {
        Ok(text) => text
            .parse()
            .unwrap_or_else(|_| panic!("{name}={text} is not a number")),
        Err(_) => default,
    }
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// Notes how long it is from the making of a checkpoint's folder to its last synchronisation.
#[derive(Default)]
struct Timed {
    began: Mutex<Option<Instant>>,
    took: Mutex<Vec<Duration>>,
}

impl FileSystem for Timed {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        *self.began.lock().unwrap() = path.ends_with(".partial").then(Instant::now);
        Disk.create_dir(path)
    }

    fn write(&self, path: &Path, content: Content<'_>) -> io::Result<()> {
        Disk.write(path, content)
    }

    fn append(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        Disk.append(path, bytes)
    }

    fn cut(&self, path: &Path, length: u64) -> io::Result<()> {
        Disk.cut(path, length)
    }

    fn sync(&self, path: &Path) -> io::Result<()> {
        Disk.sync(path)?;
        if path.ends_with("checkpoints") {
            let began = self.began.lock().unwrap().take();
            self.took
                .lock()
                .unwrap()
                .extend(began.map(|began| began.elapsed()));
        }
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        Disk.rename(from, to)
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        Disk.link(from, to)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        Disk.remove_file(path)
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        Disk.remove_dir(path)
    }

    fn available(&self, path: &Path) -> io::Result<u64> {
        Disk.available(path)
    }
}
