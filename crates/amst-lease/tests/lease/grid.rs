//! A thousand cells that sixteen processes work on, which are killed at random.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use amst_lease::{Lease, LeaseError};

use crate::child::{Child, Start, can_run, dir, options, say};

const CELLS: usize = 1000;
const WORKERS: usize = 16;
const EXPIRY: u64 = 1500;

/// A process of another container: no other sees that it was killed, so that its lease must expire.
const CONTAINER: [&str; 3] = ["unshare", "-rpf", "--kill-child"];

/// The role of a worker: works on every cell that has no result, until all have one.
pub fn work() {
    let first = std::process::id() as usize * 61 % CELLS;
    loop {
        let mut missing = 0;
        for number in 0..CELLS {
            let cell = dir().join(format!("{:04}", (first + number) % CELLS));
            if !cell.join("result").exists() {
                missing += 1;
                if let Err(error) = work_on(&cell) {
                    say(format_args!("wrong {error}"));
                }
            }
        }
        if missing == 0 {
            return say("done");
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Works on a cell for a moment. An error is something that a lease should make impossible.
fn work_on(cell: &Path) -> Result<(), String> {
    let lease = match Lease::claim(cell, &options()) {
        Ok(lease) => lease,
        Err(LeaseError::Held { .. } | LeaseError::Unreadable { .. } | LeaseError::Lost { .. }) => {
            return Ok(());
        }
        Err(other) => return Err(other.to_string()),
    };
    if cell.join("result").exists() {
        return Ok(());
    }
    // Whether another process is here is found out by a lock that the leases do not use, and that
    // a process that is killed does not leave behind.
    let inside = File::create(cell.join("inside")).map_err(|error| error.to_string())?;
    if inside.try_lock().is_err() {
        return Err(format!("two processes are in {}", cell.display()));
    }
    std::thread::sleep(Duration::from_millis(30));
    if lease.check().is_err() {
        return Ok(());
    }
    let result = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(cell.join("result"));
    match result {
        Ok(mut file) => file
            .write_all(b"1")
            .map_err(|error| format!("{}: {error}", cell.display())),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            Err(format!("{} is done twice", cell.display()))
        }
        Err(error) => Err(format!("{}: {error}", cell.display())),
    }
}

/// Numbers without a pattern that matters.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005) + 1;
        (self.0 >> 33) as usize % end
    }
}

fn worker(number: usize, dir: &Path, has_containers: bool) -> Child {
    let programs: &[&str] = if has_containers && number.is_multiple_of(4) {
        &CONTAINER
    } else {
        &[]
    };
    Start::through(programs, "grid", dir, EXPIRY).spawn()
}

fn finished(dir: &Path) -> usize {
    (0..CELLS)
        .filter(|cell| dir.join(format!("{cell:04}")).join("result").exists())
        .count()
}

#[test]
fn of_a_thousand_cells_none_is_lost_none_done_twice_though_workers_are_killed() {
    let start = Instant::now();
    let folder = tempfile::tempdir().unwrap();
    for cell in 0..CELLS {
        fs::create_dir(folder.path().join(format!("{cell:04}"))).unwrap();
    }
    let has_containers = can_run(&CONTAINER, "workers whose end no other process sees");
    let start_worker = |number| worker(number, folder.path(), has_containers);
    let mut workers: Vec<Child> = (0..WORKERS).map(start_worker).collect();
    let (mut random, mut kills) = (Random(22), 0);
    while finished(folder.path()) < CELLS * 9 / 10 {
        std::thread::sleep(Duration::from_millis(20));
        let number = random.below(WORKERS);
        workers[number].kill();
        kills += 1;
        while let Some(told) = workers[number].heard() {
            assert_eq!(told, "done");
        }
        workers[number] = start_worker(number);
    }
    for worker in &mut workers {
        while let Some(told) = worker.heard() {
            assert_eq!(told, "done");
        }
        assert!(worker.has_ended());
    }
    assert_eq!(finished(folder.path()), CELLS);
    assert!(kills >= 10, "only {kills} were killed");
    println!(
        "{CELLS} cells by {WORKERS} processes, {kills} times one was killed, in {:.1} s: none \
         lost, none done twice",
        start.elapsed().as_secs_f64()
    );
}
