//! JSON: everything at full precision, with each seed's value and where it came from.

use crate::{Exporter, Table};

/// Version of the layout of `table.json`.
pub const TABLE_SCHEMA: u32 = 1;

/// The table for machines.
#[derive(Clone, Copy, Debug, Default)]
pub struct Json;

impl Exporter for Json {
    fn extension(&self) -> &'static str {
        "json"
    }

    fn export(&self, table: &Table) -> String {
        let mut value = serde_json::to_value(table).expect("a table is plain data");
        value["schema"] = TABLE_SCHEMA.into();
        format!("{value:#}\n")
    }
}
