//! Samples that are listed, unusable, and left out with the user's consent.
//!
//! `left-out.json` beside the stores keeps the agreement, by the identity of the record that could
//! not be made: so a training run leaves out what the preparation left out, and a source that was
//! repaired or replaced comes back.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use amst_files::{hex, write_file};
use amst_recipe::Modality;
use serde::{Deserialize, Serialize};

use crate::store::key::StorePlan;
use crate::store::record_maker::FailedRecord;
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
struct MissingRecord {
    /// Identity of the record, in hexadecimal digits.
    record: String,
    modality: Modality,
    sample: String,
    why: String,
}

/// The records that may be missing, by identity.
#[derive(Default)]
pub(crate) struct AcceptedFailures(BTreeMap<String, MissingRecord>);

impl AcceptedFailures {
    /// Reads the file of a store folder; a missing or unreadable one accepts nothing.
    pub(crate) fn read(store_dir: &Path) -> Self {
        let missing: Vec<MissingRecord> = fs::read(store_dir.join(FILE))
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default();
        let missing = missing.into_iter();
        Self(missing.map(|one| (one.record.clone(), one)).collect())
    }

    pub(crate) fn add(&mut self, plan: &StorePlan, failed: Vec<FailedRecord>) {
        for FailedRecord { number, why } in failed {
            let planned = &plan.records[number];
            let record = hex::encode(planned.identity);
            let missing = MissingRecord {
                record: record.clone(),
                modality: plan.modality,
                sample: planned.sample.clone(),
                why,
            };
            self.0.insert(record, missing);
        }
    }

    pub(crate) fn write(&self, store_dir: &Path) -> Result<(), DataError> {
        let missing: Vec<_> = self.0.values().collect();
        let json = serde_json::to_vec_pretty(&missing).expect("plain data");
        Ok(write_file(&store_dir.join(FILE), json)?)
    }

    /// Removes the rows of which a record may be missing.
    pub(crate) fn leave_out<'a>(
        &self,
        rows: &mut Vec<Row>,
        plans: impl Iterator<Item = &'a StorePlan>,
    ) -> Vec<LeftOut> {
        let mut left_out: BTreeMap<usize, LeftOut> = BTreeMap::new();
        if self.0.is_empty() {
            return Vec::new();
        }
        for plan in plans {
            for (row, records) in plan.samples.iter().enumerate() {
                let missing = records
                    .iter()
                    .find_map(|&number| self.0.get(&hex::encode(plan.records[number].identity)));
                if let Some(missing) = missing {
                    left_out.entry(row).or_insert_with(|| LeftOut {
                        id: rows[row].id.clone(),
                        split: rows[row].split,
                        modality: plan.modality,
                        why: missing.why.clone(),
                    });
                }
            }
        }
        let mut row = 0;
        rows.retain(|_| {
            row += 1;
            !left_out.contains_key(&(row - 1))
        });
        left_out.into_values().collect()
    }
}
