//! Runs whose recipes differ: panels by recipe, and heat maps over two settings.

use std::path::Path;

use amst_figures::{
    CurveOptions, HeatMapOptions, Metric, RunLog, Split, draw_curves, draw_heat_map,
    panels_by_recipe,
};
use amst_recipe::ModalitySchedule;
use roxmltree::Document;

use crate::drawing::{assert_sound, of_class};
use crate::runs::{Numbers, TWO_SEEDS, write};

/// A run of another learning rate and another s, with a validation accuracy of its own.
fn run(folder: &Path, numbers: &Numbers, lr: f64, every: u32, accuracy: f64) -> RunLog {
    let run = write(&folder.join(format!("{lr}-{every}")), numbers);
    change(&run, |recipe| {
        recipe.optim.lr = lr;
        recipe.skip.audio = ModalitySchedule::Every(every);
    });
    let file = run.join("result.json");
    let text = std::fs::read_to_string(&file).unwrap();
    let mut result: serde_json::Value = serde_json::from_str(&text).unwrap();
    result["selected"]["val_accuracy"] = accuracy.into();
    std::fs::write(&file, result.to_string()).unwrap();
    RunLog::read(&run).unwrap()
}

fn change(run: &Path, change: impl Fn(&mut amst_recipe::Recipe)) {
    let mut log = RunLog::read(run).unwrap();
    change(&mut log.recipe);
    let text = toml::to_string(&log.recipe).unwrap();
    std::fs::write(run.join("recipe.toml"), text).unwrap();
}

#[test]
fn runs_of_other_settings_have_panels_of_their_own_that_name_them() {
    let folder = tempfile::tempdir().unwrap();
    let [zero, one] = &TWO_SEEDS;
    let runs = vec![
        run(folder.path(), zero, 0.1, 2, 0.5),
        run(folder.path(), one, 0.1, 2, 0.5),
        run(folder.path(), zero, 0.1, 3, 0.5),
    ];
    let method = runs[0].method().to_string();
    let panels = panels_by_recipe(runs.clone()).unwrap();
    let titles: Vec<&str> = panels.iter().map(|panel| panel.title()).collect();
    assert_eq!(
        titles,
        [
            format!("{method}, skip.audio = 2"),
            format!("{method}, skip.audio = 3")
        ]
    );
    assert_eq!(panels[0].runs().len(), 2);
    let alone = panels_by_recipe(runs[..2].to_vec()).unwrap();
    assert_eq!(alone[0].title(), method);
    let twice = panels_by_recipe(vec![runs[0].clone(), runs[0].clone()]).unwrap_err();
    assert!(twice.to_string().contains("seed 0 twice"), "{twice}");
}

#[test]
fn a_heat_map_shows_the_mean_of_the_seeds_at_each_pair_of_values() {
    let folder = tempfile::tempdir().unwrap();
    let [zero, one] = &TWO_SEEDS;
    let runs = [
        run(folder.path(), zero, 0.1, 2, 0.5),
        run(folder.path(), one, 0.1, 2, 0.7),
        run(folder.path(), zero, 0.1, 10, 0.25),
        run(folder.path(), zero, 0.02, 2, 0.75),
    ];
    let figure = draw_heat_map(&runs, &HeatMapOptions::default()).unwrap();
    assert_sound(&figure.svg);
    assert_eq!(
        figure.csv,
        "x_key,x,y_key,y,mean,low,high,n\n\
         optim.lr,0.1,skip.audio,10,25,25,25,1\n\
         optim.lr,0.02,skip.audio,2,75,75,75,1\n\
         optim.lr,0.1,skip.audio,2,60,50,70,2\n"
    );
    let document = Document::parse(&figure.svg).unwrap();
    assert_eq!(of_class(document.root(), "cell").len(), 3);
    let turned = HeatMapOptions {
        x: Some("skip.audio".into()),
        ..HeatMapOptions::default()
    };
    let csv = draw_heat_map(&runs, &turned).unwrap().csv;
    assert!(
        csv.contains("skip.audio,10,optim.lr,0.1,25,25,25,1\n"),
        "{csv}"
    );

    let message = draw_heat_map(&runs[..2], &HeatMapOptions::default()).unwrap_err();
    assert!(message.to_string().contains("differ in none"), "{message}");
    let message = draw_heat_map(&runs[..3], &HeatMapOptions::default()).unwrap_err();
    assert!(message.to_string().contains("`skip.audio`"), "{message}");
    let unknown = HeatMapOptions {
        x: Some("skip.audoi".into()),
        ..HeatMapOptions::default()
    };
    let message = draw_heat_map(&runs, &unknown).unwrap_err().to_string();
    assert!(message.contains("`skip.audoi` is not one"), "{message}");
}

#[test]
fn discrepancies_and_test_accuracies_are_drawn_where_they_were_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let run = write(folder.path(), &TWO_SEEDS[0]);
    let panels = panels_by_recipe(vec![RunLog::read(&run).unwrap()]).unwrap();
    let tested = CurveOptions {
        split: Split::Test,
        ..CurveOptions::default()
    };
    let message = draw_curves(&panels, &tested).unwrap_err().to_string();
    assert!(message.contains("test_every_epoch=true"), "{message}");

    let text = std::fs::read_to_string(run.join("events.jsonl")).unwrap();
    let with = text.replace(
        "\"val\":",
        "\"test\":{\"fused\":{\"accuracy\":0.625}},\"val\":",
    );
    assert_ne!(text, with);
    std::fs::write(run.join("events.jsonl"), with).unwrap();
    let panels = panels_by_recipe(vec![RunLog::read(&run).unwrap()]).unwrap();
    let csv = draw_curves(&panels, &tested).unwrap().csv;
    assert!(csv.contains("test accuracy (%),fused,3,62.5,"), "{csv}");
    let balance = CurveOptions {
        metric: Metric::Discrepancy,
        ..CurveOptions::default()
    };
    let csv = draw_curves(&panels, &balance).unwrap().csv;
    assert!(csv.contains("discrepancy ratio,audio,0,1.5,"), "{csv}");
    assert!(!csv.contains("ratio,k"), "{csv}");
}
