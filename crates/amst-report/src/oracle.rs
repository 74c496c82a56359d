//! Expected values from scipy and numpy, for tests: tests/fixtures/significance/make.py.

use std::sync::OnceLock;

use serde_json::Value;

pub(crate) fn oracle() -> &'static Value {
    static EXPECTED: OnceLock<Value> = OnceLock::new();
    let text = include_str!("../tests/fixtures/significance/expected.json");
    EXPECTED.get_or_init(|| serde_json::from_str(text).unwrap())
}
