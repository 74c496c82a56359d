//! Every method has a card, every deviation an entry, and docs/paper.md says the same.

use std::collections::BTreeSet;
use std::path::Path;

use amst::methods::built_in;
use amst::methods::mla::{MlaFusion, MlaModification, MlaSpec};
use amst::methods::mslr::{MslrSpec, MslrStrategy};
use amst::methods::naive::NaiveSpec;
use amst::methods::ogm_ge::{OgmSpec, OgmTrimodal};
use amst::methods::pmr::{PmrRule, PmrSpec, PrototypeSplit};
use amst_recipe::{
    Execution, FusionHead, JointMode, MethodCard, Modality, ModalitySchedule, PAPER_DATASETS,
    Preset, PresetCard, Recipe, RecipeError, deviations,
};
use serde_json::{Value, json};

const AV: [Modality; 2] = [Modality::Audio, Modality::Visual];

fn paper() -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/paper.md");
    std::fs::read_to_string(file).unwrap()
}

fn headings(text: &str) -> Vec<&str> {
    text.lines()
        .filter(|l| l.starts_with("##"))
        .map(|l| l.trim_start_matches('#').trim())
        .collect()
}

/// The dotted keys of nested settings.
fn leaves(value: &Value, path: &str, out: &mut Vec<String>) {
    for (key, inner) in value.as_object().expect("settings are a table") {
        let full = if path.is_empty() {
            key.clone()
        } else {
            format!("{path}.{key}")
        };
        match inner.is_object() {
            true => leaves(inner, &full, out),
            false => out.push(full),
        }
    }
}

/// Every table of settings on a card, with its place.
fn settings(card: &MethodCard) -> Vec<(String, Value)> {
    let mut all: Vec<_> = card
        .datasets
        .iter()
        .map(|(name, set)| (format!("datasets.{name}"), set.clone()))
        .collect();
    for preset in Preset::ALL {
        if let PresetCard::Settings { set, case, .. } = card.answer(preset) {
            all.push((preset.to_string(), set.clone()));
            all.extend(
                case.iter()
                    .map(|c| (format!("a case of {preset}"), c.set.clone())),
            );
        }
    }
    all
}

fn modalities(dataset: &str) -> &'static [Modality] {
    PAPER_DATASETS
        .iter()
        .find(|d| d.name == dataset)
        .expect("one of the paper's")
        .modalities
}

/// A method on one of the paper's data sets, under a preset.
fn recipe(
    method: &str,
    preset: Preset,
    dataset: &str,
    more: &[&str],
) -> Result<Recipe, RecipeError> {
    let own = match method {
        "unimodal" => json!({ "modalities": ["visual"] }),
        _ => json!({ "modalities": modalities(dataset) }),
    };
    let named = json!({ "dataset": dataset, "method": method });
    let more: Vec<String> = more.iter().map(|s| s.to_string()).collect();
    built_in().resolve_preset(&[own], preset, &[named], &more)
}

#[test]
fn deviations_are_d1_to_d22_as_docs_paper_explains_them() {
    let ids: Vec<&str> = deviations().iter().map(|d| d.id.as_str()).collect();
    assert_eq!(ids, (1..=22).map(|n| format!("D{n}")).collect::<Vec<_>>());
    let text = paper();
    let headings = headings(&text);
    for d in deviations() {
        let heading = format!("{} {}", d.id, d.title);
        assert!(
            headings.contains(&heading.as_str()),
            "docs/paper.md has no heading `{heading}`"
        );
        for (what, said) in [
            ("paper", &d.paper),
            ("code", &d.code),
            ("here", &d.here),
            ("why", &d.why),
        ] {
            assert!(
                said.ends_with('.'),
                "{}: {what} is no sentence: {said}",
                d.id
            );
        }
        for key in &d.keys {
            assert!(
                built_in().keys().contains(key),
                "{} names `{key}`, which no recipe has",
                d.id
            );
        }
        for method in d.own.keys() {
            assert!(
                d.touches(method),
                "{} has {method:?}'s own code but does not touch it",
                d.id
            );
        }
    }
}

#[test]
fn every_method_has_a_card_that_docs_paper_defines() {
    let text = paper();
    let headings = headings(&text);
    for method in built_in().names() {
        let card = built_in().card(method).unwrap();
        assert_eq!(card.name, method);
        assert!(
            card.summary
                .iter()
                .all(|line| !line.is_empty() && line.chars().count() <= 98),
            "{}",
            card.title
        );
        let heading = format!("§{} {}", card.section, card.title);
        assert!(
            headings.contains(&heading.as_str()),
            "docs/paper.md has no heading `{heading}`"
        );
    }
    let cards = built_in().cards();
    let titles: BTreeSet<_> = cards.iter().map(|card| &card.title).collect();
    assert_eq!((titles.len(), cards.len()), (12, 12));
}

#[test]
fn a_card_names_only_keys_that_exist_and_all_of_its_own_section() {
    let known = built_in().keys();
    for card in built_in().cards() {
        let named: Vec<&str> = card.parameters.iter().map(|p| p.key.as_str()).collect();
        for key in &named {
            assert!(
                known.iter().any(|k| k == key),
                "{}: no recipe has `{key}`",
                card.title
            );
        }
        assert_eq!(
            named.iter().collect::<BTreeSet<_>>().len(),
            named.len(),
            "{}: a key twice",
            card.title
        );
        let facts = built_in().find(&card.name).unwrap();
        let section = facts.settings().map(|s| format!("{}.", s.section()));
        let own = known
            .iter()
            .filter(|k| section.as_ref().is_some_and(|s| k.starts_with(s)));
        for key in own {
            assert!(
                named.contains(&key.as_str()),
                "{}: `{key}` is not among its parameters",
                card.title
            );
        }
        if facts.skips() {
            assert!(
                known
                    .iter()
                    .filter(|k| k.starts_with("skip."))
                    .all(|k| named.contains(&k.as_str()))
            );
        }
    }
}

#[test]
fn a_card_names_the_deviations_that_are_about_it() {
    for card in built_in().cards() {
        for id in &card.deviations {
            let d = deviations()
                .iter()
                .find(|d| d.id == *id)
                .unwrap_or_else(|| panic!("{}: {id}", card.title));
            assert!(
                d.touches(&card.name),
                "{}: {id} is not about it",
                card.title
            );
        }
        for d in deviations()
            .iter()
            .filter(|d| d.methods.contains(&card.name))
        {
            assert!(
                card.deviations.contains(&d.id),
                "{}: {} is about it",
                card.title,
                d.id
            );
        }
    }
}

#[test]
fn the_papers_references_are_those_of_its_own_list() {
    let number = |name: &str| built_in().card(name).unwrap().reference.number;
    let got = ["ogm-ge", "pmr", "mslr", "mla", "gradient-blending", "agm"].map(number);
    assert_eq!(got, [11, 3, 17, 18, 14, 6].map(Some));
    let others = [
        "unimodal",
        "naive",
        "amst-alt",
        "amst-joint",
        "amst-full",
        "early-stopping",
    ]
    .map(number);
    assert!(others.iter().all(Option::is_none), "{others:?}");
}

#[test]
fn a_preset_sets_only_keys_that_exist_and_never_what_is_trained_on_what() {
    let (known, fixed) = (
        built_in().keys(),
        [
            "dataset",
            "modalities",
            "method",
            "seed",
            "epochs",
            "batch_size",
            "optim.lr",
        ],
    );
    for card in built_in().cards() {
        for (place, set) in settings(card) {
            let mut named = Vec::new();
            leaves(&set, "", &mut named);
            for key in named {
                assert!(
                    known.contains(&key),
                    "{}, {place}: no recipe has `{key}`",
                    card.title
                );
                assert!(
                    !fixed.contains(&key.as_str()),
                    "{}, {place} sets `{key}`",
                    card.title
                );
            }
        }
        for name in card.datasets.keys() {
            assert!(
                PAPER_DATASETS.iter().any(|d| d.name == name),
                "{}: no data set `{name}`",
                card.title
            );
        }
    }
}

#[test]
fn every_preset_is_answered_by_a_recipe_that_can_run_or_by_a_reason() {
    for method in built_in().names() {
        for preset in Preset::ALL {
            match (
                built_in().card(method).unwrap().answer(preset),
                recipe(method, preset, "crema-d", &[]),
            ) {
                (PresetCard::Settings { changes, .. }, Ok(_)) => {
                    assert!(changes.ends_with('.'), "{changes}")
                }
                (PresetCard::Refused { refused }, Err(e @ RecipeError::NoPreset { .. })) => {
                    let message = e.to_string();
                    assert!(
                        message.contains(refused) && message.contains(method),
                        "{message}"
                    );
                    assert!(
                        message.contains(preset.name()) && refused.contains("use `"),
                        "{message}"
                    );
                }
                (_, other) => panic!("{method:?} {preset}: {other:?}"),
            }
        }
    }
}

#[test]
fn every_method_but_those_without_a_rule_runs_as_recommended_on_every_data_set_of_the_paper() {
    for method in built_in().names() {
        for dataset in PAPER_DATASETS {
            let made = recipe(method, Preset::Recommended, dataset.name, &[]);
            assert!(made.is_ok(), "{method:?} on {}: {made:?}", dataset.name);
        }
    }
}

#[test]
fn recommended_is_the_plain_recipe() {
    // Unimodal drops the projection, and MSLR has no rates of its own off the paper's data sets.
    for method in built_in().names().filter(|m| *m != "mslr") {
        let modalities = if method == "unimodal" {
            json!(["audio"])
        } else {
            json!(["audio", "visual"])
        };
        let layers = [json!({ "dataset": "mine", "method": method, "modalities": modalities })];
        let plain = built_in().resolve(&layers, &[]).unwrap();
        assert_eq!(
            built_in()
                .resolve_preset(&layers, Preset::Recommended, &[], &[])
                .unwrap(),
            plain,
            "{method:?}"
        );
    }
}

/// Table of Section 4.2: s of audio and text; s of pictures is 1 throughout.
const PAPER_SKIPS: [(&str, u32, u32); 5] = [
    ("crema-d", 5, 1),
    ("ave", 2, 1),
    ("mvsa-single", 1, 10),
    ("iemocap", 4, 10),
    ("ur-funny", 6, 10),
];

#[test]
fn skips_and_rates_on_the_papers_data_sets_are_those_of_section_4_2() {
    for (dataset, audio, text) in PAPER_SKIPS {
        for method in ["amst-alt", "amst-joint", "amst-full"] {
            let skip = recipe(method, Preset::Recommended, dataset, &[])
                .unwrap()
                .skip;
            let got = [skip.audio, skip.text, skip.visual];
            assert_eq!(
                got,
                [audio, text, 1].map(ModalitySchedule::Every),
                "{method:?} on {dataset}"
            );
        }
        let lr = recipe("mslr", Preset::Recommended, dataset, &[])
            .unwrap()
            .own::<MslrSpec>("mslr")
            .unwrap()
            .lr;
        for (modality, rate) in Modality::ALL.into_iter().zip([1e-3, 8e-5, 1e-2]) {
            let want = if modalities(dataset).contains(&modality) {
                rate
            } else {
                0.0
            };
            assert_eq!(lr.of(modality), want, "{modality} on {dataset}");
        }
    }
}

#[test]
fn a_descriptor_overrides_the_cards_own_values_for_its_data_set() {
    let own = json!({ "dataset": "crema-d", "method": "amst-alt", "skip": { "audio": 3 } });
    let recipe = built_in()
        .resolve_preset(&[own], Preset::Recommended, &[], &[])
        .unwrap();
    assert_eq!(recipe.skip.audio, ModalitySchedule::Every(3));
}

#[test]
fn published_code_is_what_that_code_does() {
    let of = |m, dataset| recipe(m, Preset::PublishedCode, dataset, &[]).unwrap();
    for method in ["amst-alt", "amst-joint", "amst-full"] {
        assert_eq!(of(method, "crema-d").skip.execution, Execution::Official);
    }
    assert_eq!(
        of("amst-full", "crema-d").joint_mode,
        JointMode::Alternating
    );
    assert_eq!(
        of("ogm-ge", "crema-d").own::<OgmSpec>("ogm").unwrap().alpha,
        0.1
    );
    assert_eq!(
        of("mslr", "crema-d")
            .own::<MslrSpec>("mslr")
            .unwrap()
            .strategy,
        MslrStrategy::Keep
    );
    assert_eq!(
        of("mslr", "iemocap")
            .own::<MslrSpec>("mslr")
            .unwrap()
            .lr
            .text,
        2e-5
    );
    let (cremad, ave) = (
        of("pmr", "crema-d").own::<PmrSpec>("pmr").unwrap(),
        of("pmr", "ave").own::<PmrSpec>("pmr").unwrap(),
    );
    assert_eq!(
        (cremad.split, cremad.fraction, cremad.rule),
        (PrototypeSplit::Train, 0.1, PmrRule::Published)
    );
    assert_eq!((ave.split, ave.fraction), (PrototypeSplit::Val, 1.0));
    let three = recipe("pmr", Preset::PublishedCode, "iemocap", &[])
        .unwrap_err()
        .to_string();
    assert!(
        three.starts_with("`pmr.rule`") && three.contains("below-mean"),
        "{three}"
    );
}

#[test]
fn paper_text_is_what_the_paper_says() {
    let of = |m| recipe(m, Preset::PaperText, "crema-d", &[]).unwrap();
    for method in ["amst-alt", "amst-joint", "amst-full"] {
        let r = of(method);
        assert_eq!(
            (r.skip.epoch_base, r.skip.execution, r.skip.recalibrate),
            (1, Execution::Fast, 0)
        );
        assert_eq!(r.joint_mode, JointMode::Joint);
    }
    for method in built_in().names() {
        if matches!(
            built_in().card(method).unwrap().answer(Preset::PaperText),
            PresetCard::Settings { .. }
        ) {
            assert_eq!(
                of(method).optim.lr_gamma,
                1.0,
                "{method:?}: the paper knows no drop"
            );
        }
    }
    assert_eq!(
        of("naive").own::<NaiveSpec>("naive").unwrap().head,
        FusionHead::SharedSum
    );
    assert_eq!(
        of("mslr").own::<MslrSpec>("mslr").unwrap().strategy,
        MslrStrategy::DynamicAmst
    );
    assert_eq!(of("ogm-ge").own::<OgmSpec>("ogm").unwrap().alpha, 0.8);
    assert_eq!(
        (
            of("pmr").own::<PmrSpec>("pmr").unwrap().alpha,
            of("pmr").own::<PmrSpec>("pmr").unwrap().momentum
        ),
        (2.0, 0.0)
    );
    let mla = of("mla").own::<MlaSpec>("mla").unwrap();
    assert_eq!(
        (mla.fusion, mla.modification),
        (MlaFusion::Even, MlaModification::Rls)
    );
}

#[test]
fn original_is_what_a_methods_own_authors_published() {
    let of = |m, dataset| recipe(m, Preset::Original, dataset, &[]).unwrap();
    assert_eq!(
        (
            of("ogm-ge", "crema-d").own::<OgmSpec>("ogm").unwrap().alpha,
            of("ogm-ge", "ave").own::<OgmSpec>("ogm").unwrap().alpha
        ),
        (0.8, 0.1)
    );
    let ogm = of("ogm-ge", "iemocap").own::<OgmSpec>("ogm").unwrap();
    assert_eq!(
        (ogm.head, ogm.trimodal),
        (FusionHead::Concat, OgmTrimodal::PairwiseMean)
    );
    assert_eq!(
        (
            of("pmr", "crema-d").own::<PmrSpec>("pmr").unwrap().alpha,
            of("pmr", "ave").own::<PmrSpec>("pmr").unwrap().fraction
        ),
        (2.0, 1.0)
    );
    let shares = of("mla", "crema-d").own::<MlaSpec>("mla").unwrap().shares;
    assert_eq!(
        (shares.audio, shares.text, shares.visual),
        (0.55, 0.0, 0.45)
    );
    let shares = of("mla", "iemocap").own::<MlaSpec>("mla").unwrap().shares;
    assert_eq!(
        (shares.audio, shares.text, shares.visual),
        (0.35, 0.4, 0.25)
    );
}

#[test]
fn a_preset_that_modalities_cannot_have_is_refused_with_those_that_can() {
    let card = built_in().card("mla").unwrap();
    let refused = card
        .preset(Preset::Original, "mine", &[Modality::Audio, Modality::Text])
        .unwrap_err()
        .to_string();
    assert!(
        refused.contains("audio and visual; text and visual")
            && refused.contains("not for audio and text")
    );
    assert!(card.preset(Preset::Original, "mine", &AV).is_ok());
}

#[test]
fn a_row_and_set_override_a_preset_and_a_preset_overrides_the_data_set() {
    let digits = json!({ "dataset": "mine", "skip": { "audio": 5, "recalibrate": 20 } });
    let row = json!({ "method": "amst-full", "skip": { "audio": 1 } });
    let of = |set: &[String]| {
        use std::slice::from_ref;
        built_in()
            .resolve_preset(from_ref(&digits), Preset::PaperText, from_ref(&row), set)
            .unwrap()
    };
    let r = of(&[]);
    assert_eq!(
        (r.skip.audio, r.skip.recalibrate, r.skip.epoch_base),
        (ModalitySchedule::Every(1), 0, 1)
    );
    assert_eq!(of(&["skip.recalibrate=7".into()]).skip.recalibrate, 7);
    // Which method's preset it is, is decided last.
    let other = of(&["method=naive".into()]);
    assert_eq!(
        (
            other.own::<NaiveSpec>("naive").unwrap().head,
            other.skip.epoch_base
        ),
        (FusionHead::SharedSum, 0)
    );
    let asked = ["method=ogm-ge".to_string()];
    let from_ref = std::slice::from_ref;
    let none = built_in()
        .resolve_preset(from_ref(&digits), Preset::Original, from_ref(&row), &asked)
        .unwrap();
    assert_eq!(none.own::<OgmSpec>("ogm").unwrap().head, FusionHead::Concat);
    assert!(matches!(
        built_in().resolve_preset(&[digits], Preset::Original, &[row], &[]),
        Err(RecipeError::NoPreset { method, .. }) if method == "amst-full"
    ));
}

#[test]
fn unknown_presets_and_methods_are_answered_with_the_nearest() {
    let message = Preset::parse("publishd-code").unwrap_err().to_string();
    assert!(
        message.contains("did you mean `published-code`?"),
        "{message}"
    );
    for preset in Preset::ALL {
        assert!(message.contains(preset.name()), "{message}");
        assert_eq!(Preset::parse(preset.name()).unwrap(), preset);
    }
    let message = built_in().card("ogm").unwrap_err().to_string();
    assert!(
        message.contains("did you mean `ogm-ge`?") && message.contains("early-stopping"),
        "{message}"
    );
    assert_eq!(built_in().card("pmr").unwrap().name, "pmr");
}
