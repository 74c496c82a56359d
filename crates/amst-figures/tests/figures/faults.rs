//! What is wrong is said, with a remedy.

use amst_figures::{
    BarOptions, CurveOptions, FigureError, PageOptions, Panel, RunLog, figure3, figure4, find_runs,
};

use crate::runs::{TWO_SEEDS, events, two_seeds, write};

#[test]
fn a_folder_without_runs() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("inner")).unwrap();
    let message = find_runs(folder.path()).unwrap_err().to_string();
    assert!(message.contains("there is no run in"), "{message}");
    assert!(message.contains("amst train --out"), "{message}");
    let message = RunLog::read(folder.path()).unwrap_err().to_string();
    assert!(message.contains("amst status"), "{message}");
    let missing = folder.path().join("missing");
    let error = RunLog::read_below(&missing).unwrap_err();
    assert!(matches!(error, FigureError::Read { .. }), "{error}");
}

#[test]
fn runs_are_found_in_the_order_of_their_paths() {
    let folder = tempfile::tempdir().unwrap();
    let runs = folder.path().join("known/naive");
    let written = TWO_SEEDS.map(|numbers| write(&runs, &numbers));
    assert_eq!(find_runs(folder.path()).unwrap(), written);
    assert_eq!(find_runs(&written[0]).unwrap(), written[..1]);
}

/// Exports have a folder for each data set and method.
#[test]
fn a_recipe_whose_names_lead_to_other_folders_is_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let run = write(folder.path(), &TWO_SEEDS[0]);
    let file = run.join("recipe.toml");
    let recipe = std::fs::read_to_string(&file).unwrap();
    for (key, whole) in [
        ("dataset", "dataset = \"known\""),
        ("method", "method = \"\""),
    ] {
        assert!(recipe.contains(whole), "{recipe}");
        let other = recipe.replace(whole, &format!("{key} = \"../../evil\""));
        std::fs::write(&file, other).unwrap();
        let error = RunLog::read(&run).unwrap_err();
        let message = error.to_string();
        assert!(
            matches!(error, FigureError::Damaged { .. }) && message.contains("call it `evil`"),
            "{message}"
        );
    }
}

#[test]
fn a_broken_line_is_named_and_a_cut_one_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let run = write(folder.path(), &TWO_SEEDS[0]);
    let log = run.join("events.jsonl");
    let whole = events(&TWO_SEEDS[0]);
    let lines: Vec<&str> = whole.split_inclusive('\n').collect();

    let broken = format!("{}{}{}", lines[0], "{\"kind\":\"epo\n", lines[2]);
    std::fs::write(&log, broken).unwrap();
    let message = RunLog::read(&run).unwrap_err().to_string();
    assert!(message.contains("events.jsonl:2: "), "{message}");
    assert!(message.contains("train the run again"), "{message}");

    // An epoch without its numbers is no event either.
    std::fs::write(
        &log,
        format!("{}{{\"kind\":\"epoch\",\"epoch\":0}}\n", lines[0]),
    )
    .unwrap();
    let message = RunLog::read(&run).unwrap_err().to_string();
    assert!(message.contains("events.jsonl:2: "), "{message}");

    for cut in 0..lines[1].len() {
        std::fs::write(&log, format!("{}{}", lines[0], &lines[1][..cut])).unwrap();
        // Only the end of the line is missing: the epoch is whole.
        let expected = usize::from(cut + 1 == lines[1].len());
        assert_eq!(
            RunLog::read(&run).unwrap().epochs.len(),
            expected,
            "cut at {cut}"
        );
    }
    // In the middle of a letter, too.
    std::fs::write(&log, [whole.as_bytes(), b"{\"kind\":\"\xc3"].concat()).unwrap();
    assert_eq!(RunLog::read(&run).unwrap().epochs.len(), 4);
}

#[test]
fn another_version_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let run = write(folder.path(), &TWO_SEEDS[0]);
    std::fs::write(
        run.join("events.jsonl"),
        "{\"schema\":99,\"kind\":\"start\"}\n",
    )
    .unwrap();
    let message = RunLog::read(&run).unwrap_err().to_string();
    assert!(
        message.contains("schema 99, this version reads 3"),
        "{message}"
    );
    let run = write(folder.path(), &TWO_SEEDS[1]);
    std::fs::write(run.join("result.json"), "{\"schema\":1}").unwrap();
    let message = RunLog::read(&run).unwrap_err().to_string();
    assert!(
        message.contains("schema 1, this version reads 2"),
        "{message}"
    );
}

#[test]
fn damaged_files_are_named() {
    let folder = tempfile::tempdir().unwrap();
    for file in ["recipe.toml", "result.json"] {
        let run = write(folder.path(), &TWO_SEEDS[0]);
        std::fs::write(run.join(file), "= [").unwrap();
        let error = RunLog::read(&run).unwrap_err();
        assert!(matches!(error, FigureError::Damaged { .. }), "{error}");
        assert!(error.to_string().contains(file), "{error}");
    }
}

#[test]
fn runs_of_different_recipes_are_not_mixed() {
    let folder = tempfile::tempdir().unwrap();
    let runs = TWO_SEEDS.map(|numbers| RunLog::read(&write(folder.path(), &numbers)).unwrap());
    let [first, mut second] = runs;
    let error = Panel::new("Joint", vec![first.clone(), first.clone()]).unwrap_err();
    assert!(
        matches!(error, FigureError::SeedTwice { seed: 0, .. }),
        "{error}"
    );
    second.recipe.optim.lr = 0.5;
    let message = Panel::new("Joint", vec![first, second])
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("differ in more than the seed (optim.lr)"),
        "{message}"
    );
    let error = Panel::new("Joint", Vec::new()).unwrap_err();
    assert!(matches!(error, FigureError::EmptyPanel { .. }), "{error}");
}

#[test]
fn what_cannot_be_drawn() {
    let folder = tempfile::tempdir().unwrap();
    let panel = two_seeds(folder.path(), "Joint");
    let options = CurveOptions::default();
    assert!(matches!(figure3(&[], &options), Err(FigureError::NoPanels)));
    for width_mm in [0.0, 59.0, 401.0, f64::NAN, f64::INFINITY, -85.0] {
        let page = PageOptions {
            width_mm,
            ..PageOptions::default()
        };
        let options = CurveOptions {
            page,
            ..CurveOptions::default()
        };
        let error = figure3(std::slice::from_ref(&panel), &options).unwrap_err();
        assert!(matches!(error, FigureError::Width { .. }), "{error}");
    }
    let options = CurveOptions {
        outputs: vec!["text".into()],
        ..CurveOptions::default()
    };
    let message = figure3(std::slice::from_ref(&panel), &options)
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("`text`; its runs have `audio`, `fused`, `visual`"),
        "{message}"
    );

    let run = write(folder.path(), &TWO_SEEDS[0]);
    std::fs::remove_file(run.join("result.json")).unwrap();
    let panel = Panel::new("Joint", vec![RunLog::read(&run).unwrap()]).unwrap();
    let message = figure4(&[panel], &BarOptions::default())
        .unwrap_err()
        .to_string();
    assert!(message.contains("is not finished"), "{message}");
    std::fs::write(run.join("events.jsonl"), "").unwrap();
    let panel = Panel::new("Joint", vec![RunLog::read(&run).unwrap()]).unwrap();
    let error = figure3(&[panel], &CurveOptions::default()).unwrap_err();
    assert!(matches!(error, FigureError::NoEpochs { .. }), "{error}");
}

#[test]
fn both_files_are_written() {
    let folder = tempfile::tempdir().unwrap();
    let panel = two_seeds(folder.path(), "Joint");
    let figure = figure3(&[panel], &CurveOptions::default()).unwrap();
    let files = figure.write(&folder.path().join("figure3.a")).unwrap();
    assert!(files.svg.ends_with("figure3.a.svg") && files.csv.ends_with("figure3.a.csv"));
    let svg = std::fs::read_to_string(files.svg).unwrap();
    assert_eq!(svg, figure.standalone_svg());
    assert_eq!(std::fs::read_to_string(files.csv).unwrap(), figure.csv);
    let error = figure
        .write(&folder.path().join("missing/figure"))
        .unwrap_err();
    assert!(error.to_string().contains("cannot write"), "{error}");
}
