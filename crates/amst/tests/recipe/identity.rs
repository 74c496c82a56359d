//! What makes two runs the same cell, and what does not.

use std::path::Path;

use amst::methods::built_in;
use amst_recipe::{
    CellId, DataLock, DatasetSpec, Grid, Preset, Recipe, RecipeError, ResolvedDataset,
    find_dataset, known_datasets,
};
use serde_json::{Value, json};

fn lock(digits: &str) -> DataLock {
    serde_json::from_value(digits.into()).unwrap()
}

fn recipe(assignments: &[&str]) -> Recipe {
    let base = json!({ "dataset": "digits", "skip": { "audio": 5 } });
    built_in()
        .resolve(
            &[base],
            &assignments
                .iter()
                .map(|a| a.to_string())
                .collect::<Vec<_>>(),
        )
        .unwrap()
}

fn id(assignments: &[&str]) -> CellId {
    built_in().cell_id(&recipe(assignments), &lock("aa"))
}

#[test]
fn an_identity_is_64_digits_and_its_short_form_eight() {
    let id = id(&[]);
    assert!(id.as_str().len() == 64 && id.as_str().bytes().all(|b| b.is_ascii_hexdigit()));
    assert_eq!(id.short(), &id.as_str()[..8]);
}

#[test]
fn every_setting_that_matters_changes_the_identity() {
    let assignments = [
        "seed=1",
        "epochs=99",
        "batch_size=32",
        "eval_batch_size=32",
        "method=amst-alt",
        "joint_mode=alternating",
        "modalities=[\"audio\"]",
        "optim.lr=0.01",
        "optim.momentum=0.8",
        "optim.weight_decay=0.0",
        "optim.lr_step=60",
        "optim.lr_gamma=0.2",
        "skip.audio=4",
        "skip.audio=never",
        "skip.visual=2",
        "skip.epoch_base=1",
        "skip.execution=official",
        "skip.recalibrate=10",
        "audio.mels=64",
        "audio.stem=small",
        "visual.flip=0.0",
        "visual.crop_scale=[]",
        "visual.frames=1",
    ];
    let mut ids: Vec<CellId> = assignments.iter().map(|a| id(&[a])).collect();
    ids.push(id(&[]));
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), assignments.len() + 1);
}

/// Operations of transformers came to round otherwise, and nothing else did: the digits are those
/// from before.
#[test]
fn cells_without_a_transformer_kept_their_identities() {
    let text = "modalities=[\"audio\",\"text\"]";
    assert_eq!(id(&[]).short(), "676d0880");
    assert_eq!(id(&[text]).short(), "72ca5dda");
    assert_eq!(id(&["text.encoder=transformer"]), id(&[]), "without text");
    assert_ne!(id(&[text, "text.encoder=transformer"]).short(), "731c441d");
    let pretrained = "text.encoder=roberta-base";
    assert_ne!(id(&[text, pretrained]).short(), "bec32236");
}

#[test]
fn other_data_is_another_cell() {
    assert_ne!(
        built_in().cell_id(&recipe(&[]), &lock("aa")),
        built_in().cell_id(&recipe(&[]), &lock("bb"))
    );
}

#[test]
fn where_nothing_is_skipped_the_way_of_skipping_does_not_matter() {
    let none = "skip.audio=1";
    assert_eq!(id(&[none]), id(&[none, "skip.execution=official"]));
    assert_eq!(id(&[none]), id(&[none, "skip.epoch_base=1"]));
    assert_eq!(id(&[none]), id(&[none, "skip.recalibrate=7"]));
}

#[test]
fn official_execution_never_recalibrates() {
    let official = "skip.execution=official";
    assert_eq!(id(&[official]), id(&[official, "skip.recalibrate=7"]));
}

#[test]
fn settings_of_an_absent_modality_do_not_matter() {
    assert_eq!(
        id(&[]),
        id(&["text.width=32", "skip.text=9", "synthetic.text=0.1"])
    );
    let audio = "modalities=[\"audio\"]";
    assert_eq!(
        id(&[audio]),
        id(&[
            audio,
            "visual.width=8",
            "visual.size=[32,32]",
            "skip.visual=3"
        ])
    );
    let three = "modalities=audio,text,visual";
    assert_ne!(
        id(&[three]),
        id(&[three, "skip.text=9"]),
        "but those of a present one do"
    );
}

#[test]
fn settings_of_generated_data_matter_only_to_it() {
    assert_eq!(id(&[]), id(&["synthetic.classes=7"]));
    assert_ne!(
        id(&["dataset=synthetic"]),
        id(&["dataset=synthetic", "synthetic.classes=7"])
    );
}

#[test]
fn the_mode_of_the_joint_module_matters_only_to_the_full_system() {
    for method in ["method=amst-alt", "method=amst-joint"] {
        assert_eq!(
            id(&[method]),
            id(&[method, "joint_mode=alternating"]),
            "{method}"
        );
    }
}

/// Systems that compute the same, bit for bit: `tests/methods` trains
/// both of each pair.
#[test]
fn systems_that_are_one_under_two_names_are_one_cell() {
    let never_skips = ["skip.audio=1", "skip.visual=1"];
    let rates = |section: &str| {
        [
            format!("{section}.lr.audio=0.003"),
            format!("{section}.lr.visual=0.01"),
        ]
    };
    let (mslr, naive) = (rates("mslr"), rates("naive"));
    let common = ["method=mslr", "mslr.lr.audio=0.001", "mslr.lr.visual=0.001"];
    let pairs: [(&[&str], &[&str]); 6] = [
        // D19: even fusion and untouched gradients, whatever is set beside them.
        (
            &["method=mla"],
            &["method=amst-alt", never_skips[0], never_skips[1]],
        ),
        (
            &[
                "method=mla",
                "mla.shares.audio=1.0",
                "mla.target=previous",
                "skip.execution=official",
            ],
            &["method=amst-alt", never_skips[0], never_skips[1]],
        ),
        (
            &["method=naive", "naive.head=concat"],
            &["method=amst-joint", never_skips[0], never_skips[1]],
        ),
        // D6: rates that are kept.
        (
            &["method=mslr", &mslr[0], &mslr[1], "mslr.window=3"],
            &["method=naive", &naive[0], &naive[1]],
        ),
        (
            &["method=mslr", &mslr[0], &mslr[1], "mslr.head=shared-sum"],
            &[
                "method=naive",
                &naive[0],
                &naive[1],
                "naive.head=shared-sum",
            ],
        ),
        // Both steps at once: rates that are the common one, over concatenated embeddings.
        (
            &[
                common[0],
                common[1],
                common[2],
                "mslr.head=concat",
                "optim.lr=0.001",
            ],
            &[
                "method=amst-joint",
                never_skips[0],
                never_skips[1],
                "optim.lr=0.001",
            ],
        ),
    ];
    for (one, other) in pairs {
        assert_eq!(id(one), id(other), "{one:?} and {other:?}");
        let dir =
            |assignments: &[&str]| built_in().cell(recipe(assignments), &lock("aa")).run_dir();
        assert_eq!(dir(one), dir(other), "{one:?} and {other:?}");
    }
}

#[test]
fn systems_that_only_resemble_each_other_are_cells_of_their_own() {
    let rates = ["mslr.lr.audio=0.003", "mslr.lr.visual=0.01"];
    let systems: [&[&str]; 20] = [
        &["method=amst-alt", "skip.audio=1"],
        &["method=amst-alt"],
        &["method=mla", "mla.fusion=entropy"],
        &[
            "method=mla",
            "mla.fusion=fixed",
            "mla.shares.audio=0.4",
            "mla.shares.visual=0.6",
        ],
        &["method=mla", "mla.modification=rls"],
        &["method=mla", "mla.modification=rls", "mla.target=previous"],
        &["method=early-stopping"],
        &["method=amst-full", "skip.audio=1"],
        &["method=amst-joint", "skip.audio=1"],
        &["method=amst-joint"],
        &["method=naive"],
        &["method=naive", "naive.head=shared-sum"],
        &["method=naive", "naive.head=concat", "naive.lr.visual=0.01"],
        &["method=mslr", rates[0], rates[1]],
        &["method=mslr", rates[0], "mslr.lr.visual=0.02"],
        &["method=mslr", rates[0], rates[1], "mslr.head=concat"],
        &[
            "method=mslr",
            rates[0],
            rates[1],
            "mslr.strategy=dynamic-agm",
        ],
        &[
            "method=mslr",
            rates[0],
            rates[1],
            "mslr.strategy=dynamic-amst",
        ],
        &["method=ogm-ge"],
        &["method=pmr"],
    ];
    let mut ids: Vec<CellId> = systems.iter().map(|system| id(system)).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), systems.len());
}

/// A rate that is the common one, or of a modality that takes no part, says nothing.
#[test]
fn idle_rates_do_not_matter() {
    assert_eq!(
        id(&["method=naive"]),
        id(&["method=naive", "naive.lr.text=0.5"])
    );
    assert_eq!(
        id(&["method=naive"]),
        id(&["method=naive", "naive.lr.audio=0.001"]),
        "0.001 is the common rate"
    );
    let lower = "optim.lr=0.0005";
    assert_ne!(
        id(&["method=naive", lower]),
        id(&["method=naive", "naive.lr.audio=0.001", lower])
    );
}

#[test]
fn the_order_of_keys_and_modalities_does_not_matter() {
    let a = built_in()
        .resolve(
            &[json!({ "epochs": 3, "modalities": ["visual", "audio"] })],
            &[],
        )
        .unwrap();
    let b = built_in()
        .resolve(
            &[json!({ "modalities": ["audio", "visual"], "epochs": 3 })],
            &[],
        )
        .unwrap();
    assert_eq!(
        built_in().cell_id(&a, &lock("aa")),
        built_in().cell_id(&b, &lock("aa"))
    );
}

#[test]
fn an_identity_survives_a_file() {
    let before = recipe(&["optim.lr=0.003", "skip.visual=never", "visual.flip=0.3"]);
    let after: Recipe = serde_json::from_str(&serde_json::to_string(&before).unwrap()).unwrap();
    assert_eq!(
        built_in().cell_id(&before, &lock("aa")),
        built_in().cell_id(&after, &lock("aa"))
    );
}

/// What was asked for is kept beside what is trained, and matters to nothing else.
#[test]
fn a_cell_knows_which_method_was_asked_for() {
    let mla = built_in().cell(recipe(&["method=mla"]), &lock("aa"));
    let never = ["method=amst-alt", "skip.audio=1", "skip.visual=1"];
    let alternating = built_in().cell(recipe(&never), &lock("aa"));
    assert_eq!(
        (mla.requested.name(), mla.recipe.method.name()),
        ("mla", "amst-alt")
    );
    assert_eq!(mla.requested_other().unwrap(), "mla");
    assert!(mla.trained_as.unwrap().contains("amst-alt"));
    assert_eq!(
        (mla.id, mla.recipe),
        (alternating.id.clone(), alternating.recipe.clone())
    );
    assert_eq!(
        (alternating.requested_other(), alternating.trained_as),
        (None, None)
    );
}

#[test]
fn a_run_directory_is_named_by_data_set_method_and_seed() {
    let cell = built_in().cell(recipe(&["seed=3", "method=amst-alt"]), &lock("aa"));
    let expected = format!("digits/amst-alt/3-{}", cell.id.short());
    assert_eq!(cell.run_dir(), Path::new(&expected));
}

#[test]
fn experiments_that_a_data_set_makes_equal_are_one_cell() {
    let grid = Grid::named("table2").unwrap();
    let digits = ResolvedDataset {
        spec: spec("digits", json!({})),
        root: "digits".into(),
    };
    let cell = |id: &str, skip: &str| {
        let experiment = grid.experiment(id).unwrap();
        grid.cell(
            built_in(),
            experiment,
            0,
            &digits,
            &lock("aa"),
            Preset::Recommended,
            &[skip.to_string()],
        )
        .unwrap()
    };
    assert_eq!(cell("1", "skip.audio=1").id, cell("2", "skip.audio=1").id);
    assert_ne!(cell("1", "skip.audio=1").id, cell("2", "skip.audio=2").id);
    assert_eq!(cell("6", "epochs=4").recipe.epochs, 4);
    assert_eq!(cell("6", "epochs=4").recipe.dataset, "digits");
}

fn spec(name: &str, recipe: Value) -> DatasetSpec {
    DatasetSpec {
        name: name.into(),
        recipe,
        ..DatasetSpec::default()
    }
}

const DESCRIPTOR: &str =
    "name = 'digits'\ntitle = 'Digits'\nlayout = 'csv'\nclasses = ['a', 'b']\n";

/// A folder of data sets with one, `digits`, of two sounds.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let digits = folder.path().join("digits");
    std::fs::create_dir_all(digits.join("audio")).unwrap();
    std::fs::write(digits.join("dataset.toml"), DESCRIPTOR).unwrap();
    std::fs::write(
        digits.join("manifest.csv"),
        "id,label,split,audio\n1,a,train,audio/1.wav\n",
    )
    .unwrap();
    std::fs::write(digits.join("audio/1.wav"), [0; 100]).unwrap();
    std::fs::write(digits.join("README.md"), "prose").unwrap();
    folder
}

/// Whether a change to the folder of `digits` changes its lock.
fn changes_the_lock(change: impl Fn(&Path)) -> bool {
    let folder = folder();
    let lock = || DataLock::of(&find_dataset("digits", folder.path()).unwrap()).unwrap();
    let before = lock();
    assert_eq!(before, lock(), "a lock is stable");
    change(&folder.path().join("digits"));
    before != lock()
}

fn write(file: &str, content: &'static str) -> impl Fn(&Path) {
    move |digits| {
        let file = digits.join(file);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, content).unwrap();
    }
}

#[test]
fn data_that_changed_has_another_lock() {
    assert!(
        changes_the_lock(write(
            "manifest.csv",
            "id,label,split,audio\n1,b,train,audio/1.wav\n"
        )),
        "manifest"
    );
    assert!(
        changes_the_lock(write("audio/1.wav", "shorter")),
        "length of a file"
    );
    assert!(
        changes_the_lock(|d| std::fs::write(d.join("audio/1.wav"), [1; 100]).unwrap()),
        "content of a file"
    );
    assert!(changes_the_lock(write("audio/2.wav", "")), "a new file");
    assert!(
        changes_the_lock(|digits| std::fs::remove_file(digits.join("audio/1.wav")).unwrap()),
        "a lost file"
    );
    let classes = DESCRIPTOR.replace("'a', 'b'", "'b', 'a'");
    assert!(
        changes_the_lock(move |d| std::fs::write(d.join("dataset.toml"), &classes).unwrap()),
        "order of classes"
    );
}

#[test]
fn prose_settings_and_our_own_files_leave_the_lock() {
    assert!(!changes_the_lock(write("README.md", "more prose")));
    assert!(!changes_the_lock(write("audio/NOTES.md", "prose")));
    assert!(!changes_the_lock(write("store/audio.bin", "features")));
    assert!(!changes_the_lock(write(".DS_Store", "x")));
    let settings = format!("{DESCRIPTOR}[recipe]\nepochs = 3\n");
    assert!(!changes_the_lock(move |d| std::fs::write(
        d.join("dataset.toml"),
        &settings
    )
    .unwrap()));
    let title = DESCRIPTOR.replace("Digits", "Numbers");
    assert!(!changes_the_lock(move |d| std::fs::write(
        d.join("dataset.toml"),
        &title
    )
    .unwrap()));
}

#[test]
fn a_known_descriptor_without_data_says_so_and_a_folder_names_the_missing_file() {
    let folder = folder();
    std::fs::remove_file(folder.path().join("digits/manifest.csv")).unwrap();
    let error = find_dataset("digits", folder.path()).unwrap_err();
    assert!(matches!(error, RecipeError::NotBrought { .. }), "{error}");
    let path = folder.path().join("digits");
    let error =
        DataLock::of(&find_dataset(path.to_str().unwrap(), folder.path()).unwrap()).unwrap_err();
    assert!(error.to_string().contains("manifest.csv"), "{error}");
}

#[test]
fn generated_data_needs_no_files() {
    let synthetic = find_dataset("synthetic", Path::new("/nowhere")).unwrap();
    assert!(DataLock::of(&synthetic).is_ok());
    built_in()
        .resolve(&[synthetic.spec.recipe], &[])
        .expect("its settings are sound");
}

#[test]
fn a_data_set_is_found_by_name_and_by_path() {
    let folder = folder();
    let by_name = find_dataset("digits", folder.path()).unwrap();
    let by_path = find_dataset(
        folder.path().join("digits").to_str().unwrap(),
        Path::new("/nowhere"),
    )
    .unwrap();
    assert_eq!(by_name, by_path);
    assert_eq!(known_datasets(folder.path()), ["digits", "synthetic"]);
}

#[test]
fn a_folder_without_a_descriptor_borrows_the_shipped_one_of_its_name() {
    let (shipped, elsewhere) = (folder(), tempfile::tempdir().unwrap());
    let unpacked = elsewhere.path().join("digits");
    std::fs::create_dir(&unpacked).unwrap();
    let found = find_dataset(unpacked.to_str().unwrap(), shipped.path()).unwrap();
    assert_eq!((found.spec.name.as_str(), found.root), ("digits", unpacked));
    let other = elsewhere.path().join("other");
    std::fs::create_dir(&other).unwrap();
    let error = find_dataset(other.to_str().unwrap(), shipped.path()).unwrap_err();
    assert!(
        matches!(error, RecipeError::NoDescriptor(_))
            && error.to_string().contains("docs/datasets.md")
    );
}

#[test]
fn a_slip_in_the_name_is_answered_with_the_nearest() {
    let error = find_dataset("digist", folder().path())
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("did you mean `digits`?") && error.contains("digits, synthetic"),
        "{error}"
    );
}

#[test]
fn a_paper_data_set_that_is_not_here_says_where_it_is() {
    for paper in amst_recipe::PAPER_DATASETS {
        let error = find_dataset(paper.name, folder().path())
            .unwrap_err()
            .to_string();
        assert!(
            error.contains(paper.access)
                && error.contains(&format!("--dataset path/to/{}", paper.name)),
            "{error}"
        );
    }
}

#[test]
fn a_descriptor_with_an_unknown_key_is_refused_with_the_line() {
    let folder = folder();
    std::fs::write(
        folder.path().join("digits/dataset.toml"),
        format!("{DESCRIPTOR}clases = ['a']\n"),
    )
    .unwrap();
    let error = find_dataset("digits", folder.path())
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("clases") && error.contains("line 5"),
        "{error}"
    );
}
