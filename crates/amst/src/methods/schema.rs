//! The JSON Schema of a descriptor, for editors: `datasets/dataset.schema.json` is what the types
//! say.

use std::path::{Path, PathBuf};

use amst_recipe::DatasetSpec;
use schemars::{Schema, schema_for};
use serde_json::{Map, Value};

use super::{agm, built_in, early_stopping, gradient_blending, mla, mslr, naive, ogm_ge, pmr};

fn datasets() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../datasets")
}

fn committed() -> Value {
    let text = std::fs::read_to_string(datasets().join("dataset.schema.json"))
        .expect("the schema is checked in");
    serde_json::from_str(&text).expect("it is JSON")
}

/// The settings of every method that has some, by section.
fn sections() -> [(&'static str, Schema); 8] {
    [
        ("naive", schema_for!(naive::NaiveSpec)),
        ("ogm", schema_for!(ogm_ge::OgmSpec)),
        ("pmr", schema_for!(pmr::PmrSpec)),
        ("mslr", schema_for!(mslr::MslrSpec)),
        ("mla", schema_for!(mla::MlaSpec)),
        ("blending", schema_for!(gradient_blending::BlendingSpec)),
        ("agm", schema_for!(agm::AgmSpec)),
        ("stopping", schema_for!(early_stopping::StoppingSpec)),
    ]
}

/// What the types say: the descriptor's, whose recipe knows no method, and the methods'.
fn composed() -> Value {
    let mut schema = schema_for!(DatasetSpec).to_value();
    schema["title"] = "dataset.toml".into();
    let usual = built_in().defaults();
    for (section, of_section) in sections() {
        let mut own = of_section.to_value();
        let parts = own.as_object_mut().expect("an object");
        parts.remove("$schema");
        let name = parts.remove("title").expect("the type's name");
        let inner = parts.remove("$defs").unwrap_or(Value::Object(Map::new()));
        let defs = schema["$defs"].as_object_mut().expect("definitions");
        defs.extend(inner.as_object().expect("definitions").clone());
        let name = name.as_str().expect("a word");
        defs.insert(name.into(), own);
        let owner = built_in()
            .owner(section)
            .expect("a method's section")
            .name();
        schema["$defs"]["Recipe"]["properties"][section] = serde_json::json!({
            "$ref": format!("#/$defs/{name}"),
            "description": format!("Settings of `{owner}`."),
            "default": usual.methods.get(section).expect("a section").to_value(),
        });
    }
    let methods = built_in().cards().iter().map(|card| {
        serde_json::json!({
            "const": card.name, "type": "string", "description": card.summary[0],
        })
    });
    schema["$defs"]["MethodName"] = serde_json::json!({
        "description": "The systems that can be trained.",
        "oneOf": methods.collect::<Vec<_>>(),
    });
    let recipe = &mut schema["$defs"]["Recipe"];
    recipe["properties"]["method"]["default"] = usual.method.name().into();
    recipe["properties"]["by_method"] = serde_json::json!({
        "type": "object",
        "description": "Settings for one method each, in a section of its name; they follow the others.",
        "additionalProperties": { "$ref": "#/$defs/Recipe" },
    });
    recipe["additionalProperties"] = false.into();
    schema
}

/// `AMST_UPDATE_SCHEMA=1 cargo test -p amst --lib is_current` writes it anew.
#[test]
fn the_schema_that_is_checked_in_is_current() {
    let schema = composed();
    if std::env::var_os("AMST_UPDATE_SCHEMA").is_some() {
        let text = serde_json::to_string_pretty(&schema).unwrap() + "\n";
        std::fs::write(datasets().join("dataset.schema.json"), text).unwrap();
    }
    let same = committed() == schema;
    assert!(
        same,
        "datasets/dataset.schema.json is not what the types say: AMST_UPDATE_SCHEMA=1 writes it"
    );
}

#[test]
fn the_schema_knows_every_key_and_refuses_others() {
    let schema = committed();
    assert_eq!(schema["additionalProperties"], false);
    let spec = serde_json::to_value(DatasetSpec::default()).unwrap();
    for key in spec
        .as_object()
        .unwrap()
        .keys()
        .chain([&"lists".into(), &"samples".into()])
    {
        assert!(schema["properties"][key].is_object(), "{key}");
    }
    let recipe = &schema["$defs"]["Recipe"];
    for key in built_in().keys() {
        let first = key.split('.').next().unwrap();
        assert!(recipe["properties"][first].is_object(), "{key}");
    }
}

#[test]
fn every_descriptor_is_valid_and_a_changed_one_is_not() {
    let schema = committed();
    let paper = ["crema-d", "ave", "mvsa-single", "iemocap", "ur-funny"];
    for name in paper
        .into_iter()
        .chain(["spoken-digits", "world-digits", "avt-digits"])
    {
        let text = std::fs::read_to_string(datasets().join(name).join("dataset.toml")).unwrap();
        let descriptor: Value = toml::from_str(&text).unwrap();
        assert_eq!(
            faults(&schema, &schema, &descriptor, name),
            Vec::<String>::new()
        );
        for (key, value) in [
            ("titel", "x".into()),
            ("classes", 3.into()),
            ("layout", "crema".into()),
        ] {
            let mut changed = descriptor.clone();
            changed[key] = value;
            assert!(
                !faults(&schema, &schema, &changed, name).is_empty(),
                "{name}: {key}"
            );
        }
        let mut changed = descriptor.clone();
        changed["recipe"]["skip"]["adio"] = 3.into();
        assert!(
            !faults(&schema, &schema, &changed, name).is_empty(),
            "{name}: skip.adio"
        );
        let mut without = descriptor.clone();
        without.as_object_mut().unwrap().remove("title");
        assert!(
            !faults(&schema, &schema, &without, name).is_empty(),
            "{name} without a title"
        );
    }
}

/// What a schema finds wrong with a value. Knows the words that `schemars` writes for our types and
/// fails at others.
fn faults(root: &Value, schema: &Value, value: &Value, place: &str) -> Vec<String> {
    let Some(words) = schema.as_object() else {
        return if schema == false {
            vec![format!("{place}: not allowed")]
        } else {
            Vec::new()
        };
    };
    words
        .iter()
        .flat_map(|(word, says)| word_faults(root, words, (word, says), value, place))
        .collect()
}

fn word_faults(
    root: &Value,
    words: &serde_json::Map<String, Value>,
    (word, says): (&str, &Value),
    value: &Value,
    place: &str,
) -> Vec<String> {
    let check = |holds: bool| {
        if holds {
            Vec::new()
        } else {
            vec![format!("{place}: {word} {says}, not {value}")]
        }
    };
    let within = |schema: &Value, value: &Value, key: &str| {
        faults(root, schema, value, &format!("{place}.{key}"))
    };
    let fields = || value.as_object().into_iter().flatten();
    match word {
        "$ref" => {
            let named = root
                .pointer(says.as_str().unwrap().trim_start_matches('#'))
                .expect("a definition");
            faults(root, named, value, place)
        }
        "type" => check(
            is_of(says, value)
                || says
                    .as_array()
                    .into_iter()
                    .flatten()
                    .any(|of| is_of(of, value)),
        ),
        "enum" => check(says.as_array().unwrap().contains(value)),
        "const" => check(says == value),
        "minimum" => check(
            value
                .as_f64()
                .is_none_or(|number| number >= says.as_f64().unwrap()),
        ),
        "maximum" => check(
            value
                .as_f64()
                .is_none_or(|number| number <= says.as_f64().unwrap()),
        ),
        "anyOf" | "oneOf" => {
            let valid = |schema: &&Value| faults(root, schema, value, place).is_empty();
            check(says.as_array().unwrap().iter().any(|schema| valid(&schema)))
        }
        "required" => {
            let there = |key: &Value| value.get(key.as_str().unwrap()).is_some();
            check(!value.is_object() || says.as_array().unwrap().iter().all(there))
        }
        "properties" => fields()
            .flat_map(|(key, of)| says.get(key).map_or(Vec::new(), |s| within(s, of, key)))
            .collect(),
        "additionalProperties" => {
            let known = |key: &String| {
                words
                    .get("properties")
                    .is_some_and(|all| all.get(key).is_some())
            };
            fields()
                .filter(|(key, _)| !known(key))
                .flat_map(|(key, of)| within(says, of, key))
                .collect()
        }
        "items" => value
            .as_array()
            .into_iter()
            .flatten()
            .flat_map(|of| within(says, of, "[]"))
            .collect(),
        "minItems" => check(
            value
                .as_array()
                .is_none_or(|all| all.len() as u64 >= says.as_u64().unwrap()),
        ),
        "maxItems" => check(
            value
                .as_array()
                .is_none_or(|all| all.len() as u64 <= says.as_u64().unwrap()),
        ),
        "$schema" | "$defs" | "title" | "description" | "default" | "format" => Vec::new(),
        other => panic!("a word that this test does not know: {other}"),
    }
}

fn is_of(name: &Value, value: &Value) -> bool {
    match name.as_str() {
        Some("null") => value.is_null(),
        Some("boolean") => value.is_boolean(),
        Some("number") => value.is_number(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("string") => value.is_string(),
        Some("array") => value.is_array(),
        Some("object") => value.is_object(),
        _ => false,
    }
}
