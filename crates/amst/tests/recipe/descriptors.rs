//! The shipped descriptors of the paper's data sets, and what a descriptor may not say.

use std::path::{Path, PathBuf};

use amst::methods::built_in;
use amst_recipe::{
    DataLock, DatasetSpec, Layout, Modality, ModalitySchedule, PAPER_DATASETS, Recipe, RecipeError,
    TextEncoder, find_dataset, find_raw, known_datasets, raw_place, remember_raw,
};

fn datasets() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../datasets")
}

fn read(name: &str) -> (DatasetSpec, Recipe) {
    let spec = DatasetSpec::read(&datasets().join(name).join("dataset.toml")).unwrap();
    let recipe = built_in()
        .resolve(std::slice::from_ref(&spec.recipe), &[])
        .unwrap();
    (spec, recipe)
}

/// Samples, classes, skip parameters (0: no such modality), frames kept a second, tokens.
type Facts = (
    &'static str,
    Layout,
    [usize; 3],
    usize,
    [u32; 3],
    u32,
    usize,
);

/// docs/paper.md §2.7.
const FACTS: [Facts; 5] = [
    (
        "crema-d",
        Layout::CremaD,
        [5962, 742, 742],
        6,
        [5, 0, 1],
        1,
        0,
    ),
    ("ave", Layout::Ave, [3338, 402, 402], 28, [2, 0, 1], 1, 0),
    (
        "mvsa-single",
        Layout::Mvsa,
        [3552, 478, 481],
        3,
        [0, 10, 1],
        1,
        256,
    ),
    (
        "iemocap",
        Layout::Iemocap,
        [5426, 683, 676],
        5,
        [4, 10, 1],
        2,
        128,
    ),
    (
        "ur-funny",
        Layout::UrFunny,
        [8132, 1016, 1018],
        2,
        [6, 10, 1],
        1,
        128,
    ),
];

#[test]
fn the_descriptors_hold_the_published_facts() {
    for ((name, layout, samples, classes, skips, kept, tokens), paper) in
        FACTS.into_iter().zip(PAPER_DATASETS)
    {
        let (spec, recipe) = read(name);
        assert_eq!(
            (
                spec.name.as_str(),
                spec.title.as_str(),
                spec.access.as_str()
            ),
            (paper.name, paper.title, paper.access)
        );
        assert_eq!(
            (spec.layout, spec.classes.len(), spec.frames_per_second),
            (layout, classes, kept),
            "{name}"
        );
        assert!(
            spec.classes.is_sorted() && !spec.license.is_empty(),
            "{name}"
        );
        let counts = spec.samples.unwrap();
        assert_eq!([counts.train, counts.val, counts.test], samples, "{name}");
        let named = Modality::ALL
            .into_iter()
            .zip(skips)
            .filter(|(_, skip)| *skip > 0);
        for (modality, skip) in named.clone() {
            assert_eq!(
                recipe.skip.of(modality),
                &ModalitySchedule::Every(skip),
                "{name} {modality}"
            );
        }
        assert_eq!(
            recipe.modalities,
            named.map(|(modality, _)| modality).collect::<Vec<_>>()
        );
        assert_eq!(recipe.modalities, paper.modalities);
        assert_eq!(
            recipe.visual.frames,
            if name == "mvsa-single" { 1 } else { 3 }
        );
        if tokens > 0 {
            assert_eq!(
                recipe.text.encoder,
                TextEncoder::Pretrained("roberta-base".into())
            );
            assert_eq!(
                (recipe.text.max_length, recipe.text.unfrozen_layers),
                (tokens, 5)
            );
        }
    }
}

/// `amst time --shapes` knows the data sets without their descriptors.
#[test]
fn the_shapes_agree_with_the_descriptors() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../amst-recipe/data/shapes.toml");
    let shapes: toml::Table = toml::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    assert_eq!(shapes.len(), PAPER_DATASETS.len());
    for paper in PAPER_DATASETS {
        let (spec, recipe) = read(paper.name);
        let shape = built_in()
            .resolve(&[DatasetSpec::shapes(paper.name).unwrap().recipe], &[])
            .unwrap();
        let (counts, drawn) = (spec.samples.unwrap(), &shape.synthetic);
        assert_eq!(drawn.classes, spec.classes.len(), "{}", paper.name);
        assert_eq!(
            [drawn.train, drawn.val, drawn.test],
            [counts.train, counts.val, counts.test],
            "{}",
            paper.name
        );
        assert_eq!(shape.modalities, recipe.modalities, "{}", paper.name);
        for &modality in &recipe.modalities {
            assert_eq!(
                shape.skip.of(modality),
                recipe.skip.of(modality),
                "{} {modality}",
                paper.name
            );
        }
        assert_eq!(shape.visual.frames, recipe.visual.frames, "{}", paper.name);
        if recipe.modalities.contains(&Modality::Text) {
            assert_eq!(shape.text.encoder, recipe.text.encoder, "{}", paper.name);
            assert_eq!(
                shape.text.max_length, recipe.text.max_length,
                "{}",
                paper.name
            );
        }
    }
}

#[test]
fn everything_else_is_the_published_default() {
    for (name, ..) in FACTS {
        let (_, recipe) = read(name);
        assert_eq!(
            (
                recipe.epochs,
                recipe.batch_size,
                recipe.optim.lr,
                recipe.optim.lr_step
            ),
            (100, 64, 1e-3, 70)
        );
        assert_eq!(
            (
                recipe.audio.target_frames,
                recipe.audio.mels,
                recipe.audio.mean,
                recipe.audio.std
            ),
            (1024, 128, 0.0, 1.0)
        );
        assert_eq!(
            (recipe.audio.width, recipe.visual.width, recipe.visual.size),
            (64, 64, [224, 224])
        );
    }
}

#[test]
fn what_a_descriptor_may_not_say_is_refused_with_the_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("dataset.toml");
    let lists = "[lists]\ntrain = 'a'\nval = 'b'\ntest = 'c'\n";
    let head =
        |layout: &str, more: &str| format!("name = 'x'\ntitle = 'X'\nlayout = '{layout}'\n{more}");
    for (text, part) in [
        (head("crema-d", ""), "[lists]"),
        (head("csv", lists), "manifest"),
        (head("published-features", lists), "lists.format"),
        (
            head("ave", &format!("{lists}format = 'ave'\n")),
            "published-features",
        ),
        (
            head("ave", &format!("frames_per_second = 0\n{lists}")),
            "at least 1 frame",
        ),
        (head("aves", lists), "unknown variant"),
        (
            head("ave", &format!("{lists}tests = 'd'\n")),
            "unknown field `tests`",
        ),
        (
            head("ave", &format!("frames = 2\n{lists}")),
            "unknown field `frames`",
        ),
    ] {
        std::fs::write(&file, &text).unwrap();
        let error = DatasetSpec::read(&file).unwrap_err();
        assert!(
            matches!(error, RecipeError::Descriptor { .. }) && error.to_string().contains(part),
            "{text}: {error}"
        );
    }
}

/// A folder of descriptors with crema-d, and one of raw files with its lists.
fn brought() -> (tempfile::TempDir, PathBuf, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let (known, raw) = (
        folder.path().join("datasets"),
        folder.path().join("somewhere"),
    );
    std::fs::create_dir_all(known.join("crema-d")).unwrap();
    std::fs::create_dir_all(raw.join("splits")).unwrap();
    std::fs::copy(
        datasets().join("crema-d/dataset.toml"),
        known.join("crema-d/dataset.toml"),
    )
    .unwrap();
    for list in read("crema-d").0.lists.unwrap().all() {
        std::fs::write(raw.join(list), "1086_ITS_SAD_XX.flv Sad\n").unwrap();
    }
    (folder, known, raw)
}

#[test]
fn raw_files_are_found_where_they_were_fetched_to_or_at_the_path_that_was_given() {
    let (_folder, known, raw) = brought();
    assert!(known_datasets(&known).contains(&"crema-d".into()));
    let absent = find_dataset("crema-d", &known).unwrap_err();
    assert!(
        matches!(&absent, RecipeError::NotBrought { .. }) && absent.to_string().contains("GitHub"),
        "{absent}"
    );

    let given = find_raw("crema-d", &raw, &known).unwrap();
    assert_eq!((given.spec.name.as_str(), &given.root), ("crema-d", &raw));
    let note = remember_raw("crema-d", &raw, &known).unwrap().unwrap();
    assert_eq!(
        find_dataset("crema-d", &known).unwrap().root,
        raw.canonicalize().unwrap()
    );
    assert_eq!(
        raw_place("crema-d", &known).unwrap(),
        raw.canonicalize().unwrap()
    );
    std::fs::write(&note, "/no/such/folder\n").unwrap();
    let lost = find_dataset("crema-d", &known).unwrap_err().to_string();
    assert_eq!(raw_place("crema-d", &known).unwrap_err().to_string(), lost);
    assert!(
        lost.contains("raw.path") && lost.contains("/no/such/folder") && lost.contains("--raw"),
        "{lost}"
    );
    std::fs::remove_file(note).unwrap();

    let own = known.join("crema-d/raw");
    assert_eq!(
        raw_place("crema-d", &known).unwrap(),
        own,
        "they belong there before they are"
    );
    std::fs::create_dir(&own).unwrap();
    assert!(
        find_dataset("crema-d", &known).is_err(),
        "an empty folder holds nothing"
    );
    std::fs::write(own.join("x"), "").unwrap();
    assert_eq!(find_dataset("crema-d", &known).unwrap().root, own);
    assert_eq!(
        remember_raw("crema-d", &own, &known).unwrap(),
        None,
        "where they belong, nothing is noted"
    );
    assert!(remember_raw("crema-d", &raw, &known).unwrap().is_some());
    assert_eq!(remember_raw("crema-d", &own, &known).unwrap(), None);
    assert_eq!(
        find_dataset("crema-d", &known).unwrap().root,
        own,
        "an older note is gone"
    );

    let missing = find_raw("crema-d", &raw.join("no"), &known).unwrap_err();
    assert!(matches!(missing, RecipeError::Io { .. }), "{missing}");
    assert!(find_raw("synthetic", &raw, &known).is_err());
}

#[test]
fn what_the_lists_say_is_part_of_the_lock() {
    let (_folder, known, raw) = brought();
    let lock = || DataLock::of(&find_raw("crema-d", &raw, &known).unwrap()).unwrap();
    let before = lock();
    std::fs::write(
        raw.join("splits/10_val_cre.txt"),
        "1086_ITS_HAP_XX.flv Sad\n",
    )
    .unwrap();
    let changed = lock();
    assert_ne!(changed, before);
    std::fs::remove_file(raw.join("splits/10_val_cre.txt")).unwrap();
    let error = DataLock::of(&find_raw("crema-d", &raw, &known).unwrap())
        .unwrap_err()
        .to_string();
    assert!(error.contains("10_val_cre.txt"), "{error}");
}

/// As docs/audit.md has it: the lists are outside the raw files, whose identity they would change.
#[test]
fn a_copy_of_a_descriptor_may_name_other_lists_of_the_same_raw_files() {
    let (_folder, known, raw) = brought();
    let own = known.join("crema-d-clean");
    std::fs::create_dir(&own).unwrap();
    let published = std::fs::read_to_string(known.join("crema-d/dataset.toml")).unwrap();
    let text = published.replace("\"splits/", "\"../datasets/crema-d-clean/");
    std::fs::write(own.join("dataset.toml"), text).unwrap();
    for list in read("crema-d").0.lists.unwrap().all() {
        std::fs::write(
            own.join(list.file_name().unwrap()),
            "1086_ITS_SAD_XX.flv Sad\n",
        )
        .unwrap();
    }
    remember_raw("crema-d-clean", &raw, &known)
        .unwrap()
        .unwrap();
    let found = find_dataset("crema-d-clean", &known).unwrap();
    assert_eq!(
        (found.spec.name.as_str(), &found.root),
        ("crema-d", &raw.canonicalize().unwrap())
    );
    let lock = DataLock::of(&found).unwrap();
    assert_ne!(
        lock,
        DataLock::of(&find_raw("crema-d", &raw, &known).unwrap()).unwrap()
    );
    std::fs::write(own.join("10_val_cre.txt"), "1086_ITS_HAP_XX.flv Happy\n").unwrap();
    assert_ne!(DataLock::of(&found).unwrap(), lock);
}
