//! How long a plan takes. `cargo test -p amst-reproduce --test speed -- --nocapture` prints it.
#![cfg(target_os = "linux")]

mod workspace;

use std::time::Instant;

use amst::methods::built_in;
use amst_recipe::{DataLock, Preset, find_dataset};
use amst_reproduce::{Devices, Plan, PlanFormat, Request};
use workspace::Workspace;

/// The rows of Table 2 that apply to generated data.
const ROWS: usize = 8;

/// Seconds of this thread on a processor: what else the machine does does not count.
fn processor_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    let nanoseconds: f64 = text.split(' ').next().unwrap().parse().unwrap();
    nanoseconds / 1e9
}

/// How long something takes, which is printed.
fn seconds(what: &str, work: impl FnOnce()) -> f64 {
    let (processor, wall) = (processor_seconds(), Instant::now());
    work();
    let seconds = processor_seconds() - processor;
    println!(
        "{what}: {seconds:.2} s of a processor, {:.2} s in all",
        wall.elapsed().as_secs_f64()
    );
    seconds
}

fn plan_within(seeds: usize, limit: f64) {
    let workspace = Workspace::new();
    let list: Vec<String> = (0..seeds).map(|seed| seed.to_string()).collect();
    let args = workspace.args(&["--seeds", &list.join(",")]);
    let devices: Devices = args.device.parse().unwrap();
    let runs = workspace.folders().runs;
    let cells = ROWS * seeds;
    let plan = seconds(&format!("{cells} cells, as text"), || {
        let text = workspace.with_caller(|caller| {
            let request = Request::resolve(&args, caller).unwrap();
            let entries = request.entries(&runs);
            let missing = request.missing(&entries).unwrap();
            Plan::new(&request, &entries, &missing, &runs, 2, &devices).text()
        });
        assert_eq!(text.matches(" missing  ").count(), cells);
    });
    let lines = seconds(&format!("{cells} cells, as lines, recipes written"), || {
        let export = workspace.export(&args);
        let text = export.text(&args.format, PlanFormat::Lines).unwrap();
        assert_eq!(text.lines().count(), cells);
    });
    assert!(plan < limit, "{plan} s, more than {limit} s");
    // Most of it is the file system's, which makes a file for each.
    assert!(lines < 2.0 * limit, "{lines} s, more than twice {limit} s");
}

#[test]
fn a_plan_of_200_cells_takes_less_than_a_second() {
    plan_within(25, 1.0);
}

#[test]
fn a_plan_of_5000_cells_takes_less_than_five_seconds() {
    plan_within(625, 5.0);
}

/// What makes it fast must not change an identity.
#[test]
fn every_seed_has_the_cell_that_is_resolved_for_it_alone() {
    let workspace = Workspace::new();
    let args = workspace.args(&["--seeds", "3,1,4", "--set", "optim.lr=0.02"]);
    workspace.with_caller(|caller| {
        let request = Request::resolve(&args, caller).unwrap();
        let dataset = find_dataset("synthetic", &caller.datasets).unwrap();
        let lock = DataLock::of(&dataset).unwrap();
        assert_eq!(request.cells.len(), 3 * ROWS);
        for wanted in &request.cells {
            let row = request.grid.experiment(&wanted.experiment).unwrap();
            let alone = request.grid.cell(
                built_in(),
                row,
                wanted.cell.recipe.seed,
                &dataset,
                &lock,
                Preset::default(),
                &request.assignments,
            );
            assert_eq!(wanted.cell, alone.unwrap());
        }
    });
}
