//! Samples that are listed and cannot be used, once somebody has agreed to go without them.
//!
//! `left-out.json` beside the stores keeps the agreement, by the identity of the record that could
//! not be made: so a training run leaves out what the preparation left out, and a source that was
//! repaired or replaced comes back.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use amst_files::{hex, write_file};
use amst_recipe::Modality;
use serde::{Deserialize, Serialize};

use crate::store::key::Plan;
use crate::store::line::Bad;
use crate::{DataError, Row, SplitName};

/// The file's name.
const FILE: &str = "left-out.json";

/// A sample that is listed and left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// Its name.
    pub id: String,
    /// The split it is missing in.
    pub split: SplitName,
    /// The modality of which nothing could be made, the first of several.
    pub modality: Modality,
    /// Why.
    pub why: String,
}

/// A record that cannot be made, and may be missing.
#[derive(Clone, Serialize, Deserialize)]
struct Agreed {
    /// Identity of the record, in hexadecimal digits.
    record: String,
    modality: Modality,
    sample: String,
    why: String,
}

/// What may be missing.
#[derive(Default)]
pub(super) struct Accepted(BTreeMap<String, Agreed>);

impl Accepted {
    /// Reads the file of a store folder; a missing or unreadable one agrees to nothing.
    pub(super) fn open(store_dir: &Path) -> Self {
        let read = fs::read(store_dir.join(FILE)).ok();
        let agreed: Vec<Agreed> = read
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default();
        Self(
            agreed
                .into_iter()
                .map(|one| (one.record.clone(), one))
                .collect(),
        )
    }

    /// Agrees to go without these.
    pub(super) fn add(&mut self, plan: &Plan, bad: Vec<Bad>) {
        for Bad { source, why } in bad {
            let source = &plan.sources[source];
            let record = hex::encode(source.identity);
            let one = Agreed {
                record: record.clone(),
                modality: plan.modality,
                sample: source.of.clone(),
                why,
            };
            self.0.insert(record, one);
        }
    }

    /// Writes the file.
    pub(super) fn keep(&self, store_dir: &Path) -> Result<(), DataError> {
        let agreed: Vec<_> = self.0.values().collect();
        let text = serde_json::to_vec_pretty(&agreed).expect("plain data");
        Ok(write_file(&store_dir.join(FILE), text)?)
    }

    /// Takes the rows out of which a record may be missing.
    pub(super) fn leave_out<'a>(
        &self,
        rows: &mut Vec<Row>,
        plans: impl Iterator<Item = &'a Plan>,
    ) -> Vec<LeftOut> {
        if self.0.is_empty() {
            return Vec::new();
        }
        let mut gone: BTreeMap<usize, LeftOut> = BTreeMap::new();
        for plan in plans {
            for (row, sources) in plan.samples.iter().enumerate() {
                let agreed = sources
                    .iter()
                    .find_map(|source| self.0.get(&hex::encode(plan.sources[*source].identity)));
                if let Some(agreed) = agreed {
                    gone.entry(row).or_insert_with(|| LeftOut {
                        id: rows[row].id.clone(),
                        split: rows[row].split,
                        modality: plan.modality,
                        why: agreed.why.clone(),
                    });
                }
            }
        }
        let numbers: BTreeSet<usize> = gone.keys().copied().collect();
        let mut at = 0;
        rows.retain(|_| {
            at += 1;
            !numbers.contains(&(at - 1))
        });
        gone.into_values().collect()
    }
}
