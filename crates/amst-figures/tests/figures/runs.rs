//! Run directories written by hand, and what to draw of them.

use std::path::{Path, PathBuf};

use amst_figures::{Panel, RunLog};
use amst_recipe::{Modality, Recipe};
use safetensors::tensor::{Dtype, TensorView, serialize};
use serde_json::{Value, json};

/// Epochs of every run.
pub const EPOCHS: usize = 4;

/// Accuracies in training of one run, by epoch. The audio encoder trains in epochs 0 and 3 only, so
/// that audio and the fused output are measured in these.
pub struct Numbers {
    pub seed: u64,
    pub audio: [f64; 2],
    pub fused: [f64; 2],
    pub visual: [f64; EPOCHS],
    /// Entropy of the test samples by class.
    pub audio_entropy: [f64; 3],
    pub visual_entropy: [f64; 3],
}

/// Titles of Figure 3.
pub const FIGURE3: [&str; 4] = [
    "Alternating without skip",
    "Alternating with skip",
    "Joint without skip",
    "Joint with skip",
];

/// Titles of Figure 4.
pub const FIGURE4: [&str; 3] = ["(a) no measure", "(b) early stopping", "(c) skip training"];

/// Means in per cent: audio 60, 80; fused 60, 95; visual 20, 20, 40, 60. Entropies: audio 1, 0.5,
/// 2; visual 0.25, 1, 0.
pub const TWO_SEEDS: [Numbers; 2] = [
    Numbers {
        seed: 0,
        audio: [0.5, 0.9],
        fused: [0.6, 1.0],
        visual: [0.1, 0.2, 0.3, 0.4],
        audio_entropy: [0.5, 0.5, 1.5],
        visual_entropy: [0.125, 0.75, 0.0],
    },
    Numbers {
        seed: 1,
        audio: [0.7, 0.7],
        fused: [0.6, 0.9],
        visual: [0.3, 0.2, 0.5, 0.8],
        audio_entropy: [1.5, 0.5, 2.5],
        visual_entropy: [0.375, 1.25, 0.0],
    },
];

/// The panel of [`TWO_SEEDS`].
pub fn two_seeds(folder: &Path, title: &str) -> Panel {
    let runs = TWO_SEEDS.map(|numbers| {
        let run = write(folder, &numbers);
        RunLog::read(&run).expect("a whole run")
    });
    Panel::new(title, runs.into()).expect("two seeds of one recipe")
}

/// Writes a finished run and returns its directory.
pub fn write(folder: &Path, numbers: &Numbers) -> PathBuf {
    let run = folder.join(format!("seed-{}", numbers.seed));
    std::fs::create_dir_all(&run).unwrap();
    let recipe = recipe(numbers.seed);
    std::fs::write(run.join("recipe.toml"), toml::to_string(&recipe).unwrap()).unwrap();
    std::fs::write(run.join("events.jsonl"), events(numbers)).unwrap();
    std::fs::write(
        run.join("result.json"),
        result(numbers, &recipe).to_string(),
    )
    .unwrap();
    run
}

fn recipe(seed: u64) -> Recipe {
    Recipe {
        dataset: "known".into(),
        modalities: vec![Modality::Audio, Modality::Visual],
        seed,
        epochs: EPOCHS,
        ..Recipe::default()
    }
}

/// The log of a whole run.
pub fn events(numbers: &Numbers) -> String {
    let mut lines = vec![json!({"schema": 3, "kind": "start", "cell": "c", "epochs": EPOCHS})];
    for epoch in 0..EPOCHS {
        lines.push(epoch_line(numbers, epoch));
    }
    lines.push(json!({"schema": 3, "kind": "done", "epoch": 3, "test_accuracy": 0.5}));
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// The line of an epoch. The learning rate drops in epoch 2.
pub fn epoch_line(numbers: &Numbers, epoch: usize) -> Value {
    let mut train = json!({"visual": metrics(numbers.visual[epoch])});
    let mut active = vec!["visual"];
    if epoch.is_multiple_of(3) {
        active.insert(0, "audio");
        train["audio"] = metrics(numbers.audio[epoch / 3]);
        train["fused"] = metrics(numbers.fused[epoch / 3]);
    }
    json!({
        "schema": 3, "kind": "epoch", "epoch": epoch, "epochs": EPOCHS, "active": active,
        "lr": if epoch < 2 { 0.1 } else { 0.01 }, "train": train,
        "val": {"fused": metrics(0.25)}, "val_accuracy": 0.25,
        "balance": {"discrepancy.audio": 1.5, "k.audio": 0.5, "speed_gap": null},
    })
}

fn metrics(accuracy: f64) -> Value {
    json!({
        "loss": 2.0 - accuracy, "accuracy": accuracy, "confidence": 0.5, "macro_f1": 0.5,
        "true_probability": 0.5, "entropy": 0.75, "class_entropy": [0.5, 1.0, 0.75],
    })
}

fn result(numbers: &Numbers, recipe: &Recipe) -> Value {
    let with_entropy = |entropy: [f64; 3]| {
        let mut metrics = metrics(0.5);
        metrics["class_entropy"] = json!(entropy);
        metrics
    };
    json!({
        "schema": 2, "cell": "c", "data": "d", "recipe": recipe,
        "selected": {"epoch": 3, "val_accuracy": 0.25},
        "test": {
            "samples": 3, "majority_rate": 0.5,
            "outputs": {
                "audio": with_entropy(numbers.audio_entropy),
                "fused": metrics(0.5),
                "visual": with_entropy(numbers.visual_entropy),
            },
        },
        "last_train_loss": {}, "epochs": EPOCHS, "encoder_updates": 1,
    })
}

/// Four samples of classes 0, 0, 1, 2, of which the last is taken for class 1.
pub const LABELS: [i64; 4] = [0, 0, 1, 2];

/// Probabilities of the largest class: 4/9 (of logits ln 1.6, 0, 0), 1, 1 and 1.
fn logits() -> [[f32; 3]; 4] {
    let unsure = 1.6f32.ln();
    [
        [unsure, 0.0, 0.0],
        [90.0, 0.0, 0.0],
        [0.0, 90.0, 0.0],
        [0.0, 90.0, 0.0],
    ]
}

/// Writes `logits.safetensors`, the same for every output, and the head of `predictions.csv`.
pub fn write_logits(run: &Path, labels: &[i64], outputs: &[&str]) {
    let values: Vec<u8> = logits()
        .iter()
        .flatten()
        .flat_map(|value| value.to_le_bytes())
        .collect();
    let classes: Vec<u8> = labels
        .iter()
        .flat_map(|label| label.to_le_bytes())
        .collect();
    let mut tensors = vec![(
        "labels",
        TensorView::new(Dtype::I64, vec![labels.len()], &classes).unwrap(),
    )];
    for output in outputs {
        let view = TensorView::new(Dtype::F32, vec![4, 3], &values).unwrap();
        tensors.push((output, view));
    }
    std::fs::write(
        run.join("logits.safetensors"),
        serialize(tensors, None).unwrap(),
    )
    .unwrap();
    let table = "id,label,fused,p:calm,p:\"loud, very\",p:odd\n";
    let table = table.replace("p:\"loud, very\"", "\"p:loud, very\"");
    std::fs::write(run.join("predictions.csv"), table).unwrap();
}
