//! The tables that a published log prints, line by line.

use std::collections::BTreeMap;

use amst_recipe::Modality;

use super::{PrintedBest, WEIGHTED};
use crate::EpochMetrics;
use crate::outputs::{FUSED, MODULES};

/// What the rows of a table are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TableKind {
    /// The fused output, those of the modalities, and those of modules.
    Outputs,
    /// Linear probes on detached embeddings.
    Probes,
    /// Classification by the nearest prototype.
    Prototypes,
    /// Fused outputs with other weights of the modalities. Their losses are not measured.
    Weightings,
    /// The best epoch of each weighting.
    Best,
}

/// A table of which some lines were read.
#[derive(Clone, Debug)]
pub(super) struct PrintedTable {
    pub kind: TableKind,
    /// Lines `+----+` so far; the third ends it.
    borders: usize,
    /// Rows of metrics by output.
    pub rows: BTreeMap<String, EpochMetrics>,
    /// Rows of [`TableKind::Best`].
    pub best: Vec<PrintedBest>,
}

impl PrintedTable {
    /// The table below a title.
    pub fn below(title: &str) -> Option<Self> {
        let kind = match title {
            "Fusion, and each modality acc:" => TableKind::Outputs,
            "Helper acc:" => TableKind::Probes,
            "Prototypical classification acc:" => TableKind::Prototypes,
            "Weighted fusion classification acc:" => TableKind::Weightings,
            _ => return None,
        };
        Some(Self::of(kind))
    }

    /// One without a title.
    pub fn of(kind: TableKind) -> Self {
        Self {
            kind,
            borders: 0,
            rows: BTreeMap::new(),
            best: Vec::new(),
        }
    }

    /// Takes a line. An error is the reason.
    pub fn take(&mut self, line: &str) -> Result<(), String> {
        if is_border(line) {
            self.borders += 1;
            let is_empty = self.rows.is_empty() && self.best.is_empty();
            if self.is_whole() && is_empty {
                return Err("the table has no rows".into());
            }
            return Ok(());
        }
        let cells = cells(line).ok_or("this is no line of a table")?;
        match (self.borders, self.kind) {
            (1, TableKind::Best) => heading(&cells, &["F method", "Val Acc", "Test Acc", "Epoch"]),
            (1, _) => heading(&cells, &["Metric", "Loss", "Accuracy", "Pred Confidence"]),
            (2, TableKind::Best) => self.take_best(&cells),
            (2, _) => self.take_metrics(&cells),
            _ => Err("a row outside of the table's lines `+---+`".into()),
        }
    }

    /// Whether its last line was read.
    pub fn is_whole(&self) -> bool {
        self.borders == 3
    }

    fn take_metrics(&mut self, cells: &[&str]) -> Result<(), String> {
        let [name, loss, accuracy, confidence] = cells else {
            return Err(format!(
                "the row has {} cells, its table has 4",
                cells.len()
            ));
        };
        let output = output(self.kind, name)
            .ok_or_else(|| format!("`{name}` is no output that is known in this table"))?;
        let metrics = EpochMetrics {
            loss: finite(loss)?.filter(|_| self.kind != TableKind::Weightings),
            accuracy: share(accuracy)?,
            confidence: share(confidence)?,
            entropy: None,
        };
        match self.rows.insert(output, metrics) {
            None => Ok(()),
            Some(_) => Err(format!("the row `{name}` is there twice")),
        }
    }

    fn take_best(&mut self, cells: &[&str]) -> Result<(), String> {
        let [name, validation, test, epoch] = cells else {
            return Err(format!(
                "the row has {} cells, its table has 4",
                cells.len()
            ));
        };
        self.best.push(PrintedBest {
            selected_by: format!("{WEIGHTED}{name}"),
            epoch: whole(epoch)?,
            validation: share(validation)?.ok_or("the validation accuracy is not finite")?,
            test: share(test)?,
        });
        Ok(())
    }
}

/// Whether a line is `+----+---+`.
pub(super) fn is_border(line: &str) -> bool {
    line.len() > 2
        && line.starts_with('+')
        && line.ends_with('+')
        && line.chars().all(|c| c == '+' || c == '-')
}

/// The cells of `| a | b |`.
fn cells(line: &str) -> Option<Vec<&str>> {
    let inner = line.strip_prefix('|')?.strip_suffix('|')?;
    Some(inner.split('|').map(str::trim).collect())
}

fn heading(cells: &[&str], expected: &[&str]) -> Result<(), String> {
    if cells == expected {
        return Ok(());
    }
    Err(format!(
        "the table's heading is not {}",
        expected.join(", ")
    ))
}

/// Our name of a row.
fn output(kind: TableKind, name: &str) -> Option<String> {
    match kind {
        TableKind::Outputs => match name {
            "f" => Some(FUSED.into()),
            _ if MODULES.contains(&name) => Some(format!("{name}.{FUSED}")),
            _ => of_module(name, ""),
        },
        TableKind::Probes => of_module(name.strip_suffix("_h").unwrap_or(name), "probe."),
        TableKind::Prototypes => letter(name).map(|modality| format!("prototype.{modality}")),
        TableKind::Weightings => {
            let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let is_name = !name.is_empty() && name.chars().all(is_word);
            is_name.then(|| format!("{WEIGHTED}{name}"))
        }
        TableKind::Best => None,
    }
}

/// `a` and `alt_a`.
fn of_module(name: &str, kind: &str) -> Option<String> {
    let Some((module, modality)) = name.split_once('_') else {
        return Some(format!("{kind}{}", letter(name)?));
    };
    let modality = letter(modality)?;
    let is_module = MODULES.contains(&module);
    is_module.then(|| format!("{module}.{kind}{modality}"))
}

fn letter(letter: &str) -> Option<Modality> {
    Modality::ALL.into_iter().find(|m| m.letter() == letter)
}

/// A number; `None` where it is `nan` or `inf`.
pub(super) fn finite(text: &str) -> Result<Option<f64>, String> {
    let number: f64 = text.parse().map_err(|_| format!("`{text}` is no number"))?;
    Ok(number.is_finite().then_some(number))
}

/// A number of 0 to 1.
pub(super) fn share(text: &str) -> Result<Option<f64>, String> {
    let number = finite(text)?;
    if number.is_some_and(|number| !(0.0..=1.0).contains(&number)) {
        return Err(format!("`{text}` is not in 0..1"));
    }
    Ok(number)
}

/// A whole number.
pub(super) fn whole(text: &str) -> Result<usize, String> {
    text.parse()
        .map_err(|_| format!("`{text}` is no whole number"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_get_the_names_of_our_outputs() {
        for (kind, printed, ours) in [
            (TableKind::Outputs, "f", Some("fused")),
            (TableKind::Outputs, "t", Some("text")),
            (TableKind::Outputs, "joint", Some("joint.fused")),
            (TableKind::Outputs, "alt_v", Some("alt.visual")),
            (TableKind::Outputs, "audio", None),
            (TableKind::Outputs, "else_v", None),
            (TableKind::Probes, "a", Some("probe.audio")),
            (TableKind::Probes, "alt_a_h", Some("alt.probe.audio")),
            (TableKind::Prototypes, "v", Some("prototype.visual")),
            (TableKind::Weightings, "a30_v70", Some("weighted.a30_v70")),
            (TableKind::Weightings, "a 30", None),
        ] {
            assert_eq!(output(kind, printed).as_deref(), ours, "{printed}");
        }
    }

    #[test]
    fn a_row_belongs_between_the_second_and_the_third_border() {
        let mut table = PrintedTable::of(TableKind::Outputs);
        let row = "|   f    | 1.664 |  0.301   |      0.279      |";
        assert!(table.take(row).is_err());
        table.take("+---+---+").unwrap();
        assert!(table.take(row).unwrap_err().contains("heading"));
        table
            .take("| Metric |  Loss | Accuracy | Pred Confidence |")
            .unwrap();
        table.take("+---+---+").unwrap();
        table.take(row).unwrap();
        assert!(table.take(row).unwrap_err().contains("twice"));
        assert!(table.take("| a | nan | 1.5 | 0 |").is_err());
        table.take("|   a    |  nan  |  0.5   |  0.25  |").unwrap();
        assert_eq!(table.rows["audio"].loss, None);
        table.take("+---+---+").unwrap();
        assert!(table.is_whole());
    }
}
