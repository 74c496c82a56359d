//! Where paper and published code leave a choice that touches these runs.

use std::collections::BTreeSet;

use amst_figures::RunLog;
use amst_recipe::{MethodName, deviations};
use serde::Serialize;

/// A deviation that touches a method of the report.
#[derive(Clone, Debug, Serialize)]
pub struct DeviationRow {
    /// `D1` to `D22`.
    pub id: String,
    /// What it is about.
    pub title: String,
    /// What is done here.
    pub here: String,
    /// The reason, in a line.
    pub why: String,
    /// The methods of these runs that it touches.
    pub methods: Vec<String>,
}

pub(crate) fn deviation_rows(runs: &[&RunLog]) -> Vec<DeviationRow> {
    let mut methods: BTreeSet<&MethodName> = BTreeSet::new();
    for run in runs {
        methods.insert(run.method());
        methods.insert(&run.recipe.method);
    }
    let mut rows = Vec::new();
    for deviation in deviations() {
        let touched = methods.iter().filter(|method| deviation.touches(method));
        let touched: Vec<String> = touched.map(|method| method.to_string()).collect();
        if !touched.is_empty() {
            rows.push(DeviationRow {
                id: deviation.id.clone(),
                title: deviation.title.clone(),
                here: deviation.here.clone(),
                why: deviation.why.clone(),
                methods: touched,
            });
        }
    }
    rows
}
