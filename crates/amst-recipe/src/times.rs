//! Table 3: systems that are timed, and the seconds that the paper printed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{MethodName, RecipeError};

/// The table's name on the command line.
pub const TIMES: &str = "table3";

const TABLE: &str = include_str!("../recipes/table3.toml");

/// The table of times.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimesTable {
    /// The caption.
    pub title: String,
    /// The rows; the first is the one that the others are compared with.
    pub system: Vec<TimedSystem>,
}

/// A row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimedSystem {
    /// What it is called on the command line.
    pub id: String,
    /// Its name in the table.
    pub name: String,
    /// What is trained.
    pub method: MethodName,
    /// Seconds an epoch in the paper, by data set.
    pub published: BTreeMap<String, f64>,
}

impl TimesTable {
    /// The paper's.
    ///
    /// # Errors
    ///
    /// None of a program that passes its tests.
    pub fn read() -> Result<Self, RecipeError> {
        toml::from_str(TABLE).map_err(|e| RecipeError::Descriptor {
            file: "recipes/table3.toml".into(),
            why: e.to_string(),
        })
    }

    /// The rows of these ids, in the table's order; all of them if none is named.
    ///
    /// # Errors
    ///
    /// [`RecipeError::UnknownExperiment`], with the ids there are.
    pub fn rows(&self, ids: &[String]) -> Result<Vec<&TimedSystem>, RecipeError> {
        let known = || self.system.iter().map(|s| s.id.as_str());
        if let Some(id) = ids.iter().find(|id| known().all(|k| k != id.as_str())) {
            let known = known().collect::<Vec<_>>().join(", ");
            return Err(RecipeError::UnknownExperiment {
                recipe: TIMES.into(),
                id: id.clone(),
                known,
            });
        }
        Ok(self
            .system
            .iter()
            .filter(|s| ids.is_empty() || ids.contains(&s.id))
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_percentages_are_those_of_the_published_seconds() {
        let table = TimesTable::read().unwrap();
        let of = |id: &str, data: &str| {
            table
                .system
                .iter()
                .find(|s| s.id == id)
                .and_then(|s| s.published.get(data))
                .copied()
                .unwrap()
        };
        let saved =
            |id: &str, data: &str| (100.0 * (1.0 - of(id, data) / of("naive", data))).round();
        // As the paper prints them: (+ 24 %) and so on.
        assert_eq!(
            ["crema-d", "ave", "mvsa-single", "iemocap", "ur-funny"].map(|d| saved("amst-alt", d)),
            [24.0, 13.0, 38.0, 29.0, 36.0]
        );
        assert_eq!(saved("amst-joint", "crema-d"), 28.0);
        assert_eq!(
            ["crema-d", "ave"].map(|d| saved("amst-full", d)),
            [-24.0, -20.0]
        );
    }

    #[test]
    fn rows_come_in_the_tables_order_and_a_slip_is_named() {
        let table = TimesTable::read().unwrap();
        let ids = |asked: &[&str]| {
            let asked: Vec<String> = asked.iter().map(|id| id.to_string()).collect();
            table
                .rows(&asked)
                .map(|rows| rows.iter().map(|r| r.id.clone()).collect::<Vec<_>>())
        };
        assert_eq!(
            ids(&["amst-full", "naive"]).unwrap(),
            ["naive", "amst-full"]
        );
        assert_eq!(ids(&[]).unwrap().len(), 8);
        assert!(
            ids(&["amst-ful"])
                .unwrap_err()
                .to_string()
                .contains("amst-full")
        );
    }
}
