use crate::Table;

/// A format that tables are written in.
pub trait Exporter {
    /// Name of the file, without its ending.
    fn stem(&self) -> &'static str {
        "table"
    }

    /// Ending of the file, without the dot.
    fn extension(&self) -> &'static str;

    /// The whole table, with its notes, ending in a newline.
    fn export(&self, table: &Table) -> String;
}
