//! What `amst explain` and `amst ls` print.

use std::path::Path;

use amst::methods::built_in;
use amst_recipe::{
    DatasetSpec, Explanation, Grid, Listing, PAPER_DATASETS, Preset, PresetCard, RecipeError,
    describe_dataset,
};
use serde_json::{Value, json};

fn datasets() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../datasets")
}

fn digits() -> DatasetSpec {
    describe_dataset("world-digits", &datasets()).unwrap()
}

/// A data set of three modalities that nothing is set for.
fn trimodal() -> DatasetSpec {
    let recipe = json!({ "modalities": ["audio", "text", "visual"], "optim": { "lr": 0.01 } });
    DatasetSpec {
        name: "mine".into(),
        recipe,
        ..DatasetSpec::synthetic()
    }
}

fn explain(method: &str, dataset: &DatasetSpec, preset: Preset) -> Explanation {
    Explanation::of(
        built_in(),
        built_in().card(method).unwrap(),
        dataset,
        preset,
    )
    .unwrap()
}

#[test]
fn a_page_fits_100_columns_and_holds_all_that_a_card_says() {
    for method in built_in().names() {
        let card = built_in().card(method).unwrap();
        for preset in Preset::ALL
            .into_iter()
            .filter(|p| matches!(card.answer(*p), PresetCard::Settings { .. }))
        {
            for dataset in [digits(), trimodal()] {
                let made = Explanation::of(built_in(), card, &dataset, preset);
                let page = match made {
                    Err(RecipeError::NoPreset { .. }) => continue,
                    other => other.unwrap().to_string(),
                };
                for line in page.lines() {
                    assert!(
                        line.chars().count() <= 100 && line.trim_end() == line,
                        "{method:?}: `{line}`"
                    );
                }
                let flat = page.split_whitespace().collect::<Vec<_>>().join(" ");
                let said = card
                    .summary
                    .iter()
                    .chain(&card.deviations)
                    .chain([&card.reference.title, &card.title]);
                for part in said {
                    assert!(
                        flat.contains(part.as_str()),
                        "{method:?} {preset}: `{part}` is missing in\n{page}"
                    );
                }
            }
        }
    }
}

#[test]
fn settings_are_those_of_the_data_set_under_the_preset() {
    let of = |method, preset, key: &str| {
        let found = explain(method, &digits(), preset)
            .parameters
            .into_iter()
            .find(|p| p.key == key);
        found.map(|p| p.value)
    };
    assert_eq!(
        of("amst-alt", Preset::Recommended, "skip.audio"),
        Some(json!(5)),
        "of its descriptor"
    );
    assert_eq!(
        of("amst-alt", Preset::Recommended, "skip.recalibrate"),
        Some(json!(20))
    );
    assert_eq!(
        of("amst-alt", Preset::PaperText, "skip.recalibrate"),
        Some(json!(0))
    );
    assert_eq!(
        of("ogm-ge", Preset::PublishedCode, "ogm.alpha"),
        Some(json!(0.1))
    );
    assert_eq!(
        of("amst-alt", Preset::Recommended, "skip.text"),
        None,
        "there is no text in it"
    );
    let three = explain("amst-alt", &trimodal(), Preset::Recommended).parameters;
    assert!(three.iter().any(|p| p.key == "skip.text"));
}

#[test]
fn changes_are_what_differs_from_recommended() {
    let page = explain("amst-full", &digits(), Preset::PublishedCode);
    let changes: Vec<_> = page
        .changes
        .iter()
        .map(|c| (c.key.as_str(), &c.from, &c.to))
        .collect();
    let (joint, alternating) = (json!("joint"), json!("alternating"));
    let (fast, official) = (json!("fast"), json!("official"));
    let mut want = vec![
        ("joint_mode", &joint, &alternating),
        ("skip.execution", &fast, &official),
    ];
    want.sort_by_key(|c| c.0);
    let mut got = changes.clone();
    got.sort_by_key(|c| c.0);
    assert_eq!(got, want);
    assert!(
        page.to_string()
            .contains("joint_mode      joint -> alternating"),
        "{page}"
    );
    let ogm = explain("ogm-ge", &digits(), Preset::PublishedCode);
    let keys: Vec<_> = ogm.changes.iter().map(|c| c.key.as_str()).collect();
    assert_eq!(keys, ["ogm.end", "ogm.scope"]);
    let same = explain("naive", &digits(), Preset::PublishedCode);
    assert!(
        same.changes.is_empty()
            && same
                .to_string()
                .contains("Nothing: on this data set the two are the same.")
    );
    assert!(
        explain("pmr", &digits(), Preset::Recommended)
            .changes
            .is_empty()
    );
}

#[test]
fn deviations_separate_the_methods_own_code_from_that_of_amst() {
    let page = explain("pmr", &digits(), Preset::Recommended);
    let ids: Vec<_> = page.deviations.iter().map(|d| d.id.as_str()).collect();
    assert_eq!(ids, ["D4", "D5", "D7", "D21"]);
    let d7 = &page.deviations[2];
    assert!(
        d7.own_code.as_ref().unwrap().contains("alpha 2") && d7.amst_code.contains("alpha 0.1")
    );
    assert!(page.deviations[0].own_code.is_none());
    assert_eq!(
        page.deviations[1].keys,
        ["pmr.head"],
        "not those of other methods"
    );
    assert!(
        page.to_string()
            .contains("     its own code  Scripts mostly with alpha 2"),
        "{page}"
    );
}

#[test]
fn what_cannot_be_run_as_it_stands_is_said_with_the_remedy() {
    let refused = explain("unimodal", &digits(), Preset::Recommended)
        .refused
        .unwrap();
    assert!(refused.contains("modalities=audio"), "{refused}");
    let mslr = explain("mslr", &trimodal(), Preset::Recommended);
    assert!(
        mslr.to_string()
            .contains("Cannot be run as it stands: `mslr.lr.audio`"),
        "{mslr}"
    );
    assert!(
        explain("naive", &digits(), Preset::Recommended)
            .refused
            .is_none()
    );
}

#[test]
fn a_preset_that_a_method_does_not_have_is_refused() {
    let refused = Explanation::of(
        built_in(),
        built_in().card("naive").unwrap(),
        &digits(),
        Preset::Original,
    )
    .unwrap_err();
    assert!(
        matches!(
            &refused,
            RecipeError::NoPreset {
                method,
                preset: Preset::Original,
                ..
            } if method == "naive"
        ),
        "{refused}"
    );
}

#[test]
fn as_json_an_explanation_is_plain_data_under_the_same_names() {
    let json = serde_json::to_value(explain("mla", &digits(), Preset::PaperText)).unwrap();
    assert_eq!(
        (&json["method"], &json["preset"], &json["title"]),
        (&json!("mla"), &json!("paper-text"), &json!("MLA"))
    );
    assert_eq!(json["summary"].as_array().unwrap().len(), 5);
    assert_eq!(json["presets"].as_array().unwrap().len(), 4);
    let keys: Vec<_> = json["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["key"].as_str().unwrap())
        .collect();
    assert!(
        keys.contains(&"mla.modification") && keys.contains(&"optim.lr_gamma"),
        "{keys:?}"
    );
}

/// D19 and D6: with these settings another method's code runs, and the page says so.
#[test]
fn a_page_says_under_which_other_name_a_method_is_trained() {
    let trained_as = |method: &str, preset| explain(method, &trimodal(), preset).trained_as;
    assert_eq!(
        trained_as("mla", Preset::Recommended).unwrap(),
        "mla with these settings is amst-alt that never skips (D19): trained as that"
    );
    assert_eq!(trained_as("mla", Preset::PaperText), None, "it projects");
    assert!(
        trained_as("mslr", Preset::Recommended)
            .unwrap()
            .contains("is naive with a learning rate for each encoder (D6)")
    );
    for method in ["naive", "amst-alt", "amst-full", "pmr"] {
        assert_eq!(trained_as(method, Preset::Recommended), None, "{method}");
    }
    let page = explain("mla", &digits(), Preset::Recommended).to_string();
    assert!(page.contains("amst-alt that never skips (D19)"), "{page}");
}

#[test]
fn the_papers_data_sets_can_be_explained_without_their_data() {
    let nowhere = Path::new("no/such/folder");
    for paper in PAPER_DATASETS {
        let spec = describe_dataset(paper.name, nowhere).unwrap();
        let page = explain("amst-full", &spec, Preset::Recommended);
        assert_eq!(page.modalities, paper.modalities);
        assert!(page.refused.is_none(), "{}: {:?}", paper.name, page.refused);
    }
    let slip = describe_dataset("crema", nowhere);
    assert!(
        matches!(slip, Err(RecipeError::UnknownDataset { .. })),
        "{slip:?}"
    );
}

#[test]
fn listings_hold_everything_there_is() {
    let names = |listing: &Listing, key: &str| -> Vec<String> {
        let rows = listing.json();
        rows.as_array()
            .unwrap()
            .iter()
            .map(|row: &Value| row[key].as_str().unwrap().to_string())
            .collect()
    };
    let methods = names(&Listing::methods(built_in()), "method");
    assert_eq!(methods, built_in().names().collect::<Vec<_>>());
    assert_eq!(
        names(&Listing::presets(built_in()), "preset"),
        Preset::ALL.map(|p| p.name().to_string())
    );
    assert_eq!(
        names(&Listing::recipes().unwrap(), "recipe"),
        Grid::names().collect::<Vec<_>>()
    );
    let sets = names(&Listing::datasets(&datasets()).unwrap(), "data_set");
    for name in ["world-digits", "avt-digits", "synthetic"]
        .into_iter()
        .chain(PAPER_DATASETS.iter().map(|d| d.name))
    {
        assert_eq!(
            sets.iter().filter(|s| *s == name).count(),
            1,
            "{name} in {sets:?}"
        );
    }
}

#[test]
fn a_listing_is_aligned_under_its_headings() {
    let text = Listing::presets(built_in()).to_string();
    let lines: Vec<&str> = text.lines().collect();
    let column = lines[0].find("is").unwrap();
    assert!(lines[0].starts_with("preset  "), "{text}");
    assert!(
        lines[1].starts_with("recommended") && lines[1][column..].starts_with("this project's"),
        "{text}"
    );
    assert!(lines.iter().all(|l| l.chars().count() <= 100), "{text}");
}

#[test]
fn a_descriptor_of_one_of_the_papers_data_sets_agrees_with_the_cards() {
    for paper in PAPER_DATASETS {
        let file = datasets().join(paper.name).join("dataset.toml");
        let Ok(spec) = DatasetSpec::read(&file) else {
            continue;
        };
        if let Some(own) = spec.recipe.get("modalities") {
            assert_eq!(*own, json!(paper.modalities), "{}", paper.name);
        }
        for card in built_in().cards() {
            let Some(said) = card.datasets.get(paper.name) else {
                continue;
            };
            for section in ["skip", "mslr"] {
                agree(
                    &said[section],
                    &spec.recipe[section],
                    &format!("{} on {}", card.title, paper.name),
                );
            }
        }
    }
}

/// Where both say something they say the same.
fn agree(a: &Value, b: &Value, place: &str) {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            a.iter()
                .filter_map(|(k, v)| Some((v, b.get(k)?)))
                .for_each(|(x, y)| agree(x, y, place));
        }
        (Value::Null, _) | (_, Value::Null) => {}
        (a, b) => assert_eq!(a, b, "{place}"),
    }
}
