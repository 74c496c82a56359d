//! What fetching brings is what the descriptors of the data sets ask for.

use std::path::Path;

use amst_fetch::datasets::recipes;
use amst_recipe::DatasetSpec;

#[test]
fn the_descriptors_and_the_steps_of_fetching_say_the_same() {
    let datasets = Path::new(env!("CARGO_MANIFEST_DIR")).join("../datasets");
    for recipe in recipes() {
        let spec = DatasetSpec::read(&datasets.join(&recipe.name).join("dataset.toml")).unwrap();
        assert_eq!(spec.license, recipe.licence, "{}", recipe.name);
        let lists = spec
            .lists
            .unwrap()
            .all()
            .map(|list| list.to_string_lossy().into_owned());
        assert_eq!(recipe.listed[0].lists, lists, "{}", recipe.name);
    }
}

/// A folder by any name, with a descriptor of its own; planning reads lists and names of files
/// only.
#[test]
fn a_folder_of_raw_files_has_a_plan_with_the_papers_settings() {
    let folder = tempfile::tempdir().unwrap();
    let raw = folder.path().join("crema-d");
    std::fs::create_dir_all(raw.join("splits")).unwrap();
    for list in ["80_train_cre.txt", "10_val_cre.txt", "10_test_cre.txt"] {
        std::fs::write(raw.join("splits").join(list), "1086_ITS_SAD_XX.flv Sad\n").unwrap();
    }
    let mut command = assert_cmd::Command::new(env!("CARGO_BIN_EXE_xtask"));
    command
        .args(["reproduce", "table2", "--plan", "--seeds", "0", "--dataset"])
        .arg(&raw);
    let assert = command
        .arg("--out")
        .arg(folder.path().join("out"))
        .assert()
        .success();
    let text = String::from_utf8_lossy(&assert.get_output().stdout).into_owned();
    assert!(
        text.contains("crema-d") && text.contains("0 done, 8 missing"),
        "{text}"
    );
}
