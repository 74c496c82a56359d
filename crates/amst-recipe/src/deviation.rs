//! D1 to D22: where paper and published code leave a choice.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use crate::MethodName;

/// One named deviation. docs/paper.md explains it under the same id and title.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deviation {
    /// `D1` to `D22`.
    pub id: String,
    /// What it is about.
    pub title: String,
    /// What the AMST paper says.
    pub paper: String,
    /// What the published AMST code does.
    pub code: String,
    /// What a compared method's own authors published, by method.
    #[serde(default)]
    pub own: BTreeMap<MethodName, String>,
    /// What is done here.
    pub here: String,
    /// The reason.
    pub why: String,
    /// The methods that it touches; empty for all.
    pub methods: Vec<MethodName>,
    /// The settings that switch it; empty where there is nothing to switch.
    pub keys: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    deviation: Vec<Deviation>,
}

/// All of them, in order.
pub fn deviations() -> &'static [Deviation] {
    static ALL: OnceLock<Vec<Deviation>> = OnceLock::new();
    ALL.get_or_init(|| {
        let file: File =
            toml::from_str(include_str!("../data/deviations.toml")).expect("a test reads it");
        file.deviation
    })
}

impl Deviation {
    /// The one of an id.
    pub fn of(id: &str) -> Option<&'static Deviation> {
        deviations().iter().find(|d| d.id == id)
    }

    /// Whether it changes anything for a method.
    pub fn touches(&self, method: &MethodName) -> bool {
        self.methods.is_empty() || self.methods.contains(method)
    }
}
