//! Layers, assignments, and every rule that a recipe must keep.

use amst::methods::built_in;
use amst_recipe::{Execution, Grid, JointMode, Modality, ModalitySchedule, Recipe, RecipeError};
use serde_json::json;

fn set(assignments: &[&str]) -> Result<Recipe, RecipeError> {
    built_in().resolve(
        &[],
        &assignments
            .iter()
            .map(|a| a.to_string())
            .collect::<Vec<_>>(),
    )
}

/// The message of assignments that must be refused.
fn refused(assignments: &[&str]) -> String {
    set(assignments).expect_err("must be refused").to_string()
}

#[test]
fn nothing_set_is_the_published_recipe() {
    let recipe = set(&[]).unwrap();
    assert_eq!(recipe, *built_in().defaults());
    assert_eq!(
        (recipe.epochs, recipe.batch_size, recipe.optim.lr),
        (100, 64, 1e-3)
    );
    assert_eq!((recipe.audio.target_frames, recipe.audio.mels), (1024, 128));
    assert_eq!(
        (
            recipe.optim.momentum,
            recipe.optim.weight_decay,
            recipe.optim.lr_step
        ),
        (0.9, 1e-4, 70)
    );
}

#[test]
fn a_later_layer_overrides_an_earlier_one_and_assignments_override_both() {
    let dataset =
        json!({ "epochs": 12, "batch_size": 32, "skip": { "audio": 5, "recalibrate": 9 } });
    let experiment = json!({ "batch_size": 16, "skip": { "audio": 1 } });
    let recipe = built_in()
        .resolve(&[dataset, experiment], &["epochs=3".into()])
        .unwrap();
    assert_eq!((recipe.epochs, recipe.batch_size), (3, 16));
    assert_eq!(
        (recipe.skip.audio, recipe.skip.recalibrate),
        (ModalitySchedule::Every(1), 9)
    );
}

#[test]
fn assignments_take_numbers_words_lists_and_never() {
    let recipe = set(&[
        "optim.lr = 0.5",
        "method=amst-alt",
        "joint_mode=alternating",
        "modalities=visual,audio",
        "skip.audio=never",
        "skip.visual=4",
        "skip.execution=official",
        "visual.crop_scale=[]",
        "audio.remove_mean=false",
    ])
    .unwrap();
    assert_eq!(recipe.optim.lr, 0.5);
    assert_eq!(
        (recipe.method.name(), recipe.joint_mode),
        ("amst-alt", JointMode::Alternating)
    );
    assert_eq!(
        recipe.modalities,
        [Modality::Audio, Modality::Visual],
        "in training order"
    );
    assert!(recipe.skip.audio == ModalitySchedule::Never);
    assert_eq!(recipe.skip.visual, ModalitySchedule::Every(4));
    assert_eq!(recipe.skip.execution, Execution::Official);
    assert!(recipe.visual.crop_scale.is_empty() && !recipe.audio.remove_mean);
}

#[test]
fn the_last_of_two_assignments_counts() {
    assert_eq!(set(&["epochs=3", "epochs=4"]).unwrap().epochs, 4);
}

#[test]
fn an_unknown_key_is_answered_with_the_nearest() {
    for (wrong, right) in [
        ("epoch=3", "epochs"),
        ("optim.lrr=1", "optim.lr"),
        ("skip.audoi=2", "skip.audio"),
        ("optm.lr=1", "optim.lr"),
    ] {
        let message = refused(&[wrong]);
        assert!(
            message.contains(&format!("did you mean `{right}`?")),
            "{message}"
        );
    }
    let layer = built_in()
        .resolve(&[json!({ "optim": { "learning_rate": 1 } })], &[])
        .unwrap_err()
        .to_string();
    assert!(
        layer.contains("unknown key `optim.learning_rate`"),
        "{layer}"
    );
}

#[test]
fn a_key_unlike_any_other_gets_no_guess() {
    let message = refused(&["qqq=1"]);
    assert!(
        message.contains("unknown key `qqq`") && !message.contains("did you mean"),
        "{message}"
    );
}

#[test]
fn a_value_of_the_wrong_kind_names_its_key() {
    for wrong in [
        "epochs=many",
        "epochs=-1",
        "optim.lr=fast",
        "method=amst",
        "skip.audio=sometimes",
        "visual.size=[3]",
    ] {
        let key = wrong.split('=').next().unwrap();
        let message = refused(&[wrong]);
        assert!(message.starts_with(&format!("`{key}`: ")), "{message}");
    }
}

#[test]
fn an_assignment_without_an_equals_sign_is_shown_how() {
    assert!(refused(&["epochs"]).contains("write `--set key=value`"));
}

#[test]
fn a_section_cannot_be_set_as_a_whole() {
    assert!(
        refused(&["optim=3"]).contains("is a section"),
        "{}",
        refused(&["optim=3"])
    );
}

#[test]
fn sizes_of_zero_are_refused_by_name() {
    let keys = [
        "epochs",
        "batch_size",
        "eval_batch_size",
        "audio.mels",
        "audio.target_frames",
        "audio.width",
        "visual.frames",
        "visual.width",
        "text.vocabulary",
        "text.max_length",
        "text.width",
        "synthetic.classes",
    ];
    for key in keys {
        let message = refused(&[&format!("{key}=0")]);
        assert!(
            message.starts_with(&format!("`{key}`: must be at least")),
            "{message}"
        );
    }
    assert!(refused(&["visual.size=[224,0]"]).starts_with("`visual.size`"));
    assert!(refused(&["synthetic.classes=1"]).contains("at least 2"));
}

#[test]
fn a_single_value_where_a_list_belongs_is_a_list_of_one() {
    assert_eq!(
        set(&["modalities=audio"]).unwrap().modalities,
        [Modality::Audio]
    );
    let grey = set(&["visual.channels=1", "visual.mean=0.5", "visual.std=0.25"]).unwrap();
    assert_eq!((grey.visual.mean, grey.visual.std), (vec![0.5], vec![0.25]));
    assert!(
        refused(&["visual.size=28"]).starts_with("`visual.size`"),
        "two are needed"
    );
}

#[test]
fn no_modality_or_one_twice_is_refused() {
    assert!(refused(&["modalities=[]"]).starts_with("`modalities`"));
    assert!(refused(&["modalities=audio,audio"]).starts_with("`modalities`"));
}

/// No product of sizes overflows: widths near the largest number once ended in a panic.
#[test]
fn sizes_beyond_a_thousand_million_are_refused_by_name() {
    for key in [
        "audio.width",
        "audio.embed",
        "visual.width",
        "visual.channels",
        "text.width",
        "batch_size",
        "epochs",
        "synthetic.train",
    ] {
        for value in ["1000000001", "2310000000000000000"] {
            let message = refused(&[&format!("{key}={value}")]);
            assert!(
                message.starts_with(&format!("`{key}`: must be at most 1000000000")),
                "{message}"
            );
        }
    }
    let largest = ["audio", "visual"].map(|m| format!("{m}.width=1000000000"));
    let recipe = built_in().resolve(&[], &largest).unwrap();
    let facts = built_in().find(&recipe.method).unwrap();
    assert!(recipe.check_memory(facts, 8 << 30).is_err());
}

#[test]
fn skip_zero_is_refused_with_the_two_things_it_may_have_meant() {
    for modality in Modality::ALL {
        let message = refused(&[&format!("skip.{modality}=0")]);
        assert!(
            message.contains("use 1") && message.contains("never"),
            "{message}"
        );
    }
}

#[test]
fn epochs_are_counted_from_zero_or_one_only() {
    assert!(set(&["skip.epoch_base=1"]).is_ok());
    assert!(refused(&["skip.epoch_base=2"]).starts_with("`skip.epoch_base`"));
}

#[test]
fn an_optimiser_that_cannot_learn_is_refused() {
    let wrong = [
        "optim.lr=0.0",
        "optim.lr=-1.0",
        "optim.lr=inf",
        "optim.lr=nan",
        "optim.lr_gamma=0.0",
        "optim.momentum=1.0",
        "optim.momentum=-0.1",
        "optim.weight_decay=-1e-4",
        "optim.lr_step=0",
    ];
    for assignment in wrong {
        let key = assignment.split('=').next().unwrap();
        let message = refused(&[assignment]);
        assert!(
            message.starts_with(&format!("`{key}`")),
            "{assignment}: {message}"
        );
    }
}

#[test]
fn channels_means_and_crops_must_fit_together() {
    assert!(refused(&["visual.channels=2"]).starts_with("`visual.channels`"));
    assert!(refused(&["visual.channels=1"]).contains("one number for each of 1 channels"));
    assert!(set(&["visual.channels=1", "visual.mean=[0.5]", "visual.std=[0.5]"]).is_ok());
    assert!(refused(&["visual.crop_scale=[0.5]"]).starts_with("`visual.crop_scale`"));
}

#[test]
fn embeddings_of_two_widths_are_refused_with_the_setting_that_joins_them() {
    let message = refused(&["visual.width=32"]);
    assert!(message.contains("`visual.embed=512`"), "{message}");
    assert!(set(&["visual.width=32", "visual.embed=512"]).is_ok());
    assert!(
        set(&["visual.width=32", "modalities=[\"audio\"]"]).is_ok(),
        "an absent modality has no width"
    );
    assert!(refused(&["modalities=audio,text", "text.embed=100"]).contains("`text.embed=512`"));
}

#[test]
fn every_key_can_be_set_to_its_own_default() {
    let defaults = serde_json::to_value(built_in().defaults()).unwrap();
    for key in built_in().keys() {
        let value = defaults
            .pointer(&format!("/{}", key.replace('.', "/")))
            .unwrap();
        if value != "" {
            assert_eq!(
                set(&[&format!("{key}={value}")]).unwrap(),
                *built_in().defaults(),
                "{key}"
            );
        }
    }
}

#[test]
fn table2_has_six_experiments_and_three_seeds() {
    let grid = Grid::named("table2").unwrap();
    assert_eq!(
        grid.experiment
            .iter()
            .map(|e| e.id.as_str())
            .collect::<Vec<_>>(),
        ["1", "2", "3", "4", "5", "6"]
    );
    assert_eq!(grid.seeds, [0, 1, 2]);
    let slip = Grid::named("tabel2").unwrap_err().to_string();
    assert!(slip.contains("did you mean `table2`?"), "{slip}");
    assert!(
        grid.experiment("7")
            .unwrap_err()
            .to_string()
            .contains("1, 2, 3, 4, 5, 6")
    );
}

/// The paper's Table 2: ticks (Alt., Joint, Skip), then CREMA-D, AVE, MVSA, IEMOCAP, UR-FUNNY.
const PAPER_TABLE_2: &str = "
1 - x - 64.0 1.45 59.6 1.76 71.7 0.90 65.3 0.35 68.3 0.25
2 - x x 78.2 0.03 63.2 0.46 72.5 0.79 67.6 0.99 72.1 0.46
3 x - - 74.8 0.35 61.9 1.13 71.0 0.93 65.5 1.69 66.1 0.53
4 x - x 79.0 0.55 62.1 0.76 72.5 0.31 67.5 0.20 70.8 0.34
5 x x - 75.9 1.39 64.3 0.58 72.6 0.07 67.7 1.27 68.4 0.21
6 x x x 80.5 0.77 65.8 0.38 72.6 0.43 68.4 0.54 71.6 0.13";

#[test]
fn published_numbers_are_those_of_the_papers_table_2() {
    let grid = Grid::named("table2").unwrap();
    for (line, experiment) in PAPER_TABLE_2.trim().lines().zip(&grid.experiment) {
        let words: Vec<&str> = line.split(' ').collect();
        assert_eq!(words[0], experiment.id);
        assert_eq!(
            words[1..4].iter().map(|t| *t == "x").collect::<Vec<_>>(),
            experiment.ticks,
            "{line}"
        );
        let numbers: Vec<f64> = words[4..].iter().map(|n| n.parse().unwrap()).collect();
        for (paper, pair) in amst_recipe::PAPER_DATASETS.iter().zip(numbers.chunks(2)) {
            let published = experiment.published[paper.name];
            assert_eq!(
                (published.0, published.1),
                (pair[0], pair[1]),
                "experiment {}, {}",
                words[0],
                paper.name
            );
        }
        assert_eq!(experiment.published.len(), 5);
    }
}

#[test]
fn ticks_say_what_the_settings_do() {
    for experiment in Grid::named("table2").unwrap().experiment {
        let dataset = json!({ "skip": { "audio": 5, "visual": 2 } });
        let recipe = built_in()
            .resolve(&[dataset, experiment.set.clone()], &[])
            .unwrap();
        let method = match experiment.ticks[..2] {
            [false, true] => "amst-joint",
            [true, false] => "amst-alt",
            _ => "amst-full",
        };
        assert_eq!(recipe.method, method, "experiment {}", experiment.id);
        let skips = recipe.skip.audio == ModalitySchedule::Every(5)
            && recipe.skip.visual == ModalitySchedule::Every(2);
        let never_skips = Modality::ALL.iter().all(|m| recipe.skip.of(*m).is_always());
        assert!(
            if experiment.ticks[2] {
                skips
            } else {
                never_skips
            },
            "experiment {}",
            experiment.id
        );
    }
}

/// A descriptor may tune each method by itself; what is set by hand still wins.
#[test]
fn settings_for_one_method_follow_the_others_of_their_layer() {
    let dataset = json!({
        "optim": { "lr": 0.01 },
        "by_method": { "pmr": { "optim": { "lr": 0.04 }, "pmr": { "alpha": 2.0 } } },
    });
    let with = |assignments: &[&str]| {
        let assignments: Vec<String> = assignments.iter().map(|a| a.to_string()).collect();
        built_in()
            .resolve(std::slice::from_ref(&dataset), &assignments)
            .unwrap()
    };
    assert_eq!(with(&["method=naive"]).optim.lr, 0.01);
    let pmr = with(&["method=pmr"]);
    assert_eq!(pmr.optim.lr, 0.04);
    let own: serde_json::Value = pmr.methods.get("pmr").unwrap().to_value();
    assert_eq!(own["alpha"], 2.0);
    assert_eq!(with(&["method=pmr", "optim.lr=0.5"]).optim.lr, 0.5);
    // A row of a table stands above the data set.
    let row = json!({ "method": "pmr", "optim": { "lr": 0.3 } });
    let row = built_in().resolve(&[dataset.clone(), row], &[]).unwrap();
    assert_eq!(row.optim.lr, 0.3);
}

#[test]
fn settings_for_a_method_that_is_none_are_refused() {
    for (by_method, part) in [
        (json!({ "amst-ful": {} }), "did you mean `amst-full`"),
        (json!({ "pmr": { "method": "mla" } }), "leave `method` out"),
        (json!({ "pmr": { "optim": { "rl": 1 } } }), "optim.rl"),
        (json!(3), "by_method.NAME"),
    ] {
        let layer = json!({ "method": "pmr", "by_method": by_method });
        let error = built_in().resolve(&[layer], &[]).unwrap_err().to_string();
        assert!(error.contains(part), "`{part}` is not in: {error}");
    }
}
