//! Settings of methods, as a recipe holds them without knowing the methods.

use std::fmt;

use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// Settings by name, in the order in which their type declares them, so that a recipe is written to
/// files as if the type were part of it. Equal in any order.
#[derive(Clone, Debug, Default)]
pub struct Section(Vec<(String, Entry)>);

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum Entry {
    Section(Section),
    Value(Value),
}

impl Section {
    /// The settings of a struct.
    ///
    /// # Panics
    ///
    /// When it is not written as an object.
    pub fn from_settings(settings: &impl Serialize) -> Self {
        // Through text: a `Value` would sort the keys.
        let text = serde_json::to_string(settings).expect("settings are plain data");
        serde_json::from_str(&text).expect("settings are a struct")
    }

    /// The settings as their type.
    ///
    /// # Errors
    ///
    /// A key that the type lacks, a value that does not fit.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_value(self.to_value())
    }

    /// The section of a name within this one.
    pub fn get(&self, name: &str) -> Option<&Section> {
        self.0.iter().find_map(|(key, entry)| match entry {
            Entry::Section(section) if key == name => Some(section),
            _ => None,
        })
    }

    /// Adds a section or replaces the one of its name.
    pub fn set(&mut self, name: &str, section: Section) {
        let entry = Entry::Section(section);
        match self.0.iter_mut().find(|(key, _)| key == name) {
            Some(there) => there.1 = entry,
            None => self.0.push((name.into(), entry)),
        }
    }

    /// As JSON, in the order of `serde_json`.
    pub fn to_value(&self) -> Value {
        serde_json::to_value(self).expect("settings are plain data")
    }
}

impl PartialEq for Section {
    fn eq(&self, other: &Self) -> bool {
        self.to_value() == other.to_value()
    }
}

impl Serialize for Section {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, entry)| (key, entry)))
    }
}

impl<'de> Deserialize<'de> for Section {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Section;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a section of settings")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Section, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Section(entries))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_keeps_the_order_it_was_written_in_and_compares_without_it() {
        let text = r#"{"z":1,"b":{"y":0.5,"a":[1,2]},"a":"word"}"#;
        let section: Section = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&section).unwrap(), text);
        let sorted: Section = serde_json::from_value(section.to_value()).unwrap();
        assert_eq!(section, sorted);
        assert_eq!(section.get("b").unwrap().to_value()["y"], 0.5);
        assert!(section.get("z").is_none(), "a number is no section");
    }
}
