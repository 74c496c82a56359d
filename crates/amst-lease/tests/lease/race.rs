//! Sixteen processes that take over one lease at once.

use std::fs;
use std::time::Instant;

use amst_lease::{Lease, LeaseError};

use crate::child::{Child, Start, names, options, say};
use crate::expiry::{age, of_another_machine};

const RACERS: usize = 16;
const ROUNDS: usize = 200;

/// The role of a racer: claims each directory that it is told, and keeps the lease until the next.
pub fn claim_what_is_named() {
    let mut kept = None;
    say("ready");
    for line in std::io::stdin().lines() {
        drop(kept.take());
        match Lease::claim(line.unwrap().as_ref(), &options()) {
            Ok(lease) => {
                kept = Some(lease);
                say("won");
            }
            Err(LeaseError::Held { .. }) => say("held"),
            Err(other) => say(format_args!("failed {other}")),
        }
    }
}

#[test]
fn a_takeover_that_sixteen_processes_race_for_has_one_winner() {
    let start = Instant::now();
    let folder = tempfile::tempdir().unwrap();
    let mut racers: Vec<Child> = (0..RACERS)
        .map(|_| Start::role("race", folder.path(), 60_000).spawn())
        .collect();
    for racer in &mut racers {
        assert_eq!(racer.heard().as_deref(), Some("ready"));
    }
    for round in 0..ROUNDS {
        let dir = folder.path().join(round.to_string());
        fs::create_dir(&dir).unwrap();
        let path = dir.join("lease");
        match round % 4 {
            // There was no owner before.
            0 => {}
            // One that expired.
            1 => drop(of_another_machine(&path, 400)),
            // One that crashed before it wrote its lease.
            2 => {
                fs::write(&path, "").unwrap();
                age(&path, 400);
            }
            // Two, the second of which took over and crashed before it tidied up.
            _ => {
                let first = of_another_machine(&path, 800);
                let name = format!("lease.{}.next", first["uuid"].as_str().unwrap());
                of_another_machine(&dir.join(name), 400);
            }
        }
        for racer in &mut racers {
            racer.tell(dir.to_str().unwrap());
        }
        let told: Vec<String> = racers.iter_mut().filter_map(Child::heard).collect();
        let count = |word| told.iter().filter(|told| *told == word).count();
        assert_eq!(
            (count("won"), count("held")),
            (1, RACERS - 1),
            "round {round}: {told:?}"
        );
        assert_eq!(names(&dir), ["lease"], "round {round}");
    }
    println!(
        "{ROUNDS} takeovers raced by {RACERS} processes in {:.1} s: always one winner",
        start.elapsed().as_secs_f64()
    );
}
