//! How many batches a modality must read again after its epoch before validation is what it would be with all of them.
//!
//! ```sh
//! cargo bench --workspace --bench recalibration
//! ```
//!
//! AMST-Alt and AMST-Joint on world-digits, three seeds, forty epochs. Running statistics are not used in training,
//! so that runs with another tail have the same weights to the bit: what their validation accuracies differ by is
//! the tail's doing. Each tail is compared with all batches of the epoch, epoch by epoch, over the epochs in which
//! audio trained and over all; the accuracy of audio alone shows the effect undiluted.

use std::path::{Path, PathBuf};

use amst_data::prepare;
use amst_recipe::{Cell, DataLock, ResolvedDataset, find_dataset, resolve};
use amst_train::{EventKind, Every, Keep, Run, Trainer};
use burn::tensor::Device;

/// Batches that are read again; the last, more than the epoch has, stands for all of it.
const TAILS: [usize; 8] = [0, 1, 2, 5, 10, 15, 20, 1000];

/// Validation accuracy, fused and of audio alone, and whether audio trained.
#[derive(Clone, Copy)]
struct Seen {
    fused: f64,
    audio: f64,
    active: bool,
}

fn main() {
    // `cargo test` only wants to know that it runs.
    let measures = std::env::args().any(|argument| argument == "--bench");
    let (seeds, epochs, tails) = if measures { (3, 40, &TAILS[..]) } else { (1, 2, &[0, 1000][..]) };
    let datasets = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../datasets");
    let dataset = find_dataset("world-digits", &datasets).expect("the embedded data");
    let store = tempfile::tempdir().expect("a temporary folder");
    for method in ["amst-alt", "amst-joint"] {
        let runs: Vec<Vec<Vec<Seen>>> = (0..seeds)
            .map(|seed| tails.iter().map(|tail| run(&dataset, store.path(), (method, seed, epochs, *tail))).collect())
            .collect();
        println!("{method}: mean difference of validation accuracy from all batches, points (largest)");
        println!(
            "{:>6}  {:>22}  {:>22}  {:>22}",
            "tail", "audio, active epochs", "fused, active epochs", "fused, all epochs"
        );
        for (at, tail) in tails.iter().enumerate().take(tails.len() - 1) {
            let of = |value: fn(&Seen) -> f64, only_active: bool| {
                let differences = runs.iter().flat_map(|of_seed| {
                    let all = &of_seed[tails.len() - 1];
                    let pairs = of_seed[at].iter().zip(all).filter(|(own, _)| own.active || !only_active);
                    pairs.map(|(own, all)| 100.0 * (value(own) - value(all)).abs()).collect::<Vec<_>>()
                });
                let differences: Vec<f64> = differences.collect();
                let mean = differences.iter().sum::<f64>() / differences.len() as f64;
                format!("{mean:.2} ({:.1})", differences.iter().copied().fold(0.0, f64::max))
            };
            let (audio, fused) = (|seen: &Seen| seen.audio, |seen: &Seen| seen.fused);
            println!("{tail:>6}  {:>22}  {:>22}  {:>22}", of(audio, true), of(fused, true), of(fused, false));
        }
    }
}

fn run(dataset: &ResolvedDataset, store: &Path, (method, seed, epochs, tail): (&str, u64, usize, usize)) -> Vec<Seen> {
    let settings = [
        format!("method={method}"),
        format!("seed={seed}"),
        format!("epochs={epochs}"),
        format!("skip.recalibrate={tail}"),
        "dataset=world-digits".to_string(),
    ];
    let recipe = resolve(std::slice::from_ref(&dataset.spec.recipe), &settings).expect("settings of a recipe");
    let data = prepare(dataset, &recipe, None, store, &|_| {}).expect("the embedded data can be prepared");
    let lock = DataLock::of(dataset).expect("the embedded data");
    let place: PathBuf = store.join(format!("{method}-{seed}-{tail}"));
    let run = Run::create(&place, &Cell::new(recipe, &lock), &lock).expect("a run's folder");
    let trainer = Trainer::new(run, data, Device::flex()).expect("a trainer");
    let mut seen = Vec::new();
    let finished = trainer.checkpoints(Every::Never, Keep::default()).train(&mut |event| {
        if let EventKind::Epoch { active, val, .. } = &event.kind {
            let (fused, audio) = (val["fused"].accuracy, val["audio"].accuracy);
            seen.push(Seen { fused, audio, active: active.len() > 1 });
        }
    });
    finished.expect("a run that ends");
    seen
}
